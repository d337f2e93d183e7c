// The daily cut, as one job: announce, fold the log, upload, prove by reading back, publish (R44).
// Resumable after a crash at any step; every step may be repeated.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "aggregate/aggregate_store.h"
#include "aggregate/batch_stores.h"
#include "base/clock.h"
#include "eventlog/dedup_window.h"
#include "eventlog/event_source.h"
#include "eventlog/rules_of_the_log.h"
#include "feature/feature_set.h"
#include "model/entity_key.h"
#include "rule/expression.h"

namespace verdict::aggregate {

struct MeasurePlan;  // aggregate/fold_plan.h
class ProofRecount;

// A key whose value a healing recompute has changed.
struct HealedKey {
  BlobKey key;
  std::vector<feature::DayTile> before;  // of the days that were recomputed
  std::vector<feature::DayTile> after;
};

struct FolderParts {
  eventlog::EventSource* source = nullptr;  // of the folder's own: it is assigned anew by each fold
  AggregateStore* store = nullptr;
  std::shared_ptr<const feature::FeatureSet> features;
  const eventlog::CutSchedule* schedule = nullptr;
  const model::KeyHasher* hasher = nullptr;
  const base::Clock* clock = nullptr;
  std::string log_id;  // written into manifests
  // Called with T before the offsets of the cut at T are read: makes every later record's time >= T
  // and what was appended before durable. Without it a clock ahead of the log (an event clock that
  // a Score moved, a wall clock set back) could let a record of an older epoch in behind the cut,
  // where no fold would ever read it. Empty: the log promises so much by itself.
  std::function<absl::Status(int64_t time_ms)> seal = {};
  // Told of each key that a healing recompute changes. May be empty.
  std::function<void(const HealedKey&)> healed = {};
  // The batch's own base (R25): what a fold adds to is read from it. Null: the store is its own
  // base, and must lose nothing.
  AggregateStore* base = nullptr;
};

struct FolderOptions {
  size_t dedup_ids_per_partition = 8'000'000;  // as the live side's
  int64_t grace_ms = 5 * 60 * 1000;  // after T, before an idle partition's end is its cut (R17)
  size_t records_per_step = 4096;
  size_t keys_per_step = 512;
};

struct FoldProgress {
  enum class Phase : uint8_t {
    kIdle,
    kRead,
    kUpload,
    kScan,
    kProve,
    kPublish
  } phase = Phase::kIdle;
  feature::CutId cut = feature::kNoCut;  // the newest one being folded
  uint64_t done = 0;                     // records read, or keys written, looked at or proved
  uint64_t total = 0;
};

// Thread-compatible.
class Folder {
 public:
  Folder(FolderParts parts, const FolderOptions& options);
  ~Folder();

  // One bounded action of the fold that is due; begins one where none is under way. False: nothing
  // is left to do. After an error the fold under way is given up; the next Step begins it anew
  // (nothing is lost or counted twice).
  absl::StatusOr<bool> Step();
  // Announces a healing recompute of every folded measure: the same fold over everything below its
  // published cut, as far as the log goes back, into rev + 1. Step() does it, or goes on with one
  // that was broken off. Errors: FailedPrecondition while a newer cut is being folded.
  absl::Status AnnounceHeal();
  // Thread-safe. Ends a long step early, with Cancelled.
  void Cancel() { cancelled_.store(true, std::memory_order_relaxed); }
  // Steps until nothing is left. `report` may be null.
  absl::Status Run(const std::function<void(const FoldProgress&)>& report);
  FoldProgress progress() const;

 private:
  struct Fold;  // the one under way
  absl::Status Settle();
  absl::Status Begin();
  absl::Status Read();
  absl::Status ParkFinished();
  absl::Status Upload();
  // Before anything trimmed is written, so that it is known whoever goes on.
  absl::Status NoteTrimmed();
  // Before a changed value is written: perhaps the store had lost it, perhaps its fold was wrong.
  // What that fold says of its epochs is no proof any more.
  absl::Status NoteChanged();
  absl::Status NoteLostDays();
  // Of a healing recompute: days that can be recomputed are replaced, others kept.
  absl::StatusOr<BlobWrite> Healed(const BlobKey& key, const BlobResult& stored,
                                   const std::vector<feature::DayTile>& tiles,
                                   MeasurePlan* measure);
  absl::Status AskProofs(const MeasurePlan& measure, ProofRecount* recount) const;
  // What is published of the epochs after a healing recompute: proofs that it has counted anew.
  // Replicas judge by another proof again.
  std::vector<EpochProof> ProofsAnew(const MeasurePlan& measure) const;
  absl::Status WithdrawHeal();
  absl::Status ScanAll();
  absl::Status CompareWithLog() const;
  absl::Status Prove();
  absl::Status Publish();
  Manifest PublishedManifest(size_t planned) const;  // index into the plan's measures
  // The first day that some window can reach once `measure` is folded to its cut.
  model::DayNumber OldestDay(const MeasurePlan& measure) const;

  FolderParts parts_;
  FolderOptions options_;
  BatchStores stores_;
  bool kept_ = false;  // the store keeps values for as long as windows need them
  std::unique_ptr<Fold> fold_;
  std::atomic<bool> cancelled_{false};
};

}  // namespace verdict::aggregate
