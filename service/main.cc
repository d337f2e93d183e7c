// verdictd: settings, parts, serve, drain, stop.
#include <sys/resource.h>

#include <cstdio>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "base/status.h"
#include "grpc_api/server.h"
#include "http_api/process_metrics.h"
#include "log.h"
#include "settings/load.h"
#include "stop_signal.h"
#include "verdictd.h"

namespace verdict {
namespace {

constexpr char kVersion[] = VERDICT_VERSION;
constexpr std::chrono::hours kWaitSlice{1};

// Three databases may hold over a thousand files open, and each gateway a connection.
void AllowManyFiles() {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);  // as it was, where it is refused
}

int Refuse(const absl::Status& status) {
  std::fprintf(stderr, "verdictd: %s\n", std::string(status.message()).c_str());
  return 2;
}

void ForwardGrpcLog(int severity, const char* message) {
  severity == 2 ? LogWarning("grpc", {{"message", message}})
                : LogDebug("grpc", {{"message", message}});
}

// From the folder to the last checkpoint. `started` is false where the operator has something to
// mend first.
absl::Status Live(const settings::Settings& settings, StopSignal* stop, bool* started) {
  Verdictd verdictd(settings);
  RETURN_IF_ERROR(verdictd.Open());
  const absl::Status prepared = verdictd.Prepare(stop);
  if (!prepared.ok() && !absl::IsCancelled(prepared)) return prepared;
  *started = true;
  if (prepared.ok()) {
    verdictd.Serve();
    while (!stop->WaitFor(kWaitSlice)) {
    }
  }
  return verdictd.Stop();
}

int Run(const settings::Invocation& invocation) {
  AllowManyFiles();
  // The distribution's abseil looks for deadlocks at each lock of gRPC's, under one lock of its
  // own.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  StopSignal stop;  // first: every thread made later leaves the signals to it
  StartLog(invocation.settings.log_level);
  grpc_api::RouteGrpcLog(ForwardGrpcLog);
  for (const std::string& warning : invocation.warnings) LogWarning(warning);
  http_api::RegisterProcessMetrics(kVersion);
  bool started = false;
  const absl::Status ended = Live(invocation.settings, &stop, &started);
  grpc_api::RouteGrpcLog(nullptr);
  StopLog();
  if (!started) return Refuse(ended);
  return ended.ok() ? 0 : 1;
}

int Main(int argc, char** argv) {
  settings::Input input;
  input.arguments.assign(argv + 1, argv + argc);
  input.environment = settings::ProcessEnvironment();
  input.version = kVersion;
  const absl::StatusOr<settings::Invocation> invocation = settings::Load(input);
  if (!invocation.ok()) return Refuse(invocation.status());
  if (invocation->action == settings::Invocation::Action::kServe) return Run(*invocation);
  std::fputs(invocation->text.c_str(), stdout);
  return 0;
}

}  // namespace
}  // namespace verdict

int main(int argc, char** argv) { return verdict::Main(argc, argv); }
