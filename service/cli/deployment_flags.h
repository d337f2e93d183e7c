// What the commands share that work on a log and its aggregates: which ones, and opening them.
#pragma once

#include <memory>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "deployment/deployment.h"
#include "feature/feature_set.h"
#include "settings/settings.h"

namespace verdict::cli {

// A folder that verdictd --embedded owns, or what verdictd's configuration file names.
struct DeploymentFlags {
  std::string embedded;
  std::string config;
  std::string clock = "event";   // of `embedded`
  feature::FeatureOptions days;  // zone and base currency; ResolveDeployment fills it from a file
  settings::Settings settings;   // as ResolveDeployment found them
};

// Adds --embedded, --config, --clock, --zone and --base-currency. `flags` must outlive the parse.
void AddDeploymentFlags(CLI::App* command, DeploymentFlags* flags);
// Once parsed: fills `settings` and `days`. Errors: InvalidArgument where neither folder nor file
// is named, or both, or the file has a fault.
absl::Status ResolveDeployment(DeploymentFlags* flags);

// Thread-compatible. The deployment and the clock that its log runs by.
class OpenedDeployment {
 public:
  // `program` is what another process is told that wants the folder meanwhile. REQUIRES: resolved.
  // Errors: FailedPrecondition naming the pid of the process that has it, or what it was made with.
  static absl::StatusOr<std::unique_ptr<OpenedDeployment>> Open(const DeploymentFlags& flags,
                                                                deployment::Role role,
                                                                const std::string& program);
  deployment::Deployment& parts() { return *parts_; }
  base::Clock& clock() { return *clock_; }

 private:
  OpenedDeployment() = default;
  std::unique_ptr<base::Clock> clock_;  // outlives parts_
  std::unique_ptr<deployment::Deployment> parts_;
};

}  // namespace verdict::cli
