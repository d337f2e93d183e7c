// An import of days that somebody else has added up (DAY mode, R5), as one job: announce, upload,
// move the other keys on, prove by reading back, publish. Resumable after a crash at any step.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "aggregate/aggregate_store.h"
#include "aggregate/batch_stores.h"
#include "aggregate/imported_days.h"
#include "base/clock.h"
#include "eventlog/rules_of_the_log.h"
#include "feature/feature_set.h"
#include "model/entity_key.h"

namespace verdict::aggregate {

struct DayImportParts {
  AggregateStore* store = nullptr;
  AggregateStore* base = nullptr;  // the batch's own, FolderParts::base; null: the store is it
  const feature::FeatureSet* features = nullptr;
  const eventlog::CutSchedule* schedule = nullptr;
  const base::Clock* clock = nullptr;
  // As FolderParts::seal: no record is to come any more that would have come in time. May be empty.
  std::function<absl::Status(int64_t time_ms)> seal = {};
};

struct DayImportRequest {
  uint16_t measure = 0;         // index into FeatureSet::measures()
  model::DayNumber before = 0;  // b
  // The first day that the rows speak of: of [from, before) they are all there is. Earlier days
  // stay as they were imported.
  model::DayNumber from = 0;
  int late_days = 2;  // L
  // From here on the log holds every day whole. Nothing: as the import before said; the first one
  // that does not say it promises all days.
  std::optional<model::DayNumber> log_from = std::nullopt;
};

struct DayImportOptions {
  size_t keys_per_step = 512;
  // As FolderOptions::grace_ms: clocks differ, and a replica that is a little behind has not seen
  // yet that the days are over.
  int64_t grace_ms = 5 * 60 * 1000;
};

struct DayImportProgress {
  enum class Phase : uint8_t {
    kBegin,
    kUpload,
    kOthers,
    kProve,
    kPublish,
    kDone
  } phase = Phase::kBegin;
  uint64_t done = 0;  // keys
  uint64_t total = 0;
};

// Can days of it be imported at all? InvalidArgument where its tiles hold more than sum, count, the
// least and the greatest.
absl::Status CheckImportable(const feature::Measure& measure);
// May a measure of this manifest be imported? FailedPrecondition where it is folded (CUT mode):
// says what to do instead.
absl::Status CheckImportable(const Manifest& manifest);
// The first day whose events may still come in time for the batch: no import may own it yet.
// `now_ms` is less the grace.
model::DayNumber FirstOpenDay(const eventlog::CutSchedule& schedule, int64_t now_ms, int late_days);
// The first day of which an import up to `before` keeps anything: no window reaches further back.
model::DayNumber OldestImportedDay(const feature::FeatureSet& features, model::DayNumber before);

// **Thread-compatible.** Readers see each key whole, old or new, since its b is in its blob; what
// no key can say they learn when everything is there. A key that the store has and the rows have
// not has nothing in [from, before) from then on.
class DayImporter {
 public:
  // `days`: each within [OldestImportedDay, before), from `from` on. They must outlive it.
  DayImporter(const DayImportParts& parts, const DayImportRequest& request,
              const ImportedDays* days, const DayImportOptions& options);

  // May it be done, and is there anything to do? False: the same rows are published already.
  // Errors: FailedPrecondition where the measure is folded, where days may still get events, where
  // another import stands in the way; says how to mend it.
  absl::StatusOr<bool> Due();
  // One bounded action. False: done. After an error the next Step begins anew, and what is in the
  // store already is not written again.
  absl::StatusOr<bool> Step();
  // Steps until done. `report` may be null.
  absl::Status Run(const std::function<void(const DayImportProgress&)>& report);
  const DayImportProgress& progress() const { return progress_; }
  // Once begun. `keys`: that have rows; `others`: that were there before and have none.
  const DayImport& import() const { return import_; }
  uint64_t others() const { return others_.size(); }

 private:
  absl::Status Begin();
  absl::Status Upload();
  absl::Status FindOthers();
  absl::Status MoveOthers();
  absl::Status Prove();
  absl::Status Publish();
  // Announces what Due() has found; nothing where it stands so already.
  absl::Status Announce();
  absl::Status CheckModeAndDays(const Manifest& manifest) const;
  absl::Status CheckImports(const DayManifest& day) const;
  DayImport NextImport(const DayManifest& day) const;
  // Writes keys of one step: `tiles_of(i)` are those that the rows have of keys[i].
  absl::Status Write(const std::vector<model::EntityKey>& keys,
                     const std::function<std::vector<feature::DayTile>(size_t)>& tiles_of);
  bool Reached(const feature::Blob& blob) const;
  void Go(DayImportProgress::Phase phase, uint64_t total);

  DayImportParts parts_;
  DayImportRequest request_;
  const ImportedDays* days_;
  DayImportOptions options_;
  BatchStores stores_;
  uint64_t measure_hash_;

  Manifest manifest_;  // as it stands in the store
  DayImport import_;
  std::vector<model::EntityKey> others_;
  DayImportProgress progress_;
  int attempts_ = 1;
  bool rewrite_ = false;  // the proof found values that were never stored
};

}  // namespace verdict::aggregate
