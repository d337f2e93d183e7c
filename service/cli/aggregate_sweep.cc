#include <nlohmann/json.hpp>

#include "absl/strings/str_format.h"
#include "aggregate/sweep.h"
#include "base/status.h"
#include "cli/aggregate_check.h"
#include "feature/measure_name.h"
#include "model/business_day.h"

namespace verdict::cli {
namespace {

constexpr size_t kDifferencesShown = 20;

void PrintText(const std::string& measure, const aggregate::SweepResult& result) {
  if (result.cut == feature::kNoCut) {
    absl::PrintF("%s: nothing was folded yet\n", measure);
    return;
  }
  const std::string keys = WithThousands(static_cast<int64_t>(result.keys));
  const std::string cut = model::FormatDay(result.cut);
  if (!result.compared) {
    absl::PrintF("%s: %s values at the cut of %s, not compared: %s\n", measure, keys, cut,
                 result.differences.front());
    return;
  }
  absl::PrintF("%s: %s values at the cut of %s, %s\n", measure, keys, cut,
               result.differences.empty() ? "whole" : "NOT what was folded:");
  for (size_t i = 0; i < result.differences.size(); ++i) {
    if (i == kDifferencesShown) {
      absl::PrintF("  and %d more\n", result.differences.size() - i);
      return;
    }
    absl::PrintF("  %s\n", result.differences[i]);
  }
}

nlohmann::json Json(const std::string& measure, const aggregate::SweepResult& result) {
  return {{"measure", measure},
          {"cut", result.cut == feature::kNoCut ? "none" : model::FormatDay(result.cut)},
          {"values", result.keys},
          {"compared", result.compared},
          {"differences", result.differences}};
}

}  // namespace

absl::StatusOr<int> SweepAggregates(const AggregateArguments& arguments) {
  ASSIGN_OR_RETURN(const auto rules, LoadFeatures(arguments));
  const feature::FeatureSet& features = *rules->features;
  ASSIGN_OR_RETURN(
      const std::unique_ptr<OpenedDeployment> opened,
      OpenedDeployment::Open(arguments.where, deployment::Role::kBatch, "verdict aggregate sweep"));
  RETURN_IF_ERROR(opened->parts().AddMeasures(features));
  RETURN_IF_ERROR(opened->parts().CheckServers());
  aggregate::AggregateStore& store = opened->parts().aggregates();
  std::vector<uint64_t> hashes;
  int64_t expected = 0;
  for (const feature::Measure& measure : features.measures()) {
    hashes.push_back(measure.hash);
    ASSIGN_OR_RETURN(const aggregate::Manifest manifest, store.GetManifest(measure.hash));
    expected += manifest.census.keys();
  }
  Progress bar("sweeping, values", static_cast<uint64_t>(std::max<int64_t>(0, expected)));
  ASSIGN_OR_RETURN(const std::vector<aggregate::SweepResult> results,
                   aggregate::SweepStore(&store, hashes, [&](uint64_t seen) {
                     bar.Update(seen);
                     return true;
                   }));
  bool found = false;
  nlohmann::json json = nlohmann::json::array();
  for (size_t m = 0; m < results.size(); ++m) {
    const std::string& name = feature::MeasureName(features, m);
    found = found || !results[m].differences.empty();
    if (arguments.format == OutputFormat::kText) PrintText(name, results[m]);
    json.push_back(Json(name, results[m]));
  }
  if (arguments.format == OutputFormat::kJson) absl::PrintF("%s\n", json.dump());
  return found ? kExitFindings : kExitOk;
}

}  // namespace verdict::cli
