// The precedence of RULES.md section 5, each step against each other, and what a reused decision
// holds.
#include "gmock/gmock.h"
#include "ruleset/allocations.h"
#include "ruleset/rule_set.h"

namespace verdict::ruleset {
namespace {

using model::DecidedBy;
using model::Outcome;
using model::Provenance;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct GivenRule {
  std::string id;
  Action action = Action::kNone;
  int score = 0;
  RuleResult result = RuleResult::kMatch;
  bool final = false;
  Mode mode = Mode::kLive;
  bool match_on_missing = false;
  std::string reason = "";
  int priority = 0;
};

// A set of rules whose results are told, not evaluated.
class Case {
 public:
  explicit Case(const std::vector<GivenRule>& rules) {
    for (const GivenRule& given : rules) {
      Rule& rule = set_.rules.emplace_back();
      rule.id = given.id;
      rule.action = given.action;
      rule.score = given.score;
      rule.final = given.final;
      rule.mode = given.mode;
      rule.match_on_missing = given.match_on_missing;
      rule.reason = given.reason;
      rule.priority = given.priority;
      evaluation_.results.push_back(given.result);
      evaluation_.acting.push_back(given.mode == Mode::kLive);
      set_.by_priority.push_back(static_cast<uint32_t>(set_.by_priority.size()));
    }
    std::stable_sort(set_.by_priority.begin(), set_.by_priority.end(), [&](uint32_t a, uint32_t b) {
      return set_.rules[a].priority > set_.rules[b].priority;
    });
    set_.short_hash = "9f31c2ab77d0";
  }
  Policy& policy() { return set_.policy; }
  Evaluation& evaluation() { return evaluation_; }
  const model::Decision& Decide(Provenance provenance = Provenance::kFull) {
    ruleset::Decide(set_, evaluation_, provenance, &decision_);
    return decision_;
  }

 private:
  RuleSet set_;
  Evaluation evaluation_;
  model::Decision decision_;
};

struct Row {
  std::string what;
  std::vector<GivenRule> rules;
  Provenance provenance;
  Outcome outcome;
  DecidedBy by;
};

const GivenRule kFinalDeny{.id = "final_deny", .action = Action::kDeny, .final = true};
const GivenRule kDeny{.id = "deny", .action = Action::kDeny};
const GivenRule kReview{.id = "review", .action = Action::kReview};
const GivenRule kAllow{.id = "allow", .action = Action::kAllow};
GivenRule Score(int score) { return {.id = "score", .score = score}; }
GivenRule With(GivenRule rule, int score) {
  rule.score = score;
  return rule;
}

TEST(Decide, FollowsTheTableOfThePolicyPage) {
  const std::vector<Row> rows = {
      {"nothing", {}, Provenance::kFull, Outcome::kAllow, DecidedBy::kDefault},
      {"final + allow", {kFinalDeny, kAllow}, Provenance::kFull, Outcome::kDeny, DecidedBy::kFinal},
      {"final + all",
       {kFinalDeny, kAllow, kDeny, kReview, Score(500)},
       Provenance::kDefault,
       Outcome::kDeny,
       DecidedBy::kFinal},
      {"allow + deny", {kAllow, kDeny}, Provenance::kFull, Outcome::kAllow, DecidedBy::kOverride},
      {"allow + review",
       {kAllow, kReview},
       Provenance::kFull,
       Outcome::kAllow,
       DecidedBy::kOverride},
      {"allow + score",
       {kAllow, Score(1000)},
       Provenance::kFull,
       Outcome::kAllow,
       DecidedBy::kOverride},
      {"allow on DEFAULT", {kAllow}, Provenance::kDefault, Outcome::kAllow, DecidedBy::kOverride},
      {"deny + review", {kDeny, kReview}, Provenance::kFull, Outcome::kDeny, DecidedBy::kRule},
      {"deny on DEFAULT", {kDeny}, Provenance::kDefault, Outcome::kDeny, DecidedBy::kRule},
      {"deny with a score below zero",
       {With(kDeny, -1000)},
       Provenance::kFull,
       Outcome::kDeny,
       DecidedBy::kRule},
      {"review + score 120",
       {With(kReview, 120)},
       Provenance::kFull,
       Outcome::kDeny,
       DecidedBy::kScore},
      {"review + score 10",
       {With(kReview, 10)},
       Provenance::kFull,
       Outcome::kReview,
       DecidedBy::kRule},
      {"score 100", {Score(100)}, Provenance::kFull, Outcome::kDeny, DecidedBy::kScore},
      {"score 99", {Score(99)}, Provenance::kFull, Outcome::kReview, DecidedBy::kScore},
      {"score 60", {Score(60)}, Provenance::kFull, Outcome::kReview, DecidedBy::kScore},
      {"score 50", {Score(50)}, Provenance::kFull, Outcome::kReview, DecidedBy::kScore},
      {"score 49", {Score(49)}, Provenance::kFull, Outcome::kAllow, DecidedBy::kDefault},
      {"score 10", {Score(10)}, Provenance::kFull, Outcome::kAllow, DecidedBy::kDefault},
      {"score 10 on DEFAULT",
       {Score(10)},
       Provenance::kDefault,
       Outcome::kReview,
       DecidedBy::kProvenance},
      {"scores add up",
       {Score(120), Score(-30), Score(-50)},
       Provenance::kFull,
       Outcome::kAllow,
       DecidedBy::kDefault},
      {"review on DEFAULT", {kReview}, Provenance::kDefault, Outcome::kReview, DecidedBy::kRule},
      {"score 60 on DEFAULT",
       {Score(60)},
       Provenance::kDefault,
       Outcome::kReview,
       DecidedBy::kScore},
      {"nothing on STALE", {}, Provenance::kStale, Outcome::kAllow, DecidedBy::kDefault},
      {"nothing on PARTIAL", {}, Provenance::kPartial, Outcome::kAllow, DecidedBy::kDefault},
      {"nothing on DEFAULT", {}, Provenance::kDefault, Outcome::kReview, DecidedBy::kProvenance},
  };
  for (const Row& row : rows) {
    Case given(row.rules);
    const model::Decision& decision = given.Decide(row.provenance);
    EXPECT_EQ(decision.outcome, row.outcome) << row.what;
    EXPECT_EQ(decision.decided_by, row.by) << row.what;
    EXPECT_EQ(decision.provenance, row.provenance) << row.what;
    EXPECT_EQ(decision.rule_set, "9f31c2ab77d0");
  }
}

// The steps of the page, written once more as they are read there.
std::pair<Outcome, DecidedBy> Reference(const std::vector<GivenRule>& rules, OnProvenance on) {
  int64_t score = 0;
  bool final = false, allow = false, deny = false, review = false;
  for (const GivenRule& rule : rules) {
    if (rule.mode != Mode::kLive || rule.result != RuleResult::kMatch) continue;
    score += rule.score;
    final |= rule.final;
    allow |= rule.action == Action::kAllow;
    deny |= rule.action == Action::kDeny;
    review |= rule.action == Action::kReview;
  }
  if (final) return {Outcome::kDeny, DecidedBy::kFinal};
  if (allow) return {Outcome::kAllow, DecidedBy::kOverride};
  if (deny || score >= 100 || on == OnProvenance::kDeny) {
    return {Outcome::kDeny, deny           ? DecidedBy::kRule
                            : score >= 100 ? DecidedBy::kScore
                                           : DecidedBy::kProvenance};
  }
  if (review || score >= 50 || on == OnProvenance::kReview) {
    return {Outcome::kReview, review        ? DecidedBy::kRule
                              : score >= 50 ? DecidedBy::kScore
                                            : DecidedBy::kProvenance};
  }
  return {Outcome::kAllow, DecidedBy::kDefault};
}

TEST(Decide, AgreesWithTheStepsForEverySubsetOfRulesScoresAndProvenances) {
  const std::vector<GivenRule> all = {kFinalDeny, kAllow, kDeny, kReview};
  for (int subset = 0; subset < 16; ++subset) {
    for (int score : {-20, 0, 49, 50, 99, 100, 1000}) {
      for (auto on : {OnProvenance::kDecide, OnProvenance::kReview, OnProvenance::kDeny}) {
        std::vector<GivenRule> rules = {Score(score)};
        for (int i = 0; i < 4; ++i) {
          rules.push_back(all[i]);
          if ((subset >> i & 1) == 0) rules.back().result = RuleResult::kNoMatch;
        }
        // The place of a rule must not matter.
        for (int turn = 0; turn < 2; ++turn, std::reverse(rules.begin(), rules.end())) {
          Case given(rules);
          given.policy().on_stale = given.policy().on_partial = given.policy().on_default = on;
          for (auto provenance : {Provenance::kFull, Provenance::kStale, Provenance::kPartial,
                                  Provenance::kDefault}) {
            auto [outcome, by] =
                Reference(rules, provenance == Provenance::kFull ? OnProvenance::kDecide : on);
            const model::Decision& decision = given.Decide(provenance);
            EXPECT_EQ(decision.outcome, outcome) << subset << " " << score;
            EXPECT_EQ(decision.decided_by, by) << subset << " " << score;
          }
        }
      }
    }
  }
}

TEST(Decide, TakesTheDefaultOfThePolicy) {
  Case given({Score(10)});
  given.policy().default_outcome = Outcome::kReview;
  EXPECT_EQ(given.Decide().outcome, Outcome::kReview);
  EXPECT_EQ(given.Decide().decided_by, DecidedBy::kDefault);
}

TEST(Decide, AsksEachProvenanceItsOwnQuestion) {
  Case given({});
  given.policy().on_stale = OnProvenance::kDeny;
  given.policy().on_partial = OnProvenance::kReview;
  given.policy().on_default = OnProvenance::kDecide;
  EXPECT_EQ(given.Decide(Provenance::kFull).outcome, Outcome::kAllow);
  EXPECT_EQ(given.Decide(Provenance::kStale).outcome, Outcome::kDeny);
  EXPECT_EQ(given.Decide(Provenance::kStale).decided_by, DecidedBy::kProvenance);
  EXPECT_EQ(given.Decide(Provenance::kPartial).outcome, Outcome::kReview);
  EXPECT_EQ(given.Decide(Provenance::kDefault).outcome, Outcome::kAllow);
}

TEST(Decide, LetsNeitherShadowNorOffNorMissingNorErrorAct) {
  GivenRule shadow = kDeny, off = kDeny, missing = kDeny, error = kDeny;
  shadow.id = "shadow", shadow.mode = Mode::kShadow, shadow.score = 500;
  off.id = "off", off.mode = Mode::kOff, off.score = 500;
  missing.id = "missing", missing.result = RuleResult::kMissing, missing.score = 500;
  error.id = "error", error.result = RuleResult::kError, error.score = 500;
  Case given({shadow, off, missing, error});
  const model::Decision& decision = given.Decide();
  EXPECT_EQ(decision.outcome, Outcome::kAllow);
  EXPECT_EQ(decision.score, 0);
  EXPECT_THAT(decision.rule_ids, IsEmpty());
  EXPECT_THAT(decision.shadow_rule_ids, ElementsAre("shadow"));
  EXPECT_THAT(decision.missing_rule_ids, ElementsAre("missing"));
  EXPECT_THAT(decision.error_rule_ids, ElementsAre("error"));
}

TEST(Decide, MatchesOnMissingWhereTheAuthorSaidSoButNeverOnAnError) {
  GivenRule missing = kDeny, error = kReview, shadow = kDeny;
  missing.result = RuleResult::kMissing, missing.match_on_missing = true, missing.score = 7;
  error.result = RuleResult::kError, error.match_on_missing = true;
  shadow.id = "shadow", shadow.mode = Mode::kShadow, shadow.result = RuleResult::kMissing;
  shadow.match_on_missing = true;
  Case given({missing, error, shadow});
  const model::Decision& decision = given.Decide();
  EXPECT_EQ(decision.outcome, Outcome::kDeny);
  EXPECT_EQ(decision.score, 7);
  EXPECT_THAT(decision.rule_ids, ElementsAre("deny"));
  EXPECT_THAT(decision.missing_rule_ids, ElementsAre("deny"));
  EXPECT_THAT(decision.error_rule_ids, ElementsAre("review"));
  EXPECT_THAT(decision.shadow_rule_ids, ElementsAre("shadow"));
}

TEST(Decide, CountsALiveRuleThatDoesNotActAmongTheShadows) {
  Case given({kDeny});
  given.evaluation().acting[0] = false;  // expired
  EXPECT_EQ(given.Decide().outcome, Outcome::kAllow);
  EXPECT_THAT(given.Decide().shadow_rule_ids, ElementsAre("deny"));
}

TEST(Decide, OrdersReasonsByPriorityThenIdAndNamesEachOnce) {
  Case given({{.id = "a", .score = 1, .reason = "VELOCITY", .priority = 1},
              {.id = "b", .score = 1, .reason = "AMOUNT", .priority = 5},
              {.id = "c", .score = 1, .reason = "VELOCITY", .priority = 9},
              {.id = "d", .score = 1, .reason = "PLACE", .priority = 5},
              {.id = "e", .score = 1, .result = RuleResult::kNoMatch, .reason = "DEVICE"},
              {.id = "f", .score = 1}});
  EXPECT_THAT(given.Decide().reasons, ElementsAre("VELOCITY", "AMOUNT", "PLACE"));
  EXPECT_THAT(given.Decide().rule_ids, ElementsAre("a", "b", "c", "d", "f"));
}

TEST(Decide, AllocatesNothingInADecisionThatHasGrown) {
  GivenRule rule{.id = "a_rule_with_quite_a_long_name",
                 .action = Action::kDeny,
                 .reason = "A_REASON_WITH_QUITE_A_LONG_NAME"};
  Case given({rule, rule});
  given.Decide();
  const int64_t before = testing_support::Allocations();
  given.Decide();
  EXPECT_EQ(testing_support::Allocations(), before);
}

}  // namespace
}  // namespace verdict::ruleset
