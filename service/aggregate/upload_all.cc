#include "aggregate/upload_all.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace verdict::aggregate {
namespace {

using State = Manifest::State;

constexpr size_t kBlobsAtOnce = 512;

// (b, rev) of what was imported; the least where nothing was.
std::pair<model::DayNumber, uint16_t> ImportedUpTo(const Manifest& manifest) {
  if (!manifest.day || !manifest.day->published) return {feature::kNoDay, 0};
  return {manifest.day->published->before, manifest.day->published->rev};
}

absl::Status CheckTarget(uint64_t measure_hash, const Manifest& from, const Manifest& to) {
  const bool both = from.state != State::kNone && to.state != State::kNone;
  const bool same_log = !both || from.log_id == to.log_id;
  const bool newer = to.published > from.published || ImportedUpTo(to) > ImportedUpTo(from);
  if (same_log && !newer) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("measure ", absl::Hex(measure_hash, absl::kZeroPad16), " cannot be uploaded: ",
                   same_log ? "what it is uploaded to has published a newer cut than what is "
                              "uploaded; put the newest "
                              "copy back of what is uploaded, or upload the other way round"
                            : "the two are of different logs; name those that belong together"));
}

absl::Status CheckReadBack(AggregateStore* to, const std::vector<BlobWrite>& writes) {
  std::vector<BlobKey> keys;
  keys.reserve(writes.size());
  for (const BlobWrite& write : writes) keys.push_back(write.key);
  ASSIGN_OR_RETURN(const std::vector<BlobResult> stored, to->GetNow(keys));
  for (size_t i = 0; i < writes.size(); ++i) {
    const feature::Blob& wanted = writes[i].blob;
    const feature::Blob& found = stored[i].blob;
    if (stored[i].state == BlobResult::State::kFound) {
      if (found == wanted) continue;
      // A fold was here meanwhile.
      if (std::pair(found.cut, found.rev) > std::pair(wanted.cut, wanted.rev)) continue;
    }
    return absl::DataLossError(absl::StrCat("the blob of ", keys[i].entity.Base64Url(),
                                            " of measure ",
                                            absl::Hex(keys[i].measure_hash, absl::kZeroPad16),
                                            " does not read back as it was uploaded"));
  }
  return absl::OkStatus();
}

absl::Status UploadMeasure(AggregateStore* from, AggregateStore* to, uint64_t measure_hash,
                           const std::function<void(size_t)>& uploaded) {
  ASSIGN_OR_RETURN(const Manifest source, from->GetManifest(measure_hash));
  ASSIGN_OR_RETURN(const Manifest target, to->GetManifest(measure_hash));
  RETURN_IF_ERROR(CheckTarget(measure_hash, source, target));
  std::vector<BlobWrite> writes;
  const auto flush = [&]() -> absl::Status {
    RETURN_IF_ERROR(to->PutIfNewer(writes));
    RETURN_IF_ERROR(CheckReadBack(to, writes));
    uploaded(writes.size());
    writes.clear();
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(from->Scan(
      measure_hash, [&](const model::EntityKey& key, const feature::Blob& blob) -> absl::Status {
        writes.push_back({{measure_hash, key}, blob});
        return writes.size() < kBlobsAtOnce ? absl::OkStatus() : flush();
      }));
  if (!writes.empty()) RETURN_IF_ERROR(flush());
  // Where both have published the same, the next fold settles what else differs.
  const bool healed_since = source.state == Manifest::State::kPublished &&
                            target.state == Manifest::State::kPublished && source.rev > target.rev;
  if (target.published == source.published && ImportedUpTo(target) == ImportedUpTo(source) &&
      !healed_since) {
    return absl::OkStatus();
  }
  return to->CompareAndSwapManifest(measure_hash, target, source);
}

}  // namespace

absl::StatusOr<UploadProgress> UploadAll(AggregateStore* from, AggregateStore* to,
                                         std::span<const uint64_t> measure_hashes,
                                         const std::function<void(const UploadProgress&)>& report) {
  UploadProgress progress{.measure = 0, .measures = measure_hashes.size(), .blobs = 0};
  for (const uint64_t hash : measure_hashes) {
    RETURN_IF_ERROR(UploadMeasure(from, to, hash, [&](size_t blobs) {
      progress.blobs += blobs;
      if (report != nullptr) report(progress);
    }));
    ++progress.measure;
    if (report != nullptr) report(progress);
  }
  return progress;
}

}  // namespace verdict::aggregate
