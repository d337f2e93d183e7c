#include "rocks_store/read_versions.h"

#include "base/check.h"

namespace verdict::rocks_store {

using aggregate::BlobKey;
using aggregate::BlobResult;

ReadVersions::ReadVersions(uint64_t puts, std::span<const BlobKey> keys,
                           const std::vector<BlobResult>& results)
    : puts_(puts), keys_(keys.begin(), keys.end()) {
  CHECK(keys.size() == results.size());
  versions_.reserve(results.size());
  for (const BlobResult& result : results) {
    versions_.push_back({result.state, result.blob.rev, result.blob.cut});
  }
}

std::optional<std::vector<BlobVersion>> ReadVersions::Of(std::span<const BlobKey> keys,
                                                         uint64_t puts) const {
  if (puts != puts_) return std::nullopt;
  std::vector<BlobVersion> versions;
  versions.reserve(keys.size());
  size_t next = 0;
  for (const BlobKey& key : keys) {
    while (next < keys_.size() && !(keys_[next] == key)) ++next;
    if (next == keys_.size()) return std::nullopt;
    versions.push_back(versions_[next]);
  }
  return versions;
}

}  // namespace verdict::rocks_store
