#include "cli/rules_and_payment.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"
#include "cli/lint.h"
#include "ruleset/json_reader.h"

namespace verdict::cli {
namespace {

absl::StatusOr<std::string> ReadWhole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  if (!file || !(bytes << file.rdbuf())) {
    return absl::UnavailableError(
        absl::StrFormat("cannot read %s: %s", path, std::strerror(errno)));
  }
  return std::move(bytes).str();
}

}  // namespace

int ExitWithFindings(const std::vector<rule::Diagnostic>& diagnostics, OutputFormat format) {
  if (format == OutputFormat::kJson) {
    absl::PrintF("{\"diagnostics\": %s}\n", DiagnosticsJson(diagnostics));
  } else {
    PrintDiagnostics(diagnostics, stderr);
  }
  return kExitFindings;
}

bool ReadLive(const ruleset::RuleSet& set, uint16_t slot) {
  const std::vector<feature::Feature>& features = set.features->features();
  for (size_t f = 0; f < features.size(); ++f) {
    if (set.feature_read_live[f] && features[f].Fills(slot)) return true;
  }
  return false;
}

std::optional<RulesAndPayment> ReadPayment(const std::string& path, std::string text,
                                           std::shared_ptr<const ruleset::RuleSet> set,
                                           ruleset::Findings* findings) {
  RulesAndPayment read;
  read.set = std::move(set);
  read.document = ruleset::ReadJson(path, std::move(text), findings);
  if (read.document == nullptr || findings->errors() > 0) return std::nullopt;
  const ruleset::JsonValue& root = read.document->root();
  if (root.kind != ruleset::JsonKind::kObject) {
    findings->ErrorAt("R507", *read.document, root,
                      "a payment is an object such as {\"txn\": {\"amount\": 742.5}}");
    return std::nullopt;
  }
  const feature::FeatureSet& features = *read.set->features;
  auto given = ruleset::ReadGiven(*read.document, root,
                                  {.schema = read.set->schema.get(),
                                   .features = &features,
                                   .base_currency = features.options().base_currency},
                                  findings);
  if (!given) return std::nullopt;
  read.given = std::move(*given);
  for (const ruleset::GivenQuality& quality : read.given.qualities) {
    if (!ReadLive(*read.set, quality.slot)) continue;
    read.provenance = std::max(read.provenance, quality.provenance);
  }
  return read;
}

std::optional<RulesAndPayment> ReadRulesAndPayment(std::string_view command,
                                                   const RulesAndPaymentFiles& files,
                                                   int* exit_code) {
  const ruleset::LoadResult loaded =
      ruleset::LoadRuleSet(files.folder, {.deployment = files.deployment});
  if (loaded.set == nullptr) {
    *exit_code = ExitWithFindings(loaded.diagnostics, files.format);
    return std::nullopt;
  }
  if (files.txn_file.empty()) {
    RulesAndPayment nothing_given;
    nothing_given.set = loaded.set;
    nothing_given.given.record.Reset(loaded.set->schema->fields().size());
    return nothing_given;
  }
  absl::StatusOr<std::string> text = ReadWhole(files.txn_file);
  if (!text.ok()) {
    *exit_code = ExitWith(command, text.status());
    return std::nullopt;
  }
  ruleset::Findings findings;
  auto read = ReadPayment(files.txn_file, *std::move(text), loaded.set, &findings);
  if (!read) *exit_code = ExitWithFindings(findings.list(), files.format);
  return read;
}

}  // namespace verdict::cli
