// A folder of rules and a payment from a file: what `eval` and `explain` begin with.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "CLI/CLI.hpp"
#include "cli/terminal.h"
#include "feature/feature_set.h"
#include "ruleset/given_record.h"
#include "ruleset/rule_set.h"

namespace verdict::cli {

struct RulesAndPaymentFiles {
  std::string folder;
  std::string txn_file;  // empty: no payment, all of it is missing
  OutputFormat format = OutputFormat::kText;
  feature::FeatureOptions deployment;
};

struct RulesAndPayment {
  std::shared_ptr<const ruleset::RuleSet> set;
  std::unique_ptr<const ruleset::JsonDocument> document;  // what `given` looks at
  ruleset::GivenRecord given;
  // The worst among the features that live rules read, as `given` says them; else FULL.
  model::Provenance provenance = model::Provenance::kFull;
};

// Whether the slot is of a feature that live rules read.
bool ReadLive(const ruleset::RuleSet& set, uint16_t slot);

// Nothing where the text has findings. `path` names it in them.
std::optional<RulesAndPayment> ReadPayment(const std::string& path, std::string text,
                                           std::shared_ptr<const ruleset::RuleSet> set,
                                           ruleset::Findings* findings);

// Nothing where they cannot be had; then what is wrong was printed, and `exit_code` says so.
std::optional<RulesAndPayment> ReadRulesAndPayment(std::string_view command,
                                                   const RulesAndPaymentFiles& files,
                                                   int* exit_code);

// Prints what is wrong with rules, a payment or an expression. Returns the exit status.
int ExitWithFindings(const std::vector<rule::Diagnostic>& diagnostics, OutputFormat format);

}  // namespace verdict::cli
