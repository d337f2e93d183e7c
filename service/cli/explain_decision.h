// Why a decision came out as it did: the step of the policy that decided, and each rule that had a
// part in it.
#pragma once

#include <string>
#include <vector>

#include "cli/decision_report.h"
#include "cli/explain_rule.h"
#include "cli/rules_and_payment.h"

namespace verdict::cli {

struct DecisionTrace {
  const ruleset::RuleSet* set = nullptr;
  model::Decision decision;
  std::vector<RuleLine> lines;
  std::vector<std::string> steps;  // PolicySteps
  std::vector<RuleTrace> rules;  // in the order of `lines`, each once; then those asked for by all
  // Of rules that are not among `rules`.
  int no_match = 0;
  int idle_without_result = 0;  // of mode shadow or expired, ended missing or in an error
  int off = 0;
};

// `read` must outlive the trace. `all`: rules that had no part in it, too.
DecisionTrace TraceDecision(const RulesAndPayment& read, bool all);

std::string DecisionTraceText(const DecisionTrace& trace, bool color);
Json DecisionTraceJson(const DecisionTrace& trace);

}  // namespace verdict::cli
