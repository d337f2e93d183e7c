// The daily cut, as one job: announce, fold the log, upload, prove by reading back, publish (R44).
// Resumable after a crash at any step; every step may be repeated.
#pragma once

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
  enum class Phase : uint8_t { kIdle, kRead, kUpload, kProve, kPublish } phase = Phase::kIdle;
  feature::CutId cut = feature::kNoCut;  // the newest one being folded
  uint64_t done = 0;                     // records read, or keys written or proved
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
  absl::Status Prove();
  absl::Status Publish();
  // The first day that some window can reach once `measure` is folded to its cut.
  model::DayNumber OldestDay(const MeasurePlan& measure) const;

  FolderParts parts_;
  FolderOptions options_;
  BatchStores stores_;
  bool kept_ = false;  // the store keeps values for as long as windows need them
  std::unique_ptr<Fold> fold_;
};

}  // namespace verdict::aggregate
