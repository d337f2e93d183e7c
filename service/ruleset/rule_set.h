// One immutable rule set: schema, features, lists, rules and policy of a rules/ folder, under one
// hash.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "feature/feature_set.h"
#include "model/decision.h"
#include "rule/diagnostic.h"
#include "rule/expression.h"
#include "rule/schema.h"

namespace verdict::ruleset {

inline constexpr int64_t kExpiresSoonDays = 14;  // a live rule that expires by then is told of

enum class Mode : uint8_t { kLive, kShadow, kOff };
enum class Action : uint8_t { kDeny, kReview, kAllow, kNone };
// match | no_match | missing | error: the four results of a rule.
enum class RuleResult : uint8_t { kNoMatch = 0, kMatch = 1, kMissing = 2, kError = 3 };
std::string_view ModeName(Mode mode);
std::string_view ActionName(Action action);
std::string_view RuleResultName(RuleResult result);

// A rule's own test. It runs at load, and again in `verdict test`.
struct RuleTest {
  std::string name;
  RuleResult expect = RuleResult::kMatch;
  std::string given_json;  // as it stands in the file
};

struct Rule {
  std::string id, name, owner, description, reason;
  Mode mode = Mode::kShadow;
  Action action = Action::kNone;
  int score = 0;
  bool final = false;
  int priority = 0;
  bool match_on_missing = false;      // on_missing: match
  std::optional<int64_t> expires_ms;  // 00:00 UTC of the day; from then on it acts as shadow
  std::vector<std::unique_ptr<const rule::Expression>> clauses;  // joined by &&
  std::vector<std::string> clause_texts;                         // as written
  std::vector<RuleTest> tests;
  std::string file;
  std::string text_digest;    // of what it asks and does, as written; 32 hexadecimal digits
  bool switched_off = false;  // by `verdict rules off`; `mode` is kOff then
};

enum class OnProvenance : uint8_t { kDecide, kReview, kDeny };
std::string_view OnProvenanceName(OnProvenance on);

struct Policy {
  int review_at = 50;
  int deny_at = 100;
  model::Outcome default_outcome = model::Outcome::kAllow;
  OnProvenance on_stale = OnProvenance::kDecide;
  OnProvenance on_partial = OnProvenance::kDecide;
  OnProvenance on_default = OnProvenance::kReview;
  std::vector<std::string> reasons;
  double guard_max_deny_shift = 2.0;  // points by which a reload may move the share of DENY
  int64_t cost_rule_units = 2'000;    // worst case of one rule, of the set, and what a unit takes
  int64_t cost_set_units = 100'000;
  int64_t cost_ns_per_unit = 10;
};

// A rule that somebody has switched off. It stays so until its own text changes.
struct OffRule {
  std::string rule;
  std::string text_digest;  // Rule::text_digest
  friend bool operator==(const OffRule&, const OffRule&) = default;
};

// What evaluating a rule touches, apart from the rest of the rule. Its clauses stand in
// RuleSet::clauses, the cheapest first: their order changes no result.
struct RuleSteps {
  uint32_t first_clause = 0;
  uint16_t clauses = 0;  // none: mode off
  bool live = false;
  int64_t expires_ms = INT64_MAX;  // from then on it acts as shadow
};

// Lists from files by what they were made of: kind, column, and the digest of the file's bytes.
using ListsByContent = std::map<std::string, std::shared_ptr<const rule::NamedList>>;

// Immutable. Thread-safe.
struct RuleSet {
  std::string hash;        // SHA-256 of all files and of what is off, 64 hexadecimal digits
  std::string short_hash;  // its first 12
  std::string files_hash;  // of the files alone; the same where nothing is off
  int64_t loaded_at_ms = 0;
  std::unique_ptr<rule::Schema> schema;
  std::shared_ptr<const feature::FeatureSet>
      features;  // must not outlive the set: it reads `schema`
  rule::NamedLists lists;
  ListsByContent list_files;     // those of `lists` that stand in files
  std::vector<Rule> rules;       // by id; those with mode off too
  std::vector<RuleSteps> steps;  // by index into `rules`
  std::vector<rule::Runnable> clauses;
  // Indexes into `rules`: the order of reasons in an answer, highest priority first, then by id.
  std::vector<uint32_t> by_priority;
  Policy policy;
  // features()[i] of `features` is read by a live rule.
  std::vector<bool> feature_read_live;
};

// The result of evaluating every live and shadow rule against one record. Reused from call to call:
// no allocation once it has grown.
struct Evaluation {
  std::vector<RuleResult> results;  // by index into RuleSet::rules; kNoMatch for mode off
  std::vector<bool>
      acting;  // live and not expired at txn.time; a record without txn.time expires nothing
};

// What the value of a clause counts as; true is kMatch.
RuleResult ResultOf(const rule::Value& value);

// The result of one rule: its clauses joined by `&&` of RULES.md section 4.
RuleResult EvaluateRule(const Rule& rule, const rule::Record& record, rule::EvaluationArena* arena);

// Full names of the fields that made clauses of `rule` end missing: "card.country", each once.
std::vector<std::string> MissingFields(const RuleSet& set, const Rule& rule,
                                       const rule::Record& record, rule::EvaluationArena* arena);

// Thread-safe. Every live and shadow rule is evaluated.
void EvaluateRules(const RuleSet& set, const rule::Record& record, rule::EvaluationArena* arena,
                   Evaluation* out);

// RULES.md section 5: final deny, allow, deny, review, default; scores and `on` by `provenance`.
// Fills outcome, score, decided_by, provenance, reasons, rule_ids, the shadow, missing and error
// ids and rule_set of `decision`, and leaves the rest. Missing and error ids are of acting rules
// alone; a rule that matches because its author said `on_missing`: `match` stands among rule_ids
// too. Allocates nothing once `decision` has grown.
void Decide(const RuleSet& set, const Evaluation& evaluation, model::Provenance provenance,
            model::Decision* decision);

// Reads, checks and compiles a rules/ folder. Null where there are errors; warnings and hints come
// in both cases. `options` carries what the deployment's settings say (time zone, base currency);
// features.json's defaults override the rest. Every rule's own tests are run; one that fails is
// error R520.
struct LoadResult {
  std::shared_ptr<const RuleSet> set;
  std::vector<rule::Diagnostic> diagnostics;  // by file and place; at most 100 errors
  size_t errors_left_out = 0;                 // beyond those
  int files = 0;                              // read, lists included
  int rules = 0;
  int lists = 0;
  int64_t worst_units = 0;  // of all rules that run, and what the policy allows
  int64_t units_allowed = 0;
  std::string files_hash;  // also of a folder with errors
  // The files that fixes are offered for, as they were read, by path.
  std::map<std::string, std::string> fixable = {};
  std::vector<OffRule> off;      // LoadOptions::off, by rule, but for those that changed
  std::vector<OffRule> changed;  // whose rules have another text now: they run again
};
struct TestedRule;  // test_report.h
struct LoadOptions {
  feature::FeatureOptions deployment = {};
  std::optional<int64_t> now_ms = {};  // tells which rules expire soon; none: the clock's
  std::vector<OffRule> off = {};       // these do not run
  // Where each file that is read is written to, byte for byte, under its name; empty: nowhere. A
  // write that fails is R500.
  std::string copy_to = {};
  // What each rule's tests yielded, and cases made of them, by id, rules with errors too; null: no
  // case is made. Must outlive the load.
  std::vector<TestedRule>* tested = nullptr;
  // Lists whose files are the same byte for byte are taken over from this set, not made anew: a
  // reload of ten million entries is as quick as reading them, and has them in memory once. May be
  // null.
  std::shared_ptr<const RuleSet> like = nullptr;
  // What is taken for a file's bytes, by path as messages say it: a folder as it would be.
  std::map<std::string, std::string> instead = {};
};
LoadResult LoadRuleSet(const std::string& folder, const LoadOptions& options);
// RuleSet::hash; `off` by rule.
std::string HashOf(const std::string& files_hash, const std::vector<OffRule>& off);

}  // namespace verdict::ruleset
