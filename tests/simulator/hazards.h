// The hazards of AGGREGATES.md section 15 that the simulator must meet, and how often it did.
#pragma once

#include <array>
#include <cstdint>
#include <cstdio>

namespace verdict::simulator {

enum Hazard {
  kMidnight,
  kDst,
  kBatchLate,
  kFlipAtEachWrite,
  kRerunWithCache,
  kLaggingReplicaAfterUpload,
  kLate0To10Days,
  kFutureEvent,
  kDupAcrossCut,
  kDupAtBucketEdge,
  kLostAck,
  kReorderedPuts,
  kPartialUpload,
  kInt64Edges,
  kMaxLeavesWindow,
  kCrashAtEveryStep,
  kReplayEqualsLive,
  kRetentionPassesCut,
  kAbortedAtCut,
  kIdleAtCut,
  kIdConflict,
  kReversalNextDay,
  kFxMissing,
  kAppendStall,
  kStoreTimeout,
  kScoreApplyRetry,
  kScore10xSameBytes,
  kOrder,
  kEpochDropped,
  kImportLate,
  kImportRepeated,
  kImportCorrected,
  kImportBroken,
  kFlipAtEachImport,
  kAbsentInImport,
  kOrphan,
  kOrphanInLake,
  kOneKey90Percent,
  kFloodSliding,
  kSlidingEdge,
  kSlidingRebuilding,
  kSlidingReplayEqualsLive,
  kSlidingTooOld,
  kHazards
};
inline constexpr std::array<const char*, kHazards> kHazardNames = {"midnight",
                                                                   "dst",
                                                                   "batch_late",
                                                                   "flip_at_each_write",
                                                                   "rerun_with_cache",
                                                                   "lagging_replica_after_upload",
                                                                   "late_0_to_10_days",
                                                                   "future_event",
                                                                   "dup_across_cut",
                                                                   "dup_at_bucket_edge",
                                                                   "lost_ack",
                                                                   "reordered_puts",
                                                                   "partial_upload",
                                                                   "int64_edges",
                                                                   "max_leaves_window",
                                                                   "crash_at_every_step",
                                                                   "replay_equals_live",
                                                                   "retention_passes_cut",
                                                                   "aborted_at_cut",
                                                                   "idle_at_cut",
                                                                   "id_conflict",
                                                                   "reversal_next_day",
                                                                   "fx_missing",
                                                                   "append_stall",
                                                                   "store_timeout",
                                                                   "score_apply_retry",
                                                                   "score_10x_same_bytes",
                                                                   "order",
                                                                   "epoch_dropped",
                                                                   "import_late",
                                                                   "import_repeated",
                                                                   "import_corrected",
                                                                   "import_broken",
                                                                   "flip_at_each_import",
                                                                   "absent_in_import",
                                                                   "orphan",
                                                                   "orphan_in_lake",
                                                                   "one_key_90_percent",
                                                                   "flood_sliding",
                                                                   "sliding_edge",
                                                                   "sliding_rebuilding",
                                                                   "sliding_replay_equals_live",
                                                                   "sliding_too_old"};

struct Tally {
  std::array<uint64_t, kHazards> hits{};
  uint64_t answers = 0, full = 0, compared = 0;
  void Hit(Hazard hazard) { ++hits[hazard]; }
};

}  // namespace verdict::simulator
