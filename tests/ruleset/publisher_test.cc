// Which set is live after whatever happens to the folder, the process and the people.
#include "ruleset/publisher.h"

#include <filesystem>
#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "ruleset/folder.h"
#include "support/status_matchers.h"
#include "support/temp_dir.h"

namespace verdict::ruleset {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::verdict::testing::IsOk;
using ::verdict::testing::StatusIs;
using Kind = PublishResult::Kind;

class PublisherTest : public ::testing::Test {
 protected:
  PublisherTest() { Start(); }

  // A process that begins anew on the same disk.
  void Start(bool manual = false) {
    live_ = std::make_unique<base::Published<RuleSet>>();
    Publisher::Options options;
    options.folder = folder_.path().string();
    options.catalogue = state_ / "rule_sets";
    options.manual = manual;
    auto opened = Publisher::Open(options, live_.get());
    ASSERT_THAT(opened, IsOk());
    publisher_ = *std::move(opened);
  }
  void SetChecks() {
    publisher_->SetChecks([this](const RuleSet&) { return fits_; },
                          [this](const RuleSet&) {
                            ++guarded_;
                            return guard_;
                          },
                          [this](const std::shared_ptr<const RuleSet>& set) {
                            EXPECT_NE(Live(), set->hash) << "it is told before it goes live";
                            prepared_.push_back(set->hash);
                          });
  }
  // Another set: the policy's own number.
  void SetReviewAt(int score) {
    folder_.Write("policy.json",
                  "{ \"review_at\": " + std::to_string(score) +
                      ", \"deny_at\": 100, \"reasons\": [\"VELOCITY\", \"LISTED\"] }");
  }
  std::string Live() const { return live_->Load() == nullptr ? "" : live_->Load()->hash; }
  int ReviewAt() const { return live_->Load()->policy.review_at; }
  // Publishes a set that reviews at `score`, and gives its hash.
  std::string Publish(int score) {
    SetReviewAt(score);
    EXPECT_EQ(publisher_->LoadFolder().kind, Kind::kPublished);
    EXPECT_EQ(ReviewAt(), score);
    return Live();
  }
  SetState StateOf(const std::string& hash) {
    for (const KnownSet& set : publisher_->List().sets) {
      if (set.hash == hash) return set.state;
    }
    ADD_FAILURE() << hash << " is not known";
    return SetState::kArchived;
  }
  const Rule& Burst() const { return live_->Load()->rules[0]; }

  TestFolder folder_;
  verdict::testing::TempDir state_;
  std::unique_ptr<base::Published<RuleSet>> live_;
  std::unique_ptr<Publisher> publisher_;
  absl::Status fits_;
  GuardReport guard_;
  int guarded_ = 0;
  std::vector<std::string> prepared_;  // hashes
};

// As the guard reports where three of a hundred more are denied.
GuardReport ThreePoints() {
  GuardReport report;
  report.decisions = 100;
  report.denied_after = 3;
  return report;
}

TEST_F(PublisherTest, AGoodSetTakesOverABadOneChangesNothing) {
  const std::string first = Publish(40);
  const std::string second = Publish(41);
  EXPECT_NE(first, second);
  folder_.Write("policy.json", "{ \"review_at\": ");
  const PublishResult bad = publisher_->LoadFolder();
  EXPECT_EQ(bad.kind, Kind::kInvalid);
  EXPECT_FALSE(bad.diagnostics.empty());
  EXPECT_EQ(Live(), second);
  SetReviewAt(41);
  EXPECT_EQ(publisher_->LoadFolder().kind, Kind::kLiveAlready);
  EXPECT_EQ(StateOf(first), SetState::kArchived);
  EXPECT_EQ(StateOf(second), SetState::kLive);
  EXPECT_EQ(publisher_->List().before, first);
}

TEST_F(PublisherTest, AListWhoseFileIsTheSameIsTakenOver) {
  folder_.Write("lists/cards.txt", "tok_1\n");
  folder_.Write("lists.json", R"({ "schema": "txn/1", "lists": {
      "cards": { "file": "lists/cards.txt" }, "twice": { "file": "lists/cards.txt" },
      "networks": { "file": "lists/cards.txt", "kind": "prefix" } }, "rules": [] })");
  const auto list = [this](const char* name) { return live_->Load()->lists.at(name); };
  Publish(51);
  const auto cards = list("cards");
  EXPECT_EQ(list("twice"), cards) << "within a set too";
  EXPECT_NE(list("networks"), cards) << "of another kind";
  const std::string first = Publish(52);
  EXPECT_EQ(list("cards"), cards);
  folder_.Write("lists/cards.txt", "tok_2\n");
  Publish(53);
  EXPECT_NE(list("cards"), cards);
  EXPECT_TRUE(list("cards")->Contains("tok_2", 0));
  const auto second = list("cards");
  ASSERT_EQ(publisher_->Activate(first, false)->kind, Kind::kPublished);
  EXPECT_TRUE(list("cards")->Contains("tok_1", 0)) << "as it was kept";
  EXPECT_FALSE(list("cards")->Contains("tok_2", 0));
  EXPECT_NE(list("cards"), second);
}

TEST_F(PublisherTest, WhatDoesNotFitIsRefusedAndTakenByARestart) {
  const std::string first = Publish(40);
  SetChecks();
  fits_ = absl::FailedPreconditionError("restart the service: another zone");
  SetReviewAt(41);
  const PublishResult unfit = publisher_->LoadFolder();
  EXPECT_EQ(unfit.kind, Kind::kUnfit);
  EXPECT_THAT(unfit.why, HasSubstr("another zone"));
  EXPECT_EQ(Live(), first);
  Start();
  EXPECT_EQ(publisher_->LoadFolder().kind, Kind::kPublished);
  EXPECT_EQ(ReviewAt(), 41);
}

// An archived one that counts something that this process does not.
TEST_F(PublisherTest, WhatIsAskedForAndDoesNotFitGoesLiveAtTheNextStart) {
  const std::string first = Publish(40);
  const std::string second = Publish(41);
  SetChecks();
  fits_ = absl::FailedPreconditionError("restart the service");
  EXPECT_EQ(publisher_->Activate(first, /*forced=*/false)->kind, Kind::kUnfit);
  EXPECT_EQ(Live(), second);
  Start();
  EXPECT_EQ(publisher_->LoadFolder().kind, Kind::kLiveAlready);
  EXPECT_EQ(Live(), first);
  EXPECT_EQ(publisher_->List().before, second);
  Start();
  publisher_->LoadFolder();
  EXPECT_EQ(Live(), first) << "and stays so";
  // By hand a new feature waits, is asked for, and is taken by a restart.
  Start(/*manual=*/true);
  publisher_->LoadFolder();
  SetChecks();
  SetReviewAt(42);
  const PublishResult waits = publisher_->LoadFolder();
  EXPECT_EQ(waits.kind, Kind::kWaiting);
  EXPECT_EQ(publisher_->Activate(waits.hash, /*forced=*/false)->kind, Kind::kUnfit);
  Start(/*manual=*/true);
  publisher_->LoadFolder();
  EXPECT_EQ(Live(), waits.hash);
}

// It was live by rollback; that it cannot be left just now changes nothing.
TEST_F(PublisherTest, ARefusedActivationDoesNotBringTheFolderBack) {
  const std::string first = Publish(40);
  Publish(41);
  ASSERT_THAT(publisher_->Rollback(), IsOk());
  SetChecks();
  guard_ = ThreePoints();
  EXPECT_EQ(publisher_->Activate(publisher_->List().before, /*forced=*/false)->kind,
            Kind::kGuarded);
  Start();
  publisher_->LoadFolder();
  EXPECT_EQ(Live(), first);
}

TEST_F(PublisherTest, TheGuardRefusesUnlessForced) {
  const std::string first = Publish(40);
  SetChecks();
  guard_ = ThreePoints();
  SetReviewAt(41);
  const PublishResult refused = publisher_->LoadFolder();
  EXPECT_EQ(refused.kind, Kind::kGuarded);
  ASSERT_TRUE(refused.guard.has_value());
  EXPECT_EQ(refused.guard->denied_after, 3u);
  EXPECT_EQ(Live(), first);
  EXPECT_EQ(StateOf(refused.hash), SetState::kRefused);
  EXPECT_EQ(publisher_->List().sets[1].why, "guard: share of DENY +3.0 points");

  EXPECT_EQ(publisher_->Activate(refused.hash, /*forced=*/false)->kind, Kind::kGuarded);
  EXPECT_EQ(Live(), first);
  EXPECT_EQ(publisher_->Activate(refused.hash.substr(0, 12), /*forced=*/true)->kind,
            Kind::kPublished);
  EXPECT_EQ(Live(), refused.hash);
  guard_.denied_after = 2;  // exactly the bound
  EXPECT_EQ(publisher_->Activate(first, /*forced=*/false)->kind, Kind::kPublished);
  EXPECT_EQ(guarded_, 4);
  EXPECT_THAT(prepared_, ElementsAre(refused.hash, first)) << "what goes live, and nothing else";
}

// Its own policy cannot open the door to itself.
TEST_F(PublisherTest, TheGuardGoesByThePolicyThatIsLive) {
  Publish(40);
  SetChecks();
  guard_ = ThreePoints();
  folder_.Write("policy.json",
                R"({ "review_at": 41, "deny_at": 100, "reasons": ["VELOCITY", "LISTED"],
                                    "guard": { "max_deny_shift": 50.0 } })");
  EXPECT_EQ(publisher_->LoadFolder().kind, Kind::kGuarded);
}

TEST_F(PublisherTest, ARefusedSetStaysRefusedOverARestart) {
  const std::string first = Publish(40);
  SetChecks();
  guard_ = ThreePoints();
  SetReviewAt(41);
  const std::string refused = publisher_->LoadFolder().hash;
  Start();
  const PublishResult again = publisher_->LoadFolder();
  EXPECT_EQ(again.kind, Kind::kGuarded) << "it is told";
  EXPECT_EQ(again.hash, refused);
  EXPECT_EQ(Live(), first);
  EXPECT_EQ(StateOf(refused), SetState::kRefused);
}

TEST_F(PublisherTest, ByHandALoadedSetWaits) {
  Start(/*manual=*/true);
  const std::string first = Publish(40);  // somebody must be the first
  SetReviewAt(41);
  const PublishResult waits = publisher_->LoadFolder();
  EXPECT_EQ(waits.kind, Kind::kWaiting);
  EXPECT_EQ(Live(), first);
  EXPECT_EQ(StateOf(waits.hash), SetState::kWaiting);

  Start(/*manual=*/true);  // waits on
  publisher_->LoadFolder();
  EXPECT_EQ(Live(), first);
  EXPECT_EQ(StateOf(waits.hash), SetState::kWaiting);
  SetReviewAt(42);
  Start(/*manual=*/true);  // a newer one waits in its place
  const PublishResult newer = publisher_->LoadFolder();
  EXPECT_EQ(newer.kind, Kind::kWaiting);
  EXPECT_EQ(Live(), first);
  EXPECT_EQ(StateOf(waits.hash), SetState::kArchived);
  EXPECT_EQ(publisher_->Activate(newer.hash, /*forced=*/false)->kind, Kind::kPublished);
  EXPECT_EQ(ReviewAt(), 42);
  EXPECT_EQ(StateOf(newer.hash), SetState::kLive);
}

TEST_F(PublisherTest, RollbackGoesBackAndForthPastTheGuard) {
  EXPECT_THAT(publisher_->Rollback(), StatusIs(absl::StatusCode::kNotFound));
  const std::string first = Publish(40);
  EXPECT_THAT(publisher_->Rollback(), StatusIs(absl::StatusCode::kNotFound));
  const std::string second = Publish(41);
  SetChecks();
  guard_ = ThreePoints();
  const auto back = publisher_->Rollback();
  ASSERT_THAT(back, IsOk());
  EXPECT_EQ(back->kind, Kind::kPublished);
  EXPECT_EQ(back->guard->denied_after, 3u) << "it is told all the same";
  EXPECT_EQ(Live(), first);
  EXPECT_THAT(publisher_->Rollback(second),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("somebody else")));
  ASSERT_THAT(publisher_->Rollback(first.substr(0, 12)), IsOk());
  EXPECT_EQ(Live(), second);
}

// The folder has not changed since: it does not undo what people have done.
TEST_F(PublisherTest, ARestartServesWhatWasLiveLastUntilTheFolderChanges) {
  const std::string first = Publish(40);
  Publish(41);
  ASSERT_THAT(publisher_->Rollback(), IsOk());
  EXPECT_EQ(publisher_->LoadFolder().kind, Kind::kLiveAlready) << "touched, not changed";
  EXPECT_EQ(Live(), first);
  folder_.Write("policy.json", "{");
  EXPECT_EQ(publisher_->LoadFolder().kind, Kind::kInvalid);
  SetReviewAt(41);
  EXPECT_EQ(publisher_->LoadFolder().kind, Kind::kLiveAlready) << "broken for a moment";
  EXPECT_EQ(Live(), first);
  Start();
  EXPECT_EQ(publisher_->LoadFolder().kind, Kind::kLiveAlready);
  EXPECT_EQ(Live(), first);
  const std::string third = Publish(42);
  SetReviewAt(43);
  Start();
  publisher_->LoadFolder();
  EXPECT_EQ(ReviewAt(), 43) << "changed while it was away";
  folder_.Write("policy.json", "{");
  Start();
  EXPECT_EQ(publisher_->LoadFolder().kind, Kind::kInvalid);
  EXPECT_EQ(ReviewAt(), 43) << "what is broken leaves it serving";
  EXPECT_EQ(StateOf(third), SetState::kArchived);
}

TEST_F(PublisherTest, AFirstStartWithABrokenFolderServesNothing) {
  folder_.Write("policy.json", "{");
  EXPECT_EQ(publisher_->LoadFolder().kind, Kind::kInvalid);
  EXPECT_EQ(live_->Load(), nullptr);
  Publish(40);  // and heals when the files do
}

TEST_F(PublisherTest, ARuleThatIsOffStaysOffUntilItsOwnTextChanges) {
  const std::string whole = Publish(40);
  const auto off = publisher_->SwitchOff("card_burst");
  ASSERT_THAT(off, IsOk());
  EXPECT_NE(Live(), whole);
  EXPECT_EQ(Live(), off->hash);
  EXPECT_EQ(Burst().mode, Mode::kOff);
  EXPECT_THAT(publisher_->SwitchOff("card_burst"),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("off already")));
  EXPECT_THAT(publisher_->SwitchOff("card_brust"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("did you mean `card_burst`?")));
  ASSERT_THAT(publisher_->List().sets, ::testing::SizeIs(2));
  EXPECT_THAT(publisher_->List().sets[0].off,
              ElementsAre(OffRule{"card_burst", Burst().text_digest}));

  Publish(41);  // other files may change
  EXPECT_TRUE(Burst().switched_off);
  Start();
  publisher_->LoadFolder();
  EXPECT_TRUE(Burst().switched_off) << "over a restart";
  // While it moves from one file to another it is nowhere.
  const std::string rules = ReadFileText(folder_.path() / "rules.json");
  folder_.Write("rules.json", R"({ "schema": "txn/1", "lists": { "high_risk_mcc": ["4829"] } })");
  EXPECT_EQ(publisher_->LoadFolder().kind, Kind::kPublished);
  EXPECT_THAT(live_->Load()->rules, IsEmpty());
  folder_.Remove("rules.json");
  folder_.Write("moved.json", rules);
  EXPECT_EQ(publisher_->LoadFolder().kind, Kind::kPublished);
  EXPECT_TRUE(Burst().switched_off);

  folder_.Replace("moved.json", "\"owner\": \"ann\"", "\"owner\":    \"bob\"");
  EXPECT_EQ(publisher_->LoadFolder().kind, Kind::kPublished);
  EXPECT_TRUE(Burst().switched_off) << "it does the same, however it is laid out";

  folder_.Replace("moved.json", "card.count_1d >= 5", "card.count_1d > 4");
  const PublishResult again = publisher_->LoadFolder();
  EXPECT_EQ(again.kind, Kind::kPublished);
  EXPECT_EQ(Burst().mode, Mode::kLive);
  ASSERT_THAT(again.running_again, ::testing::SizeIs(1));
  EXPECT_EQ(again.running_again[0].rule, "card_burst");
  EXPECT_THAT(publisher_->List().sets[0].off, IsEmpty());
}

TEST_F(PublisherTest, AnArchivedSetComesBackWithWhatWasOffInIt) {
  Publish(40);
  const std::string without = publisher_->SwitchOff("card_burst")->hash;
  ASSERT_THAT(publisher_->Rollback(), IsOk());
  EXPECT_EQ(Burst().mode, Mode::kLive);
  ASSERT_THAT(publisher_->Activate(without, /*forced=*/false), IsOk());
  EXPECT_TRUE(Burst().switched_off);
  EXPECT_EQ(Live(), without);
}

// Off is off, whichever set comes next; what was so before comes back as it was.
TEST_F(PublisherTest, ActivatingAnotherSetSwitchesNothingOn) {
  const std::string whole = Publish(40);
  Publish(41);
  const std::string without = publisher_->SwitchOff("card_burst")->hash;
  const auto activated = publisher_->Activate(whole, /*forced=*/true);
  ASSERT_THAT(activated, IsOk());
  EXPECT_EQ(ReviewAt(), 40);
  EXPECT_TRUE(Burst().switched_off);
  EXPECT_NE(Live(), whole);
  EXPECT_EQ(publisher_->List().before, without);
}

TEST_F(PublisherTest, WhatWasChangedInTheArchiveIsNotPublished) {
  const std::string first = Publish(40);
  const std::string second = Publish(41);
  const std::filesystem::path kept = std::filesystem::path(state_ / "rule_sets/files") / first;
  std::ofstream(kept / "policy.json", std::ios::app) << " ";
  EXPECT_THAT(publisher_->Activate(first, /*forced=*/true),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("were changed")));
  std::filesystem::remove(kept / "schema.json");
  EXPECT_THAT(publisher_->Rollback(),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("cannot be loaded")));
  EXPECT_EQ(Live(), second);
}

// At a start, too: then the folder is as good as any.
TEST_F(PublisherTest, ALastSetThatIsDamagedGivesWayToTheFolder) {
  const std::string first = Publish(40);
  std::filesystem::remove(std::filesystem::path(state_ / "rule_sets/files") / first /
                          "schema.json");
  Start();
  EXPECT_EQ(publisher_->LoadFolder().kind, Kind::kPublished);
  EXPECT_EQ(ReviewAt(), 40);
  Publish(41);
  ASSERT_THAT(publisher_->Rollback(), IsOk()) << "it is whole again";
}

TEST_F(PublisherTest, ALastSetThatWasChangedOnDiskIsNotServed) {
  const std::string first = Publish(40);
  const std::filesystem::path kept =
      std::filesystem::path(state_ / "rule_sets/files") / first / "policy.json";
  const std::string whole = ReadFileText(kept);
  std::ofstream(kept, std::ios::binary | std::ios::app) << " ";
  Start();
  publisher_->LoadFolder();
  EXPECT_EQ(Live(), first);
  EXPECT_EQ(ReadFileText(kept), whole) << "from the folder, which is the same";
}

TEST_F(PublisherTest, WhatCannotBeKeptIsNotPublished) {
  const std::string first = Publish(40);
  const std::filesystem::path files = std::filesystem::path(state_ / "rule_sets/files");
  std::filesystem::rename(files, state_ / "aside");
  std::ofstream(files) << "not a folder";
  SetReviewAt(41);
  const PublishResult result = publisher_->LoadFolder();
  EXPECT_EQ(result.kind, Kind::kNotKept);
  EXPECT_THAT(result.why, HasSubstr("rule_sets/files"));
  EXPECT_EQ(Live(), first);
  std::filesystem::remove(files);
  std::filesystem::rename(state_ / "aside", files);
  EXPECT_EQ(publisher_->LoadFolder().kind, Kind::kPublished) << "it is not taken for seen";
}

// Something is wrong, and the disk is full as well: first of all the harm ends.
TEST_F(PublisherTest, RollbackAndOffNeedNoDisk) {
  const std::string first = Publish(40);
  Publish(41);
  std::filesystem::create_directory(state_ / "rule_sets/catalogue.json.next");
  const auto back = publisher_->Rollback();
  ASSERT_THAT(back, IsOk());
  EXPECT_EQ(back->kind, Kind::kPublished);
  EXPECT_THAT(back->why, HasSubstr("a restart does not know of it"));
  EXPECT_EQ(Live(), first);
  SetReviewAt(42);
  EXPECT_EQ(publisher_->LoadFolder().kind, Kind::kNotKept);
  EXPECT_EQ(Live(), first);
}

}  // namespace
}  // namespace verdict::ruleset
