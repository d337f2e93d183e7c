// The command around three explanations: of a decision, of a rule, of a code.
#include "cli/explain.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include "absl/strings/str_format.h"
#include "cli/explain_code.h"
#include "cli/explain_decision.h"
#include "cli/explain_rule.h"
#include "cli/lint.h"
#include "cli/rules_and_payment.h"
#include "rule/suggest.h"

namespace verdict::cli {
namespace {

constexpr char kExample[] =
    "payment.json is the same as for `verdict eval`. What a clause saw stands beside it: its text "
    "with the payment's values.\n"
    "Exit status: 0 explained, 1 findings in rules or payment, 2 wrong usage.\n"
    "Examples: verdict explain rules/ --txn payment.json\n"
    "          verdict explain rules/ --txn payment.json --rule cross_border_burst\n"
    "          verdict explain R210";

struct ExplainOptions {
  std::string subject;  // a folder of rules, or a code; empty: all codes
  RulesAndPaymentFiles files;
  std::string rule;
  bool all = false;
};

int Print(const Json& report) {
  // A payment may hold text of any kind.
  absl::PrintF("%s\n", report.dump(2, ' ', false, Json::error_handler_t::replace));
  return kExitOk;
}

int Print(const std::string& text) {
  absl::PrintF("%s", text);
  return kExitOk;
}

int ExplainCode(const ExplainOptions& options) {
  const bool json = options.files.format == OutputFormat::kJson;
  if (options.subject.empty()) return json ? Print(CodeListJson()) : Print(CodeListText());
  const CodeText* code = FindCode(options.subject);
  if (code != nullptr) return json ? Print(CodeTextJson(*code)) : Print(CodeTextText(*code));
  const std::string nearest = NearestCode(options.subject);
  return ExitWith("explain",
                  absl::NotFoundError(absl::StrFormat(
                      "no message has the code %s%s `verdict explain` lists all", options.subject,
                      nearest.empty() ? ";" : "; did you mean " + nearest + "?")));
}

int ExplainRule(const ExplainOptions& options, const RulesAndPayment& read) {
  const std::vector<ruleset::Rule>& rules = read.set->rules;
  std::vector<std::string> ids;
  ids.reserve(rules.size());
  for (const ruleset::Rule& rule : rules) ids.push_back(rule.id);
  const auto at = std::find(ids.begin(), ids.end(), options.rule);
  if (at == ids.end()) {
    const std::string nearest = rule::Nearest(options.rule, ids);
    return ExitWith("explain", absl::NotFoundError(absl::StrFormat(
                                   "%s has no rule `%s`%s", options.subject, options.rule,
                                   nearest.empty() ? "" : "; did you mean `" + nearest + "`?")));
  }
  const auto index = static_cast<size_t>(at - ids.begin());
  const rule::EvaluationArenaPtr arena = rule::MakeEvaluationArena();
  ruleset::Evaluation evaluation;
  ruleset::EvaluateRules(*read.set, read.given.record, arena.get(), &evaluation);
  const RuleTrace trace =
      TraceRule(*read.set, rules[index], evaluation.acting[index], read.given, arena.get());
  if (options.files.format == OutputFormat::kJson) return Print(RuleTraceJson(trace));
  return Print(RuleTraceText(trace, ::isatty(STDOUT_FILENO) != 0));
}

int ExplainPayment(const ExplainOptions& options) {
  int exit_code = kExitOk;
  const std::optional<RulesAndPayment> read =
      ReadRulesAndPayment("explain", options.files, &exit_code);
  if (!read) return exit_code;
  if (!options.rule.empty()) return ExplainRule(options, *read);
  const DecisionTrace trace = TraceDecision(*read, options.all);
  if (options.files.format == OutputFormat::kJson) return Print(DecisionTraceJson(trace));
  return Print(DecisionTraceText(trace, ::isatty(STDOUT_FILENO) != 0));
}

int WrongUsage(const std::string& message) {
  return ExitWith("explain", absl::InvalidArgumentError(message));
}

int Explain(ExplainOptions options) {
  const std::string& subject = options.subject;
  const bool folder = std::filesystem::is_directory(subject);
  if (!options.files.txn_file.empty()) {
    if (!folder) return WrongUsage(absl::StrFormat("`%s` is no folder of rules", subject));
    options.files.folder = subject;
    return ExplainPayment(options);
  }
  const bool of_rules = !options.rule.empty() || options.all;
  if (!of_rules && (subject.empty() || LooksLikeCode(subject))) return ExplainCode(options);
  if (of_rules || folder) return WrongUsage("give --txn FILE, the payment that is explained");
  return WrongUsage(
      absl::StrFormat("`%s` is neither a folder of rules nor a code such as R210", subject));
}

}  // namespace

void AddExplainCommand(CLI::App& app, int* exit_code) {
  CLI::App* command = app.add_subcommand(
      "explain", "why a decision came out so, what a rule saw, or what a message's code means");
  command->footer(kExample);
  auto options = std::make_shared<ExplainOptions>();
  command->add_option("subject", options->subject,
                      "the folder of rules; or a code such as R210; nothing lists all codes");
  command->add_option("--txn", options->files.txn_file, "the payment, a JSON file")
      ->check(CLI::ExistingFile);
  command->add_option("--rule", options->rule, "one rule, by its id, whatever its result");
  command->add_flag("--all", options->all, "rules that did not match, too");
  AddFormatOption(command, &options->files.format);
  AddDeploymentOptions(command, &options->files.deployment);
  command->callback([options, exit_code] { *exit_code = Explain(*options); });
}

}  // namespace verdict::cli
