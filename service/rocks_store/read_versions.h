// Which versions of blobs a reader was given, so that who writes next need not read them again.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "aggregate/aggregate_store.h"

namespace verdict::rocks_store {

struct BlobVersion {
  aggregate::BlobResult::State state = aggregate::BlobResult::State::kFailed;
  uint16_t rev = 0;
  feature::CutId cut = feature::kNoCut;
  bool IsOlderThan(const feature::Blob& next) const {
    return std::pair(next.cut, next.rev) > std::pair(cut, rev);
  }
};

// Thread-compatible.
class ReadVersions {
 public:
  ReadVersions() = default;
  // `results` were read of `keys` after `puts` writes: counted before the reading began.
  ReadVersions(uint64_t puts, std::span<const aggregate::BlobKey> keys,
               const std::vector<aggregate::BlobResult>& results);
  const std::vector<BlobVersion>& versions() const { return versions_; }  // of all keys
  // Of `keys`, some of those that were read, in that order. Nothing where others are asked for, or
  // where there have been other than `puts` writes now: something may have changed since.
  std::optional<std::vector<BlobVersion>> Of(std::span<const aggregate::BlobKey> keys,
                                             uint64_t puts) const;

 private:
  uint64_t puts_ = UINT64_MAX;
  std::vector<aggregate::BlobKey> keys_;
  std::vector<BlobVersion> versions_;
};

}  // namespace verdict::rocks_store
