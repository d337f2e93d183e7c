#include "decide/score_metrics.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace verdict::decide {
namespace {

constexpr std::string_view kRequests = "verdict_score_requests_total";
constexpr std::string_view kRequestsHelp =
    "Score calls by gRPC code; decision and provenance where there was an answer.";

const std::vector<double>& DurationBounds() {
  static const std::vector<double> kBounds = {0.00025, 0.0005, 0.001, 0.002, 0.003,
                                              0.005,   0.0075, 0.010, 0.015, 0.020,
                                              0.025,   0.050,  0.100, 0.200, 0.500};
  return kBounds;
}

base::Counter Requests(std::string code, std::string_view decision, std::string_view provenance) {
  return base::Metrics().AddCounter(std::string(kRequests), std::string(kRequestsHelp),
                                    {{"code", std::move(code)},
                                     {"decision", std::string(decision)},
                                     {"provenance", std::string(provenance)}});
}

template <size_t n>
std::array<base::Counter, n> Series(const std::string& name, const std::string& help,
                                    const std::string& label,
                                    const std::array<std::string_view, n>& values) {
  std::array<base::Counter, n> counters;
  for (size_t i = 0; i < n; ++i) {
    counters[i] = base::Metrics().AddCounter(name, help, {{label, std::string(values[i])}});
  }
  return counters;
}

constexpr std::array<std::string_view, kStages> kStageNames = {
    "validate", "keys", "blobs", "view", "merge", "rules", "publish", "append"};

}  // namespace

ScoreMetrics::ScoreMetrics()
    : appends_(Series<3>("verdict_agg_append_total",
                         "Appends of scored payments; stalled ones also end as ok or failed.",
                         "result", {"ok", "stalled", "failed"})),
      stage_ns_(Series<kStages>("verdict_score_stage_nanoseconds_total",
                                "Time of sampled Score calls by stage.", "stage", kStageNames)),
      stage_samples_(Series<kStages>("verdict_score_stage_samples_total",
                                     "Sampled Score calls by stage.", "stage", kStageNames)),
      guard_suspects_(base::Metrics().AddCounter(
          "verdict_agg_guard_suspect_total",
          "Values older than a dropped epoch that had their key, and no newer when read anew.")),
      duration_(base::Metrics().AddHistogram("verdict_score_duration_seconds",
                                             "Score, from receipt to answer.", DurationBounds())) {
  for (size_t outcome = 1; outcome < answered_.size(); ++outcome) {
    for (size_t provenance = 0; provenance < 4; ++provenance) {
      answered_[outcome][provenance] =
          Requests("OK", model::OutcomeName(static_cast<model::Outcome>(outcome)),
                   model::ProvenanceName(static_cast<model::Provenance>(provenance)));
    }
  }
  for (const absl::StatusCode code :
       {absl::StatusCode::kInvalidArgument, absl::StatusCode::kAlreadyExists,
        absl::StatusCode::kDeadlineExceeded, absl::StatusCode::kResourceExhausted,
        absl::StatusCode::kUnavailable}) {
    refused_[static_cast<size_t>(code)] = Requests(absl::StatusCodeToString(code), "", "");
  }
}

void ScoreMetrics::CountCall(const absl::Status& status, const model::Decision& decision,
                             double seconds) const {
  if (status.ok()) {
    answered_[static_cast<size_t>(decision.outcome)][static_cast<size_t>(decision.provenance)]
        .Add();
  } else {
    refused_[std::min(static_cast<size_t>(status.code()), kCodes - 1)].Add();
  }
  duration_.Observe(seconds);
}

}  // namespace verdict::decide
