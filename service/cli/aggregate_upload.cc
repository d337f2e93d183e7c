#include "cli/aggregate_upload.h"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "aggregate/upload_all.h"
#include "base/status.h"
#include "cli/deployment_flags.h"
#include "cli/terminal.h"

namespace verdict::cli {
namespace {

absl::Status CheckRedisNamed(const DeploymentFlags& where) {
  if (!where.settings.store.redis.address.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrFormat(
      "there is no Redis to upload to: %s names no store.redis.address, so that what was folded "
      "lies in the folder alone and nothing of it needs an upload",
      where.config.empty() ? "--embedded " + where.embedded : where.config));
}

// Nothing folded yet, or a folder that is not the batch's: an upload of nothing mends nothing.
absl::Status CheckBaseHolds(aggregate::AggregateStore* base, const std::vector<uint64_t>& measures,
                            const settings::Settings& settings) {
  for (const uint64_t hash : measures) {
    ASSIGN_OR_RETURN(const aggregate::Manifest manifest, base->GetManifest(hash));
    const bool folded = manifest.state != aggregate::Manifest::State::kNone;
    if (folded || manifest.day) return absl::OkStatus();
  }
  return absl::NotFoundError(absl::StrFormat(
      "the base in %s holds nothing of the declared features: name the folder in which `verdict "
      "aggregate` kept its base (aggregate.dir), or put its copy back; where nothing was ever "
      "folded, `verdict aggregate` does it",
      settings.embedded.empty() ? settings.aggregate.dir : settings.embedded));
}

void Print(const aggregate::UploadProgress& done, const std::string& redis, double seconds,
           OutputFormat format) {
  if (format == OutputFormat::kJson) {
    absl::PrintF("{\"values\": %u, \"measures\": %d, \"seconds\": %.3f}\n", done.blobs,
                 done.measures, seconds);
    return;
  }
  absl::PrintF("uploaded to redis at %s: %s values of %d measures, each read back, %.1f s\n", redis,
               WithThousands(static_cast<int64_t>(done.blobs)), done.measures, seconds);
}

}  // namespace

absl::Status UploadAggregates(const AggregateArguments& arguments) {
  RETURN_IF_ERROR(CheckRedisNamed(arguments.where));
  const auto begin = std::chrono::steady_clock::now();
  ASSIGN_OR_RETURN(const auto rules, LoadFeatures(arguments));
  ASSIGN_OR_RETURN(const std::unique_ptr<OpenedDeployment> opened,
                   OpenedDeployment::Open(arguments.where, deployment::Role::kUpload,
                                          "verdict aggregate upload"));
  deployment::Deployment& parts = opened->parts();
  RETURN_IF_ERROR(parts.AddMeasures(*rules->features));
  std::vector<uint64_t> measures;
  for (const feature::Measure& measure : rules->features->measures()) {
    measures.push_back(measure.hash);
  }
  RETURN_IF_ERROR(CheckBaseHolds(parts.base(), measures, arguments.where.settings));
  RETURN_IF_ERROR(parts.CheckServers());
  Progress bar("uploading, values", /*total=*/0);
  ASSIGN_OR_RETURN(const aggregate::UploadProgress done,
                   aggregate::UploadAll(parts.base(), &parts.aggregates(), measures,
                                        [&bar](const aggregate::UploadProgress& progress) {
                                          bar.Update(progress.blobs);
                                        }));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  Print(done, arguments.where.settings.store.redis.address, took.count(), arguments.format);
  return absl::OkStatus();
}

}  // namespace verdict::cli
