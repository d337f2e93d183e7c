// kill -9 at any moment: the next process serves a set that was live, and every set that it knows
// of can go live again.
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <thread>

#include "base/check.h"
#include "gmock/gmock.h"
#include "ruleset/folder.h"
#include "ruleset/publisher.h"
#include "support/status_matchers.h"
#include "support/temp_dir.h"

namespace verdict::ruleset {
namespace {

using ::verdict::testing::IsOk;
using Kind = PublishResult::Kind;

constexpr int kKills = 40;
constexpr int kSets = 5;  // few: most are kept already when they come again

class KilledPublisher : public ::testing::Test {
 protected:
  std::unique_ptr<Publisher> Open(base::Published<RuleSet>* live) {
    Publisher::Options options;
    options.folder = folder_.path().string();
    options.catalogue = state_ / "rule_sets";
    auto opened = Publisher::Open(options, live);
    CHECK(opened.ok());
    return *std::move(opened);
  }

  void SetReviewAt(int score) {
    folder_.Write("policy.json",
                  "{ \"review_at\": " + std::to_string(score) +
                      ", \"deny_at\": 100, \"reasons\": [\"VELOCITY\", \"LISTED\"] }");
  }

  // In a process of its own, until it is killed; a byte to `told` for each publication.
  [[noreturn]] void PublishForEver(int told) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    base::Published<RuleSet> live;
    const auto publisher = Open(&live);
    for (int i = 0;; ++i) {
      SetReviewAt(40 + i % kSets);
      const PublishResult result = publisher->LoadFolder();
      // The set that the killed process took up may be the first that this one finds.
      if (result.kind != Kind::kPublished && result.kind != Kind::kLiveAlready) std::_Exit(1);
      // It may be off already.
      if (i % 3 == 1) publisher->SwitchOff("card_burst").status().IgnoreError();
      if (i % 3 == 2 && !publisher->Rollback().ok()) std::_Exit(2);
      if (::write(told, "x", 1) != 1) std::_Exit(3);
    }
  }

  void ExpectAllIsThere() {
    base::Published<RuleSet> live;
    const auto publisher = Open(&live);
    const Publisher::Listing before = publisher->List();
    SetReviewAt(99);  // the folder holds none of those: what is gone stays gone
    publisher->LoadFolder();
    ASSERT_NE(live.Load(), nullptr);
    ASSERT_FALSE(before.sets.empty());
    for (const KnownSet& set : before.sets) {
      const auto activated = publisher->Activate(set.hash, /*forced=*/true);
      ASSERT_THAT(activated, IsOk()) << set.hash;
      // A rule that is off in the live set stays off: that may make it the live one again.
      EXPECT_TRUE(activated->kind == Kind::kPublished || activated->kind == Kind::kLiveAlready)
          << set.hash << " " << activated->why;
    }
  }

  TestFolder folder_;
  verdict::testing::TempDir state_;
};

TEST_F(KilledPublisher, LeavesWhatTheNextOneGoesOnWith) {
  std::mt19937_64 random(20261123);
  for (int kill = 0; kill < kKills && !HasFailure(); ++kill) {
    int pipe[2];
    ASSERT_EQ(::pipe(pipe), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) PublishForEver(pipe[1]);
    ::close(pipe[1]);
    char byte;
    ASSERT_EQ(::read(pipe[0], &byte, 1), 1) << "it ended by itself";
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 20'000));
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status)) << "it ended by itself: " << WEXITSTATUS(status);
    ::close(pipe[0]);
    SCOPED_TRACE("kill " + std::to_string(kill));
    ExpectAllIsThere();
  }
}

}  // namespace
}  // namespace verdict::ruleset
