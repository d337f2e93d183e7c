#include "cli/embedded_options.h"

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "cli/lint.h"

namespace verdict::cli {

CLI::Option* AddEmbeddedOptions(CLI::App* command, EmbeddedOptions* options) {
  CLI::Option* dir =
      command
          ->add_option("--embedded", options->dir,
                       "the folder that verdictd --embedded owns; verdictd must be stopped")
          ->required();
  command
      ->add_option("--clock", options->clock,
                   "event: time is that of the events, as verdictd --clock event has it")
      ->capture_default_str()
      ->check(CLI::IsMember({"event", "wall"}));
  AddDeploymentOptions(command, &options->deployment);
  return dir;
}

absl::StatusOr<std::unique_ptr<OpenedDir>> OpenedDir::Open(const EmbeddedOptions& options,
                                                           const std::string& program) {
  std::unique_ptr<OpenedDir> opened(new OpenedDir());
  if (options.clock == "event") {
    opened->clock_ = std::make_unique<base::EventClock>();
  } else {
    opened->clock_ = std::make_unique<base::WallClock>();
  }
  rocks_store::EmbeddedDir::Options dir_options;
  dir_options.zone_name = options.deployment.zone_name;
  dir_options.base_currency = options.deployment.base_currency;
  dir_options.program = program;
  dir_options.log.future_skew_ms = options.deployment.future_skew_ms;
  absl::StatusOr<std::unique_ptr<rocks_store::EmbeddedDir>> dir =
      rocks_store::EmbeddedDir::Open(options.dir, opened->clock_.get(), dir_options);
  if (!dir.ok()) {
    const bool in_use = dir.status().message().find("in use") != absl::string_view::npos;
    return absl::Status(
        dir.status().code(),
        absl::StrFormat(
            "%s%s", std::string(dir.status().message()),
            in_use ? "; stop it first (events for a running verdictd go through its Record call)"
                   : ""));
  }
  opened->dir_ = *std::move(dir);
  opened->ObserveLog();
  return opened;
}

void OpenedDir::ObserveLog() {
  const int64_t last_ms = dir_->log().db().last_record_time_ms();
  if (last_ms > 0) clock_->Observe(last_ms);
}

}  // namespace verdict::cli
