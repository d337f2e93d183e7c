// `verdict aggregate show`: the stored tiles of one entity, as a table.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/embedded_options.h"
#include "cli/terminal.h"
#include "ruleset/rule_set.h"

namespace verdict::cli {

struct AggregateArguments {
  EmbeddedOptions embedded;
  std::string rules = "rules";
  std::string entity;    // show: "merchant:m000004"
  int cut_minutes = 10;  // as verdictd's cut_minutes
  OutputFormat format = OutputFormat::kText;
};

// Errors: InvalidArgument where the rules do not compile; the diagnostics are on stderr then.
absl::StatusOr<std::shared_ptr<const ruleset::RuleSet>> LoadFeatures(
    const AggregateArguments& arguments);

// Errors: InvalidArgument for an entity type that no feature has, NotFound where nothing is folded
// of the entity.
absl::Status ShowEntity(const AggregateArguments& arguments);

}  // namespace verdict::cli
