#include "cli/explain_decision.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "cli/policy_steps.h"

namespace verdict::cli {
namespace {

void AddCount(int count, std::string_view does, std::string_view do_, std::string* text) {
  if (count == 0) return;
  absl::StrAppendFormat(text, "%s%s %s %s", text->empty() ? "" : ", ", WithThousands(count),
                        count == 1 ? "rule" : "rules", count == 1 ? does : do_);
}

// "38 rules did not match, 2 rules are off"; empty where all rules are shown.
std::string Rest(const DecisionTrace& trace) {
  std::string text;
  AddCount(trace.no_match, "did not match", "did not match", &text);
  AddCount(trace.idle_without_result, "that only watches ended missing or in an error",
           "that only watch ended missing or in an error", &text);
  AddCount(trace.off, "is off", "are off", &text);
  return text;
}

}  // namespace

DecisionTrace TraceDecision(const RulesAndPayment& read, bool all) {
  const ruleset::RuleSet& set = *read.set;
  const rule::EvaluationArenaPtr arena = rule::MakeEvaluationArena();
  ruleset::Evaluation evaluation;
  DecisionTrace trace;
  trace.set = &set;
  ruleset::EvaluateRules(set, read.given.record, arena.get(), &evaluation);
  ruleset::Decide(set, evaluation, read.provenance, &trace.decision);
  trace.lines = RuleLines(set, evaluation, read.given.record, arena.get());
  trace.steps = PolicySteps(set, evaluation, trace.decision, read.given);

  std::vector<bool> shown(set.rules.size(), false);
  const auto show = [&](size_t i) {
    if (shown[i]) return;
    shown[i] = true;
    trace.rules.push_back(
        TraceRule(set, set.rules[i], evaluation.acting[i], read.given, arena.get()));
  };
  for (const RuleLine& line : trace.lines) show(static_cast<size_t>(line.rule - set.rules.data()));
  for (size_t i = 0; i < set.rules.size(); ++i) {
    if (all) show(i);
    if (shown[i]) continue;
    const bool off = set.rules[i].mode == ruleset::Mode::kOff;
    const bool no_match = evaluation.results[i] == ruleset::RuleResult::kNoMatch;
    ++(off ? trace.off : no_match ? trace.no_match : trace.idle_without_result);
  }
  return trace;
}

std::string DecisionTraceText(const DecisionTrace& trace, bool color) {
  std::string text = DecisionHead(*trace.set, trace.decision);
  for (size_t i = 0; i < trace.steps.size(); ++i) {
    absl::StrAppendFormat(&text, "step %d  %s\n", i + 1, trace.steps[i]);
  }
  for (const RuleTrace& rule : trace.rules) text += "\n" + RuleTraceText(rule, color);
  const std::string rest = Rest(trace);
  return rest.empty() ? text : text + "\n" + rest + "\n";
}

Json DecisionTraceJson(const DecisionTrace& trace) {
  Json report = DecisionJson(*trace.set, trace.decision, trace.lines);
  report["steps"] = trace.steps;
  report["rules"] = Json::array();
  for (const RuleTrace& rule : trace.rules) report["rules"].push_back(RuleTraceJson(rule));
  report["not_shown"] = {{"no_match", trace.no_match},
                         {"missing_or_error_without_acting", trace.idle_without_result},
                         {"off", trace.off}};
  return report;
}

}  // namespace verdict::cli
