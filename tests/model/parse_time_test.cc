// Times as people and files write them, and what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/business_day.h"
#include "support/status_matchers.h"

namespace verdict::model {
namespace {

using ::testing::HasSubstr;
using verdict::testing::StatusIs;

std::string Parsed(std::string_view text) {
  const auto time_ms = ParseTimeMs(text);
  return time_ms.ok() ? FormatTimeMs(*time_ms) : "refused";
}

TEST(ParseTimeMs, ReadsTimesWithAndWithoutZone) {
  EXPECT_EQ(Parsed("2018-04-01T00:00:31"), "2018-04-01T00:00:31.000Z");
  EXPECT_EQ(Parsed("2018-04-01 00:00:31"), "2018-04-01T00:00:31.000Z");
  EXPECT_EQ(Parsed("2018-04-01t00:00:31z"), "2018-04-01T00:00:31.000Z");
  EXPECT_EQ(Parsed("2018-04-01T00:00:31Z"), "2018-04-01T00:00:31.000Z");
  EXPECT_EQ(Parsed("2018-04-01T00:00:31+02:00"), "2018-03-31T22:00:31.000Z");
  EXPECT_EQ(Parsed("2018-04-01T00:00:31-0330"), "2018-04-01T03:30:31.000Z");
  EXPECT_EQ(Parsed("2018-04-01 08:15"), "2018-04-01T08:15:00.000Z");
  EXPECT_EQ(Parsed("2018-04-01"), "2018-04-01T00:00:00.000Z");
  EXPECT_EQ(Parsed("2020-02-29"), "2020-02-29T00:00:00.000Z");
}

TEST(ParseTimeMs, ReadsFractionsToTheMillisecond) {
  EXPECT_EQ(Parsed("2018-04-01T00:00:31.2"), "2018-04-01T00:00:31.200Z");
  EXPECT_EQ(Parsed("2018-04-01T00:00:31.025+01:00"), "2018-03-31T23:00:31.025Z");
  EXPECT_EQ(Parsed("2018-04-01T00:00:31.999999999Z"), "2018-04-01T00:00:31.999Z");
  EXPECT_EQ(Parsed("1969-12-31T23:59:59.5Z"), "1969-12-31T23:59:59.500Z");
}

TEST(ParseTimeMs, ReadsBackWhatFormatTimeMsWrites) {
  for (const int64_t ms :
       {int64_t{0}, int64_t{-1}, int64_t{1'554'020'100'250}, int64_t{4'102'444'799'999}}) {
    EXPECT_EQ(*ParseTimeMs(FormatTimeMs(ms)), ms);
  }
}

TEST(ParseTimeMs, RefusesWhatIsNoTime) {
  for (const char* text : {"",
                           "x",
                           "2018",
                           "2018-4-1",
                           "2018-13-01",
                           "2018-00-01",
                           "2018-04-00",
                           "2018-04-31",
                           "2019-02-29",
                           "2018-04-01T",
                           "2018-04-01T24:00:00",
                           "2018-04-01T00:60:00",
                           "2018-04-01T00:00:60",
                           "2018-04-01T00:00:31.",
                           "2018-04-01T00:00:31.1234567890",
                           "2018-04-01T00:00:31+2",
                           "2018-04-01T00:00:31+24:00",
                           "2018-04-01T00:00:31ZZ",
                           "2018-04-01T00:00:31 ",
                           " 2018-04-01",
                           "2018-04-01T1:00:00",
                           "20180401",
                           "1554020100",
                           "+018-04-01",
                           "2018-04-01T-1:00:00",
                           "2018-04-01Z"}) {
    EXPECT_EQ(Parsed(text), "refused") << text;
  }
}

TEST(ParseTimeMs, SaysWhatItReadAndHowToWriteIt) {
  EXPECT_THAT(ParseTimeMs("31/03/2019"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("`31/03/2019` is not a time: write 2019-03-31T08:15:00Z")));
  EXPECT_THAT(ParseTimeMs(std::string(10'000, 'x')).status().message().size(), ::testing::Lt(300u));
}

}  // namespace
}  // namespace verdict::model
