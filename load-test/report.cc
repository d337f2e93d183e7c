// Latency from the intended send is the figure to quote; from the actual send stands beside it.
#include "report.h"

#include <array>
#include <nlohmann/json.hpp>

#include "absl/strings/str_format.h"

namespace verdict::load {
namespace {

constexpr double kLeastShareOfPlan = 0.99;
constexpr std::array<std::string_view, kOutcomes> kOutcomeNames = {"UNSPECIFIED", "ALLOW", "REVIEW",
                                                                   "DENY"};
constexpr std::array<std::string_view, kProvenances> kProvenanceNames = {
    "UNSPECIFIED", "FULL", "STALE", "PARTIAL", "DEFAULT"};
struct Percentile {
  const char* name;
  double share;
};
constexpr std::array<Percentile, 4> kPercentiles = {
    {{"p50", 0.5}, {"p95", 0.95}, {"p99", 0.99}, {"p999", 0.999}}};

double Milliseconds(int64_t ns) { return static_cast<double>(ns) / 1e6; }

nlohmann::ordered_json LatencyJson(const Histogram& histogram) {
  nlohmann::ordered_json out;
  for (const Percentile& p : kPercentiles)
    out[std::string(p.name) + "_ms"] = Milliseconds(histogram.AtShare(p.share));
  out["max_ms"] = Milliseconds(histogram.max_ns());
  out["mean_ms"] = histogram.mean_ns() / 1e6;
  return out;
}

std::string LatencyText(const char* title, const Histogram& histogram) {
  std::string out = absl::StrFormat("  %-22s", title);
  for (const Percentile& p : kPercentiles)
    absl::StrAppendFormat(&out, " %9.3f", Milliseconds(histogram.AtShare(p.share)));
  absl::StrAppendFormat(&out, " %9.3f ms\n", Milliseconds(histogram.max_ns()));
  return out;
}

template <size_t N, typename NameOf>
nlohmann::ordered_json Counts(const std::array<uint64_t, N>& counts, const NameOf& name_of) {
  nlohmann::ordered_json out = nlohmann::ordered_json::object();
  for (size_t i = 0; i < N; ++i) {
    if (counts[i] > 0) out[std::string(name_of(i))] = counts[i];
  }
  return out;
}

std::string Inline(const nlohmann::ordered_json& counts) {
  std::string out;
  for (const auto& [name, count] : counts.items()) {
    absl::StrAppendFormat(&out, "%s%s %d", out.empty() ? "" : ", ", name, count.get<uint64_t>());
  }
  return out.empty() ? "none" : out;
}

nlohmann::ordered_json CodesJson(const Tally& tally) {
  return Counts(tally.codes(), [](size_t i) { return CodeName(static_cast<int>(i)); });
}
nlohmann::ordered_json OutcomesJson(const Tally& tally) {
  return Counts(tally.outcomes(), [](size_t i) { return kOutcomeNames[i]; });
}
nlohmann::ordered_json ProvenancesJson(const Tally& tally) {
  return Counts(tally.provenances(), [](size_t i) { return kProvenanceNames[i]; });
}

double CpuPerMillion(const RunResult& result) {
  return result.tally.finished() == 0
             ? 0
             : result.client_cpu_s * 1e6 / static_cast<double>(result.tally.finished());
}

}  // namespace

std::string Verdict(const Options& options, const RunResult& result) {
  const Tally& tally = result.tally;
  if (tally.finished() == 0) return "no call was answered";
  if (tally.failed() > 0) {
    return absl::StrFormat("%d of %d calls failed; the first: %s", tally.failed(),
                           tally.finished() + tally.unanswered(),
                           tally.first_error().empty() ? "no answer came" : tally.first_error());
  }
  if (tally.replayed() > 0 && !options.allow_replayed) {
    return absl::StrFormat("%d answers were replayed, though every id was new", tally.replayed());
  }
  if (!options.closed && result.achieved_rate < kLeastShareOfPlan * result.planned_rate) {
    return absl::StrFormat("achieved %.0f/s, less than 99 %% of the planned %.0f/s",
                           result.achieved_rate, result.planned_rate);
  }
  return "";
}

std::string TextReport(const Options& options, const RunResult& result, const Hardware& hardware) {
  const Tally& tally = result.tally;
  std::string out;
  absl::StrAppendFormat(&out,
                        "verdict-load %s loop, %s, %d connections%s, %d threads, deadline %d ms\n",
                        options.closed ? "closed" : "open", options.target, options.connections,
                        options.closed ? absl::StrFormat(" x %d streams", options.streams) : "",
                        options.threads, options.timeout_ms);
  absl::StrAppendFormat(
      &out, "hardware    %s, %d cores, %.1f GiB, %s (client and server share it where local)\n",
      hardware.cpu, hardware.cores, hardware.memory_gib, hardware.kernel);
  if (options.closed) {
    absl::StrAppendFormat(&out, "rate        %.0f/s (%d calls in %.2f s)\n", result.achieved_rate,
                          result.measured, result.seconds);
  } else {
    absl::StrAppendFormat(&out, "rate        %.0f/s of %.0f/s planned (%d of %d calls in %.2f s)\n",
                          result.achieved_rate, result.planned_rate, result.measured,
                          result.planned, result.seconds);
  }
  absl::StrAppendFormat(&out, "latency     %12s %9s %9s %9s %9s %9s\n", "", "p50", "p95", "p99",
                        "p99.9", "max");
  if (!options.closed) out += LatencyText("from intended send", tally.from_intended());
  out += LatencyText("from actual send", tally.from_sent());
  absl::StrAppendFormat(&out, "codes       %s\n", Inline(CodesJson(tally)));
  absl::StrAppendFormat(&out, "decisions   %s\n", Inline(OutcomesJson(tally)));
  absl::StrAppendFormat(&out, "provenance  %s; replayed %d\n", Inline(ProvenancesJson(tally)),
                        tally.replayed());
  absl::StrAppendFormat(&out, "failed      %d (unanswered %d, wrong %d), reconnects %d\n",
                        tally.failed(), tally.unanswered(), tally.wrong(), result.reconnects);
  absl::StrAppendFormat(&out, "client CPU  %.2f s, %.2f s a million calls\n", result.client_cpu_s,
                        CpuPerMillion(result));
  const std::string fault = Verdict(options, result);
  out += fault.empty() ? "PASS\n" : "FAIL        " + fault + "\n";
  return out;
}

std::string JsonReport(const Options& options, const RunResult& result, const Hardware& hardware) {
  const Tally& tally = result.tally;
  const std::string fault = Verdict(options, result);
  nlohmann::ordered_json out;
  out["pass"] = fault.empty();
  out["fault"] = fault;
  out["loop"] = options.closed ? "closed" : "open";
  out["target"] = options.target;
  out["connections"] = options.connections;
  if (options.closed) out["streams"] = options.streams;
  out["threads"] = options.threads;
  out["timeout_ms"] = options.timeout_ms;
  if (!options.closed) out["planned_rate"] = result.planned_rate;
  out["achieved_rate"] = result.achieved_rate;
  out["seconds"] = result.seconds;
  out["planned"] = result.planned;
  out["finished"] = result.measured;
  out["failed"] = tally.failed();
  out["unanswered"] = tally.unanswered();
  out["wrong"] = tally.wrong();
  const double all = static_cast<double>(tally.finished() + tally.unanswered());
  out["drop_rate"] = all == 0 ? 1.0 : static_cast<double>(tally.failed()) / all;
  out["replayed"] = tally.replayed();
  out["latency_from_intended"] = LatencyJson(tally.from_intended());
  out["latency_from_sent"] = LatencyJson(tally.from_sent());
  out["codes"] = CodesJson(tally);
  out["decisions"] = OutcomesJson(tally);
  out["provenance"] = ProvenancesJson(tally);
  out["reconnects"] = result.reconnects;
  out["client_cpu_s_per_million"] = CpuPerMillion(result);
  out["seed"] = result.id_seed;
  out["hardware"] = {{"cpu", hardware.cpu},
                     {"cores", hardware.cores},
                     {"memory_gib", hardware.memory_gib},
                     {"kernel", hardware.kernel}};
  return out.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace verdict::load
