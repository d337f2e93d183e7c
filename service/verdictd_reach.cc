// A start waits for brokers that are away: what heals by itself ends nothing. What they answer and
// a person must mend ends it.
#include <chrono>
#include <functional>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "log.h"
#include "verdictd.h"

namespace verdict {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kAsk{500};  // one question: a stop waits for it
constexpr milliseconds kPause{500};
constexpr milliseconds kFirstTold{2'000};
constexpr milliseconds kToldEvery{5'000};

}  // namespace

// `step` may be repeated while it is Unavailable. Of a log that no broker has, nothing is away.
absl::Status Verdictd::UntilReached(StopSignal* stop, const std::string& doing,
                                    const std::function<absl::Status()>& step) {
  SetUnready(doing);
  auto next_told = steady_clock::now() + kFirstTold;
  bool told = false;
  while (true) {
    const absl::Status status = step();
    if (!absl::IsUnavailable(status) || settings_.kafka.brokers.empty()) {
      if (told && status.ok()) LogInfo("the log is reached");
      return status;
    }
    const std::string error(status.message());
    SetUnready(absl::StrCat(doing, "; waiting, since it could not be reached: ", error));
    if (steady_clock::now() >= next_told) {
      LogWarning("the log cannot be reached, and is asked again", {{"error", error}});
      next_told = steady_clock::now() + kToldEvery;
      told = true;
    }
    if (stop->WaitFor(kPause)) {
      return absl::CancelledError("stopped before the log could be reached");
    }
  }
}

absl::Status Verdictd::ReachLog(StopSignal* stop) {
  RETURN_IF_ERROR(
      UntilReached(stop, "reaching the log", [this] { return deployment_->ReachLog(kAsk); }));
  for (const std::string& warning : deployment_->warnings()) LogWarning(warning);
  return absl::OkStatus();
}

absl::Status Verdictd::RestoreAll(StopSignal* stop) {
  return UntilReached(stop, "restoring live state", [this] {
    ForgetState();
    return Restore();
  });
}

// What a Restore that broke off has made, last first.
void Verdictd::ForgetState() {
  sliding_.reset();
  sliding_source_.reset();
  pump_.reset();
  checkpoints_.reset();
  source_.reset();
  checkpoint_.reset();
  live_metrics_.reset();
  imports_.reset();
  live_.reset();
}

}  // namespace verdict
