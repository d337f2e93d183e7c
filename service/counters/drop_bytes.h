// What a checkpoint says of dropped epochs, as keys and values of its meta family. A build that
// does not know these keys reads past them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "counters/checkpoint.h"
#include "counters/dropped_epochs.h"

namespace verdict::counters {

// Of one measure, beside its totals and marks: to be erased with it.
inline constexpr std::string_view kDropPrefix = "drop/";        // a guard's head
inline constexpr std::string_view kGuardPrefix = "guard/";      // a block of a guard's filter
inline constexpr std::string_view kDroppedPrefix = "dropped/";  // up to which cut
inline constexpr std::string_view kSuspectPrefix = "suspect/";
inline constexpr std::string_view kBeganPrefix = "began/";  // where its counting began
// Of a partition.
inline constexpr std::string_view kBoundsPrefix = "bounds/";

void EncodeDrops(const DropChanges& changes, CheckpointStore::Put put);
// A measure that is counted no more.
void EraseDropsOf(uint64_t measure_hash, CheckpointStore::Put put);
void EncodeBounds(const CheckpointBatch::SavedBounds& saved, CheckpointStore::Put put);

// Nothing where `key` says something else. Errors: DataLoss.
absl::StatusOr<std::optional<MeasureCut>> DecodeDroppedTo(std::string_view key,
                                                          std::string_view value);

// **Thread-compatible.** Gathers what stands in the meta family, in any order.
class DropDecoder {
 public:
  // True where the key was one of these. Errors: DataLoss.
  absl::StatusOr<bool> Add(std::string_view key, std::string_view value);
  // After the last key. Errors: DataLoss where a guard is not whole.
  absl::Status Finish();

  std::vector<DroppedEpochsPtr> guards;
  std::vector<SuspectStretch> suspects;
  std::map<uint64_t, feature::CutId> dropped_to;
  std::map<eventlog::Partition, EpochBounds> bounds;
  std::map<uint64_t, Beginning> began;

 private:
  using Place = std::pair<uint64_t, feature::CutId>;  // measure, `to`
  absl::Status AddHead(std::string_view key, std::string_view value);
  absl::Status AddBlock(std::string_view key, std::string_view value);
  absl::Status AddSuspect(std::string_view key, std::string_view value);
  absl::Status AddBounds(std::string_view key, std::string_view value);
  absl::Status AddBegan(std::string_view key, std::string_view value);

  struct Head {
    DroppedEpochs guard;
    uint64_t words = 0;
  };
  std::map<Place, Head> heads_;
  std::map<Place, std::vector<uint64_t>> words_;
};

}  // namespace verdict::counters
