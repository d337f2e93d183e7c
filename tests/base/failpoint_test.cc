#include "base/failpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "support/status_matchers.h"

namespace verdict::base {
namespace {

using ::testing::HasSubstr;
using verdict::testing::IsOk;
using verdict::testing::StatusIs;

class FailpointTest : public ::testing::Test {
 protected:
  void TearDown() override { ASSERT_THAT(ArmFailpoints("", ""), IsOk()); }
};

int Errors(const char* name, int calls) {
  int errors = 0;
  for (int i = 0; i < calls; ++i) errors += Failpoint(name).ok() ? 0 : 1;
  return errors;
}

TEST_F(FailpointTest, DoesNothingWhileNothingIsArmed) { EXPECT_EQ(Errors("a", 100), 0); }

TEST_F(FailpointTest, FailsAboutAsOftenAsAskedAndOnlyThere) {
  ASSERT_THAT(ArmFailpoints("a=error:0.25:7", ""), IsOk());
  const int errors = Errors("a", 4000);
  EXPECT_GT(errors, 800);
  EXPECT_LT(errors, 1200);
  EXPECT_EQ(Errors("b", 100), 0);
}

TEST_F(FailpointTest, OneSeedGivesOneSequence) {
  std::string first, second;
  for (std::string* draws : {&first, &second}) {
    ASSERT_THAT(ArmFailpoints("a=error:0.5:3,b=error:1:1", ""), IsOk());
    for (int i = 0; i < 64; ++i) draws->push_back(Failpoint("a").ok() ? '.' : 'x');
  }
  EXPECT_EQ(first, second);
  EXPECT_THAT(first, HasSubstr("x"));
}

TEST_F(FailpointTest, RefusesWhatItCannotReadAndSaysHowToWriteIt) {
  for (const char* bad : {"a", "a=kill", "a=kill:2:1", "a=kill:0.5", "a=maybe:0.5:1", "=kill:0.5:1",
                          "a=kill:x:1", "a=kill:0.5:x"}) {
    EXPECT_THAT(ArmFailpoints(bad, ""),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("probability:seed")))
        << bad;
  }
}

TEST_F(FailpointTest, AKillLeavesItsNameInTheLog) {
  char folder[] = "/tmp/failpoint_testXXXXXX";
  ASSERT_NE(mkdtemp(folder), nullptr);
  const std::string log = std::string(folder) + "/log";
  EXPECT_EXIT(
      {
        if (!ArmFailpoints("x.y=kill:1:1", log).ok()) std::_Exit(3);
        FAILPOINT("x.y");
      },
      ::testing::KilledBySignal(SIGKILL), "");
  std::ifstream file(log);
  std::string name;
  ASSERT_TRUE(std::getline(file, name));
  EXPECT_EQ(name, "x.y");
  std::remove(log.c_str());
  std::remove(folder);
}

}  // namespace
}  // namespace verdict::base
