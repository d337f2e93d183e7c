// `verdict aggregate show`: the tiles of one entity, as a table. Stored ones of a stopped verdictd,
// or stored and live ones as a running verdictd has them.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/deployment_flags.h"
#include "cli/terminal.h"
#include "ruleset/rule_set.h"

namespace verdict::cli {

struct AggregateArguments {
  DeploymentFlags where;
  std::string rules;    // empty: as the settings say
  std::string entity;   // show: "merchant:m000004"
  std::string address;  // show: HOST:PORT of a running verdictd; empty: the folder is read
  std::string at;       // show, with an address: the moment at which windows end; empty: now
  std::optional<int> cut_minutes;  // else as the settings say
  OutputFormat format = OutputFormat::kText;

  // --import (DAY mode)
  std::string tiles;                   // the file; empty: no import
  std::string feature;                 // one that reads the measure
  std::string before, from, log_from;  // days; empty: told by the file and the log
  std::string late = "2d";
  bool skip_bad = false;
};

// Errors: InvalidArgument where the rules do not compile; the diagnostics are on stderr then.
absl::StatusOr<std::shared_ptr<const ruleset::RuleSet>> LoadFeatures(
    const AggregateArguments& arguments);

// Errors: InvalidArgument for an entity type that no feature has, NotFound where nothing is folded
// of the entity.
absl::Status ShowEntity(const AggregateArguments& arguments);
// What the verdictd at `address` makes of it: each feature with its parts. Counts nothing.
// Errors: as above; Unavailable.
absl::Status ShowLiveEntity(const AggregateArguments& arguments);

// What "type:id" names. Errors: InvalidArgument, which names the types there are.
struct EntityName {
  uint16_t index;  // in FeatureSet::entities()
  std::string type, id;
};
absl::StatusOr<EntityName> ParseEntity(const std::string& text,
                                       const feature::FeatureSet& features);

}  // namespace verdict::cli
