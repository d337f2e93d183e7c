// The keys and values of a checkpoint: one place writes them and reads them.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "counters/checkpoint.h"

namespace verdict::counters {

// Grows where the bytes change their meaning; another format is not read.
inline constexpr uint32_t kCheckpointFormat = 4;
// Ids in one value of the dedup family.
inline constexpr size_t kIdsPerBlock = 65'536;

// Keys of the meta family.
inline constexpr std::string_view kHeaderKey = "header";
inline constexpr std::string_view kTotalPrefix = "total/";
inline constexpr std::string_view kLimitedPrefix = "limited/";

std::string CellKeyPrefix(uint64_t measure_hash);
std::string CellKeyPrefix(uint64_t measure_hash, feature::CutId epoch);
// The first key after all that begin with `prefix`.
std::string EndOfPrefix(std::string prefix);

// Errors of all: DataLoss.
absl::StatusOr<CheckpointHeader> DecodeHeader(std::string_view value);
absl::StatusOr<CheckpointBatch::SavedCell> DecodeCell(std::string_view key, std::string_view value);
// `key` without kTotalPrefix. Appends one entry a day.
absl::Status DecodeTotals(std::string_view key, std::string_view value,
                          std::vector<ControlTotal>* totals);
absl::StatusOr<CheckpointBatch::Limited> DecodeLimited(std::string_view key);
struct IdBlock {
  eventlog::Partition partition = 0;
  std::vector<eventlog::DedupEntry> ids;  // of one bucket
};
absl::StatusOr<IdBlock> DecodeIds(std::string_view key, std::string_view value);

}  // namespace verdict::counters
