#include "cli/deployment_flags.h"

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "cli/lint.h"
#include "settings/load.h"

namespace verdict::cli {

void AddDeploymentFlags(CLI::App* command, DeploymentFlags* flags) {
  CLI::Option* config = command->add_option(
      "--config", flags->config, "verdictd's configuration file: its log, its store, its days");
  command->add_option("--embedded", flags->embedded,
                      "the folder that verdictd --embedded owns; verdictd must be stopped");
  command
      ->add_option("--clock", flags->clock,
                   "event: time is that of the events, as verdictd --clock event has it")
      ->capture_default_str()
      ->check(CLI::IsMember({"event", "wall"}))
      ->excludes(config);
  AddDeploymentOptions(command, &flags->days);
}

absl::Status ResolveDeployment(DeploymentFlags* flags) {
  if (flags->embedded.empty() == flags->config.empty()) {
    return absl::InvalidArgumentError(
        "say where the log is: --embedded DIR, or --config FILE as verdictd has it (one of them)");
  }
  settings::Settings& settings = flags->settings;
  if (flags->config.empty()) {
    settings.embedded = flags->embedded;
    settings.zone = flags->days.zone_name;
    settings.base_currency = flags->days.base_currency;
    settings.clock =
        flags->clock == "event" ? settings::ClockKind::kEvent : settings::ClockKind::kWall;
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(settings, settings::LoadFile(flags->config, settings::ProcessEnvironment()));
  flags->days.zone_name = settings.zone;
  flags->days.base_currency = settings.base_currency;
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<OpenedDeployment>> OpenedDeployment::Open(
    const DeploymentFlags& flags, deployment::Role role, const std::string& program) {
  std::unique_ptr<OpenedDeployment> opened(new OpenedDeployment());
  opened->clock_ = deployment::MakeClock(flags.settings);
  absl::StatusOr<std::unique_ptr<deployment::Deployment>> parts =
      deployment::Deployment::Open(flags.settings, opened->clock_.get(), role, program);
  if (!parts.ok()) {
    const bool in_use = parts.status().message().find("in use") != absl::string_view::npos;
    return absl::Status(
        parts.status().code(),
        absl::StrFormat(
            "%s%s", std::string(parts.status().message()),
            in_use ? "; stop it first (events for a running verdictd go through its Record call)"
                   : ""));
  }
  opened->parts_ = *std::move(parts);
  return opened;
}

}  // namespace verdict::cli
