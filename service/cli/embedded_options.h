// What the commands that work on an embedded directory share: its flags, and opening it while
// verdictd is stopped.
#pragma once

#include <memory>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "feature/feature_set.h"
#include "rocks_store/embedded_dir.h"

namespace verdict::cli {

struct EmbeddedOptions {
  std::string dir;
  std::string clock = "event";
  feature::FeatureOptions deployment;  // zone, base currency
};

// Adds --embedded, --clock, --zone and --base-currency, and returns the first, which is required
// unless the caller says otherwise. `options` must outlive the parse.
CLI::Option* AddEmbeddedOptions(CLI::App* command, EmbeddedOptions* options);

// Thread-compatible. The directory and the clock that its log runs by.
class OpenedDir {
 public:
  // `program` is what another process is told that wants DIR meanwhile. Errors: FailedPrecondition
  // naming the pid of the process that has it, or what it was made with.
  static absl::StatusOr<std::unique_ptr<OpenedDir>> Open(const EmbeddedOptions& options,
                                                         const std::string& program);
  rocks_store::EmbeddedDir& dir() { return *dir_; }
  base::Clock& clock() { return *clock_; }
  // The clock stands where the log does.
  void ObserveLog();

 private:
  OpenedDir() = default;
  std::unique_ptr<base::Clock> clock_;  // outlives dir_
  std::unique_ptr<rocks_store::EmbeddedDir> dir_;
};

}  // namespace verdict::cli
