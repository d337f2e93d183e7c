// One immutable rule set: schema, features, lists, rules and policy of a rules/ folder, under one hash.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "feature/feature_set.h"
#include "model/decision.h"
#include "rule/diagnostic.h"
#include "rule/expression.h"
#include "rule/schema.h"

namespace verdict::ruleset {

enum class Mode : uint8_t { kLive, kShadow, kOff };
enum class Action : uint8_t { kDeny, kReview, kAllow, kNone };
// match | no_match | missing | error: the four results of a rule.
enum class RuleResult : uint8_t { kNoMatch = 0, kMatch = 1, kMissing = 2, kError = 3 };
std::string_view ModeName(Mode mode);
std::string_view ActionName(Action action);
std::string_view RuleResultName(RuleResult result);

struct RuleTest {
  std::string name;
  std::string expect;  // "match", "no_match", "missing"
  std::string given_json;
};

struct Rule {
  std::string id, name, owner, description, reason;
  Mode mode = Mode::kShadow;
  Action action = Action::kNone;
  int score = 0;
  bool final = false;
  int priority = 0;
  bool match_on_missing = false;           // on_missing: match
  std::optional<int64_t> expires_ms;       // 00:00 UTC of the day; from then on txn.time makes it act as shadow
  std::vector<std::unique_ptr<const rule::Expression>> clauses;  // joined by &&
  std::vector<std::string> clause_texts;   // as written
  std::vector<RuleTest> tests;
  std::string file;
};

enum class OnProvenance : uint8_t { kDecide, kReview, kDeny };

struct Policy {
  int review_at = 50;
  int deny_at = 100;
  model::Outcome default_outcome = model::Outcome::kAllow;
  OnProvenance on_stale = OnProvenance::kDecide;
  OnProvenance on_partial = OnProvenance::kDecide;
  OnProvenance on_default = OnProvenance::kReview;
  std::vector<std::string> reasons;
};

// Immutable. Thread-safe.
struct RuleSet {
  std::string hash;       // SHA-256 of all files, 64 hexadecimal digits
  std::string short_hash; // its first 12
  int64_t loaded_at_ms = 0;
  std::unique_ptr<rule::Schema> schema;
  std::shared_ptr<const feature::FeatureSet> features;
  std::map<std::string, std::vector<std::string>> list_texts;
  rule::NamedLists lists;
  std::vector<Rule> rules;  // by id; those with mode off too
  Policy policy;
  // For each live or shadow rule that reads a feature: features()[i] is read by some live rule.
  std::vector<bool> feature_read_live;
};

// The result of evaluating every live and shadow rule against one record. Reused from call to call: no allocation once
// it has grown.
struct Evaluation {
  std::vector<RuleResult> results;  // by index into RuleSet::rules; kNoMatch for mode off
  std::vector<bool> acting;         // live and not expired at txn.time
};

// Thread-safe. Every live and shadow rule is evaluated.
void EvaluateRules(const RuleSet& set, const rule::Record& record, rule::EvaluationArena* arena, Evaluation* out);

// RULES.md section 5: final deny, allow, deny, review, default; scores and `on` by `provenance`. Fills outcome, score,
// decided_by, provenance, reasons, rule_ids and the shadow, missing and error ids of `decision`.
void Decide(const RuleSet& set, const Evaluation& evaluation, model::Provenance provenance, model::Decision* decision);

// Reads, checks and compiles a rules/ folder. Null where there are errors; warnings and hints come in both cases.
// `options` carries what the deployment's settings say (time zone, base currency); features.json's defaults override
// the rest. Every rule's own tests are run; one that fails is error R520.
struct LoadResult {
  std::shared_ptr<const RuleSet> set;
  std::vector<rule::Diagnostic> diagnostics;
  int files = 0;
};
LoadResult LoadRuleSet(const std::string& folder, const feature::FeatureOptions& options);

}  // namespace verdict::ruleset
