// A payment from a file through the rules and the policy, printed for people or machines.
#include "cli/eval.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "cli/decision_report.h"
#include "cli/lint.h"
#include "cli/rules_and_payment.h"

namespace verdict::cli {
namespace {

constexpr char kExample[] =
    "payment.json holds the fields that rules read, features too; what is left out is missing:\n"
    "  {\"txn\": {\"amount\": 742.5, \"currency\": \"EUR\"}, \"card\": {\"country\": \"FR\", "
    "\"count_1d\": 6}}\n"
    "A feature's value counts as FULL and new unless it says otherwise, by either: {\"value\": 6, "
    "\"age\": \"2m\", \"provenance\": \"STALE\"}.\n"
    "Exit status: 0 evaluated, 1 findings in rules, payment or expression, 2 wrong usage.\n"
    "Examples: verdict eval rules/ --txn payment.json\n"
    "          verdict eval rules/ --txn payment.json --expr 'txn.amount / 2.0'";

struct EvalOptions {
  RulesAndPaymentFiles files;
  std::string expression;
};

int EvaluateExpression(const EvalOptions& options, const ruleset::RuleSet& set,
                       const rule::Record& record, rule::EvaluationArena* arena) {
  std::vector<rule::Diagnostic> found;
  rule::Source source;
  source.text = options.expression;
  auto expression = rule::Expression::Compile(
      source, {.schema = set.schema.get(), .lists = &set.lists, .check_result = false}, &found);
  if (expression == nullptr) return ExitWithFindings(found, options.files.format);
  PrintDiagnostics(found, stderr);  // warnings and hints
  const rule::Value value = expression->Evaluate(record, arena);
  const std::string text = rule::FormatValue(value, set.schema.get());
  if (options.files.format == OutputFormat::kJson) {
    const char* result = value.is_missing() ? "missing" : value.is_error() ? "error" : "value";
    Json report = {{"result", result},
                   {"type", std::string(rule::FieldTypeName(expression->type()))},
                   {"text", text}};
    absl::PrintF("%s\n", report.dump(2));
  } else {
    absl::PrintF("%s\n", text);
  }
  return kExitOk;
}

int EvaluatePayment(const EvalOptions& options, const ruleset::RuleSet& set,
                    const RulesAndPayment& read, rule::EvaluationArena* arena) {
  ruleset::Evaluation evaluation;
  model::Decision decision;
  ruleset::EvaluateRules(set, read.given.record, arena, &evaluation);
  ruleset::Decide(set, evaluation, read.provenance, &decision);
  const std::vector<RuleLine> lines = RuleLines(set, evaluation, read.given.record, arena);
  if (options.files.format == OutputFormat::kJson) {
    absl::PrintF("%s\n", DecisionJson(set, decision, lines).dump(2));
  } else {
    absl::PrintF("%s", DecisionText(set, decision, lines));
  }
  return kExitOk;
}

int Evaluate(const EvalOptions& options) {
  if (options.files.txn_file.empty() && options.expression.empty()) {
    return ExitWith("eval", absl::InvalidArgumentError("give --txn FILE, --expr 'EXPR', or both"));
  }
  int exit_code = kExitOk;
  const std::optional<RulesAndPayment> read =
      ReadRulesAndPayment("eval", options.files, &exit_code);
  if (!read) return exit_code;
  rule::EvaluationArenaPtr arena = rule::MakeEvaluationArena();
  if (!options.expression.empty()) {
    return EvaluateExpression(options, *read->set, read->given.record, arena.get());
  }
  return EvaluatePayment(options, *read->set, *read, arena.get());
}

}  // namespace

void AddEvalCommand(CLI::App& app, int* exit_code) {
  CLI::App* command = app.add_subcommand(
      "eval", "decide one payment, or evaluate one expression, by a folder of rules");
  command->footer(kExample);
  auto options = std::make_shared<EvalOptions>();
  command->add_option("rules", options->files.folder, "the folder of rules")
      ->required()
      ->check(CLI::ExistingDirectory);
  command->add_option("--txn", options->files.txn_file, "the payment, a JSON file")
      ->check(CLI::ExistingFile);
  command->add_option("--expr", options->expression, "an expression to evaluate on the payment");
  AddFormatOption(command, &options->files.format);
  AddDeploymentOptions(command, &options->files.deployment);
  command->callback([options, exit_code] { *exit_code = Evaluate(*options); });
}

}  // namespace verdict::cli
