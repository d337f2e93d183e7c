#include "cli/decision_report.h"

#include <algorithm>

#include "absl/strings/str_format.h"

namespace verdict::cli {
namespace {

std::string LineText(const RuleLine& line, size_t width) {
  const ruleset::Rule& rule = *line.rule;
  std::string text = absl::StrFormat("%-8s %-*s  ", line.word, static_cast<int>(width), rule.id);
  if (line.word == "matched") {
    text +=
        absl::StrFormat("%-6s  %+d  %s", ruleset::ActionName(rule.action), rule.score, rule.reason);
  } else if (line.word == "missing") {
    text += Joined(line.missing);
  } else if (line.word == "shadow") {
    text += absl::StrFormat("would match: %s", ruleset::ActionName(rule.action));
  } else {
    text += "a clause ended in an error";
  }
  return text.substr(0, text.find_last_not_of(' ') + 1);
}

}  // namespace

std::vector<RuleLine> RuleLines(const ruleset::RuleSet& set, const ruleset::Evaluation& evaluation,
                                const rule::Record& record, rule::EvaluationArena* arena) {
  std::vector<RuleLine> matched, missing, errors, shadow;
  for (size_t i = 0; i < set.rules.size(); ++i) {
    const ruleset::Rule& rule = set.rules[i];
    const bool acting = evaluation.acting[i];
    switch (evaluation.results[i]) {
      case ruleset::RuleResult::kNoMatch:
        break;
      case ruleset::RuleResult::kMatch:
        (acting ? matched : shadow).push_back({acting ? "matched" : "shadow", &rule, {}});
        break;
      case ruleset::RuleResult::kMissing:
        if (rule.match_on_missing) {
          (acting ? matched : shadow).push_back({acting ? "matched" : "shadow", &rule, {}});
        }
        if (acting) {
          missing.push_back({"missing", &rule, ruleset::MissingFields(set, rule, record, arena)});
        }
        break;
      case ruleset::RuleResult::kError:
        if (acting) errors.push_back({"error", &rule, {}});
        break;
    }
  }
  for (std::vector<RuleLine>* more : {&missing, &errors, &shadow}) {
    matched.insert(matched.end(), more->begin(), more->end());
  }
  return matched;
}

std::string Joined(const std::vector<std::string>& names) {
  std::string joined;
  for (const std::string& name : names) joined += (joined.empty() ? "" : ", ") + name;
  return joined;
}

std::string DecisionHead(const ruleset::RuleSet& set, const model::Decision& decision) {
  std::string inputs;
  if (decision.provenance != model::Provenance::kFull) {
    inputs = absl::StrFormat("   inputs %s", model::ProvenanceName(decision.provenance));
  }
  return absl::StrFormat("%s by %s   score %d (review_at %d, deny_at %d)   set %s%s\n",
                         model::OutcomeName(decision.outcome),
                         model::DecidedByName(decision.decided_by), decision.score,
                         set.policy.review_at, set.policy.deny_at, set.short_hash, inputs);
}

std::string DecisionText(const ruleset::RuleSet& set, const model::Decision& decision,
                         const std::vector<RuleLine>& lines) {
  std::string text = DecisionHead(set, decision);
  size_t width = 0;
  for (const RuleLine& line : lines) width = std::max(width, line.rule->id.size());
  for (const RuleLine& line : lines) text += LineText(line, width) + "\n";
  return text;
}

Json DecisionJson(const ruleset::RuleSet& set, const model::Decision& decision,
                  const std::vector<RuleLine>& lines) {
  Json report = {{"outcome", std::string(model::OutcomeName(decision.outcome))},
                 {"decided_by", std::string(model::DecidedByName(decision.decided_by))},
                 {"score", decision.score},
                 {"review_at", set.policy.review_at},
                 {"deny_at", set.policy.deny_at},
                 {"provenance", std::string(model::ProvenanceName(decision.provenance))},
                 {"reasons", decision.reasons},
                 {"rule_set", set.hash}};
  for (const char* word : {"matched", "missing", "error", "shadow"}) {
    report[word] = Json::array();
  }
  for (const RuleLine& line : lines) {
    Json entry = {{"rule", line.rule->id},
                  {"action", std::string(ruleset::ActionName(line.rule->action))},
                  {"score", line.rule->score},
                  {"reason", line.rule->reason}};
    if (line.word == "missing") entry["fields"] = line.missing;
    report[line.word].push_back(std::move(entry));
  }
  return report;
}

}  // namespace verdict::cli
