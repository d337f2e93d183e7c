// Lets go of epochs once the batch has provably taken them over (AGGREGATES section 12, the row
// "drop"; R27): compares, waits, guards, frees, a bounded step at a time. It alone looks at the
// manifests of a running process.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "aggregate/aggregate_store.h"
#include "aggregate/blob_cache.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "counters/epoch_drops.h"
#include "counters/live_state.h"
#include "eventlog/rules_of_the_log.h"
#include "ingest/cut_metrics.h"
#include "ingest/day_imports.h"
#include "ingest/epoch_judge.h"
#include "ingest/read_back.h"

namespace verdict::ingest {

// What a person is told.
struct DropEvent {
  enum class Kind : uint8_t {
    kDropped,     // proved equal, and freed
    kUnequal,     // this replica's count is not the fold's: kept, its stripes say PARTIAL(suspect)
    kEqualAgain,  // what was unequal is equal now
    kLost,        // the store failed over since the proof, and lacks values: kept
    kOutOfReach,  // never proved, but no window reaches it any more: freed
    kImported,    // imports own all its days: freed
    kStoreLacks,  // the store has not what memory let go of, or began behind: PARTIAL(suspect)
    kStoreWhole,  // it has it again
    kNewWhole,    // a measure that was PARTIAL(before) is in the blobs
    kDaysMissing  // windows reach behind what the blobs hold; `to` is the first day that is whole
  } kind = Kind::kDropped;
  std::string measure;  // feature::MeasureName
  feature::CutId from = feature::kNoCut, to = feature::kNoCut;
  std::string detail;
};

// **Thread-compatible.** What it is given must outlive it. Made after the state was restored.
class Dropper {
 public:
  struct Parts {
    counters::LiveState* live = nullptr;
    aggregate::AggregateStore* store = nullptr;
    const base::Clock* clock = nullptr;
    const eventlog::CutSchedule* schedule = nullptr;
    aggregate::BlobCache* blobs = nullptr;  // what was read before is forgotten; may be null
    DayImports* imports = nullptr;          // told of manifests; null: no measure is imported
  };
  struct Options {
    // StartUpReport::base: what lies before it is in the blobs alone.
    feature::CutId base = feature::kNoCut;
    int64_t grace_ms = int64_t{24} * 3600'000;           // from the publication to the drop
    int64_t guard_kept_ms = int64_t{7} * 24 * 3600'000;  // from the drop on
    std::chrono::milliseconds look_every{30'000};        // at each measure's manifest
    // The same, where something is awaited from the store; and whether it failed over.
    std::chrono::milliseconds look_soon{2'000};
    std::chrono::milliseconds ask_again{600'000};  // where the store lacked values
    // BlobCache's: a blob cached before a drop may be asked for so long, whatever the state's clock
    // makes of that time. A guard outlives it.
    std::chrono::milliseconds cache_age{3'600'000};
    bool values_expire = false;  // the store lets blobs go by itself: it is not their base
    uint32_t stripes_per_step = 16;
    std::function<int64_t()> steady_ms = {};  // for tests; empty: the steady clock
    std::function<void(const DropEvent&)> report = {};
  };
  Dropper(const Parts& parts, Options options);
  ~Dropper();

  // Before anything is answered: what the manifests say just now. Errors: the store's; Step() looks
  // again.
  absl::Status LookAll();
  // One bounded piece of work. False: there is none for now. Errors: the store's; what was begun is
  // begun anew later.
  absl::StatusOr<bool> Step();
  // Its guard is made: what the store loses from now on is told by that.
  bool freeing() const;
  bool busy() const { return job_ != nullptr; }  // amid a piece of work of several steps

 private:
  struct Watched;  // one measure
  struct Job;      // what is under way
  absl::StatusOr<bool> Begin(Watched* measure);
  absl::Status CheckLife();
  void ForgetAnswers();
  bool LookIsDue(const Watched& measure) const;
  absl::Status Look(Watched* measure);
  void NoteMissingDays(Watched* measure, const aggregate::Manifest& manifest);
  feature::CutId NeededOf(const Watched& measure) const;
  void NoteStore(Watched* measure, const aggregate::Manifest& manifest);
  bool ImportsHoldWhatIsMissing(uint64_t measure_hash) const;
  void NoteBefore(const Watched& measure, const aggregate::Manifest& manifest);
  bool BeginForget(Watched* measure);
  bool BeginOutOfReach(Watched* measure);
  bool BeginImported(Watched* measure);
  absl::StatusOr<bool> BeginDrop(Watched* measure);
  bool IsCandidate(const Watched& measure, const aggregate::EpochProof& proof) const;
  absl::StatusOr<bool> ProofStands(Watched* measure, const aggregate::EpochProof& proof);

  absl::Status Advance();
  void Judged();
  absl::Status CheckedStore();
  void BuildGuard();
  void Free();
  void Report(DropEvent::Kind kind, std::string detail) const;  // of the job
  void Report(DropEvent::Kind kind, const Watched& measure, feature::CutId from,
              feature::CutId to) const;
  int64_t SteadyMs() const;

  Parts parts_;
  Options options_;
  counters::EpochDrops drops_;
  CutMetrics metrics_;
  std::vector<std::unique_ptr<Watched>> measures_;
  size_t next_measure_ = 0;
  std::string life_;  // Incarnation() when it was asked last
  std::optional<int64_t> life_asked_ms_;
  std::unique_ptr<Job> job_;
};

}  // namespace verdict::ingest
