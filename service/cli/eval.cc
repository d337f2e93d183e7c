// A payment from a file through the rules and the policy, printed for people or machines.
#include "cli/eval.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "cli/lint.h"
#include "cli/terminal.h"
#include "nlohmann/json.hpp"
#include "ruleset/given_record.h"
#include "ruleset/json_reader.h"
#include "ruleset/rule_set.h"

namespace verdict::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kExample[] =
    "payment.json holds the fields that rules read, features too; what is left out is missing:\n"
    "  {\"txn\": {\"amount\": 742.5, \"currency\": \"EUR\"}, \"card\": {\"country\": \"FR\", "
    "\"count_1d\": 6}}\n"
    "A feature's value counts as FULL unless it says otherwise: {\"value\": 6, \"provenance\": "
    "\"STALE\"}.\n"
    "Exit status: 0 evaluated, 1 findings in rules, payment or expression, 2 wrong usage.\n"
    "Examples: verdict eval rules/ --txn payment.json\n"
    "          verdict eval rules/ --txn payment.json --expr 'txn.amount / 2.0'";

struct EvalOptions {
  std::string folder;
  std::string txn_file;
  std::string expression;
  OutputFormat format = OutputFormat::kText;
  feature::FeatureOptions deployment;
};

// A payment as given. The document is what the record's views look at.
struct GivenPayment {
  std::unique_ptr<const ruleset::JsonDocument> document;
  ruleset::GivenRecord given;
};

absl::StatusOr<std::string> ReadWhole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  if (!file || !(bytes << file.rdbuf())) {
    return absl::UnavailableError(
        absl::StrFormat("cannot read %s: %s", path, std::strerror(errno)));
  }
  return std::move(bytes).str();
}

int PrintFindings(const std::vector<rule::Diagnostic>& diagnostics, OutputFormat format) {
  if (format == OutputFormat::kJson) {
    absl::PrintF("{\"diagnostics\": %s}\n", DiagnosticsJson(diagnostics));
  } else {
    PrintDiagnostics(diagnostics, stderr);
  }
  return kExitFindings;
}

// Nothing where the payment has findings.
std::optional<GivenPayment> ReadPayment(const std::string& path, std::string text,
                                        const ruleset::RuleSet& set, ruleset::Findings* findings) {
  GivenPayment payment;
  payment.document = ruleset::ReadJson(path, std::move(text), findings);
  if (payment.document == nullptr || findings->errors() > 0) return std::nullopt;
  const ruleset::JsonValue& root = payment.document->root();
  if (root.kind != ruleset::JsonKind::kObject) {
    findings->ErrorAt("R507", *payment.document, root,
                      "a payment is an object such as {\"txn\": {\"amount\": 742.5}}");
    return std::nullopt;
  }
  auto given = ruleset::ReadGiven(*payment.document, root,
                                  {.schema = set.schema.get(),
                                   .features = set.features.get(),
                                   .base_currency = set.features->options().base_currency},
                                  findings);
  if (!given) return std::nullopt;
  payment.given = std::move(*given);
  return payment;
}

// One rule in the answer: why it stands there, and what it brings.
struct Line {
  std::string word;  // "matched", "missing", "error", "shadow"
  const ruleset::Rule* rule = nullptr;
  std::vector<std::string> missing;
};

std::vector<Line> Lines(const ruleset::RuleSet& set, const ruleset::Evaluation& evaluation,
                        const rule::Record& record, rule::EvaluationArena* arena) {
  std::vector<Line> matched, missing, errors, shadow;
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
  for (std::vector<Line>* more : {&missing, &errors, &shadow}) {
    matched.insert(matched.end(), more->begin(), more->end());
  }
  return matched;
}

std::string Joined(const std::vector<std::string>& names) {
  std::string joined;
  for (const std::string& name : names) joined += (joined.empty() ? "" : ", ") + name;
  return joined;
}

std::string LineText(const Line& line, size_t width) {
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

void PrintDecisionText(const ruleset::RuleSet& set, const model::Decision& decision,
                       const std::vector<Line>& lines) {
  std::string inputs;
  if (decision.provenance != model::Provenance::kFull) {
    inputs = absl::StrFormat("   inputs %s", model::ProvenanceName(decision.provenance));
  }
  absl::PrintF("%s by %s   score %d (review_at %d, deny_at %d)   set %s%s\n",
               model::OutcomeName(decision.outcome), model::DecidedByName(decision.decided_by),
               decision.score, set.policy.review_at, set.policy.deny_at, set.short_hash, inputs);
  size_t width = 0;
  for (const Line& line : lines) width = std::max(width, line.rule->id.size());
  for (const Line& line : lines) absl::PrintF("%s\n", LineText(line, width));
}

void PrintDecisionJson(const ruleset::RuleSet& set, const model::Decision& decision,
                       const std::vector<Line>& lines) {
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
  for (const Line& line : lines) {
    Json entry = {{"rule", line.rule->id},
                  {"action", std::string(ruleset::ActionName(line.rule->action))},
                  {"score", line.rule->score},
                  {"reason", line.rule->reason}};
    if (line.word == "missing") entry["fields"] = line.missing;
    report[line.word].push_back(std::move(entry));
  }
  absl::PrintF("%s\n", report.dump(2));
}

int EvaluateExpression(const EvalOptions& options, const ruleset::RuleSet& set,
                       const rule::Record& record, rule::EvaluationArena* arena) {
  std::vector<rule::Diagnostic> found;
  rule::Source source;
  source.text = options.expression;
  auto expression = rule::Expression::Compile(
      source, {.schema = set.schema.get(), .lists = &set.lists, .check_result = false}, &found);
  if (expression == nullptr) return PrintFindings(found, options.format);
  PrintDiagnostics(found, stderr);  // warnings and hints
  const rule::Value value = expression->Evaluate(record, arena);
  const std::string text = rule::FormatValue(value, set.schema.get());
  if (options.format == OutputFormat::kJson) {
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
                    const ruleset::GivenRecord& given, rule::EvaluationArena* arena) {
  ruleset::Evaluation evaluation;
  model::Decision decision;
  ruleset::EvaluateRules(set, given.record, arena, &evaluation);
  ruleset::Decide(set, evaluation, given.provenance, &decision);
  const std::vector<Line> lines = Lines(set, evaluation, given.record, arena);
  if (options.format == OutputFormat::kJson) {
    PrintDecisionJson(set, decision, lines);
  } else {
    PrintDecisionText(set, decision, lines);
  }
  return kExitOk;
}

int Evaluate(const EvalOptions& options) {
  if (options.txn_file.empty() && options.expression.empty()) {
    return ExitWith("eval", absl::InvalidArgumentError("give --txn FILE, --expr 'EXPR', or both"));
  }
  const ruleset::LoadResult loaded =
      ruleset::LoadRuleSet(options.folder, {.deployment = options.deployment});
  if (loaded.set == nullptr) return PrintFindings(loaded.diagnostics, options.format);
  const ruleset::RuleSet& set = *loaded.set;
  GivenPayment payment;
  payment.given.record.Reset(set.schema->fields().size());
  if (!options.txn_file.empty()) {
    absl::StatusOr<std::string> text = ReadWhole(options.txn_file);
    if (!text.ok()) return ExitWith("eval", text.status());
    ruleset::Findings findings;
    auto read = ReadPayment(options.txn_file, *std::move(text), set, &findings);
    if (!read) return PrintFindings(findings.list(), options.format);
    payment = std::move(*read);
  }
  rule::EvaluationArenaPtr arena = rule::MakeEvaluationArena();
  if (!options.expression.empty()) {
    return EvaluateExpression(options, set, payment.given.record, arena.get());
  }
  return EvaluatePayment(options, set, payment.given, arena.get());
}

}  // namespace

void AddEvalCommand(CLI::App& app, int* exit_code) {
  CLI::App* command = app.add_subcommand(
      "eval", "decide one payment, or evaluate one expression, by a folder of rules");
  command->footer(kExample);
  auto options = std::make_shared<EvalOptions>();
  command->add_option("rules", options->folder, "the folder of rules")
      ->required()
      ->check(CLI::ExistingDirectory);
  command->add_option("--txn", options->txn_file, "the payment, a JSON file")
      ->check(CLI::ExistingFile);
  command->add_option("--expr", options->expression, "an expression to evaluate on the payment");
  AddFormatOption(command, &options->format);
  AddDeploymentOptions(command, &options->deployment);
  command->callback([options, exit_code] { *exit_code = Evaluate(*options); });
}

}  // namespace verdict::cli
