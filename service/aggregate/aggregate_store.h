// Where the batch's blobs and manifests lie. Implemented by rocks_store (embedded) and redis_store.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "aggregate/census.h"
#include "aggregate/day_manifest.h"
#include "aggregate/epoch_proof.h"
#include "eventlog/event_source.h"
#include "feature/blob.h"
#include "model/entity_key.h"

namespace verdict::aggregate {

struct BlobKey {
  uint64_t measure_hash = 0;
  model::EntityKey entity;
  friend bool operator==(const BlobKey&, const BlobKey&) = default;
};

struct BlobWrite {
  BlobKey key;
  feature::Blob blob;
};

// One looked-up value: absent and failed are different things (a failed read is PARTIAL(batch)).
struct BlobResult {
  enum class State : uint8_t { kFound, kAbsent, kFailed } state = State::kFailed;
  feature::Blob blob;
};
using OnBlobs = std::function<void(std::vector<BlobResult>)>;

// Manifest::oldest_day where no fold has left anything out.
inline constexpr model::DayNumber kNothingTrimmed = std::numeric_limits<model::DayNumber>::min();

// The batch's record of one cut of one measure.
struct Manifest {
  enum class State : uint8_t { kNone, kAnnounced, kPublished } state = State::kNone;
  feature::CutId cut = feature::kNoCut;        // the newest cut of this state
  feature::CutId published = feature::kNoCut;  // the newest PUBLISHED cut: base of cold starts
  uint16_t rev = 0;
  int64_t cut_time_ms = 0;
  std::vector<eventlog::Offset> offsets;            // C[p] of `cut`
  std::vector<eventlog::Offset> published_offsets;  // C[p] of `published`
  feature::CutId first_cut =
      feature::kNoCut;  // events before this cut are in no blob (nothing was folded yet: kNoCut)
  std::string log_id;
  model::DayNumber zone_first = 0;  // the zone's digest is over [zone_first, published]
  uint64_t zone_digest = 0;
  // Of days before it something was left out: by folds, or with values that expired.
  model::DayNumber oldest_day = kNothingTrimmed;
  uint64_t keys = 0;        // blobs written by `cut`
  feature::Int128 sum = 0;  // control totals of the increments of `cut`
  int64_t count = 0;
  std::vector<EpochProof> proofs;  // of the last kProofsKept published folds, ascending
  Census census;                   // of all blobs, as `published` left them
  // DAY mode (R5): the measure is imported, never folded, and of the above nothing is set.
  std::optional<DayManifest> day = std::nullopt;
  friend bool operator==(const Manifest&, const Manifest&) = default;
};

// Thread-safe.
class AggregateStore {
 public:
  virtual ~AggregateStore() = default;
  // Never blocks the caller. `done` is called once, on the store's thread, with one result a key in
  // order; after `timeout` with kFailed for what did not come. Where nobody can be asked, at once,
  // on the caller's thread: all kFailed.
  virtual void Get(std::vector<BlobKey> keys, std::chrono::milliseconds timeout, OnBlobs done) = 0;
  // For the batch: blocks. One result a key.
  virtual absl::StatusOr<std::vector<BlobResult>> GetNow(std::span<const BlobKey> keys) = 0;
  // Replaces a value only where (cut, rev) is greater; retries are safe. Blocks; each blob is
  // replaced whole, and after an error any number of them may have been.
  virtual absl::Status PutIfNewer(std::span<const BlobWrite> writes) = 0;
  // For a healing recompute: the same, but what cannot be read is replaced, too.
  virtual absl::Status Replace(std::span<const BlobWrite> writes) { return PutIfNewer(writes); }
  // Manifest{} (state kNone) where there is none.
  virtual absl::StatusOr<Manifest> GetManifest(uint64_t measure_hash) = 0;
  // Errors: Aborted where the stored one is not `expected`.
  virtual absl::Status CompareAndSwapManifest(uint64_t measure_hash, const Manifest& expected,
                                              const Manifest& next) = 0;
  // Every blob of the measure, in key order; stops at the visitor's first error and returns it.
  virtual absl::Status Scan(
      uint64_t measure_hash,
      const std::function<absl::Status(const model::EntityKey&, const feature::Blob&)>& visit) = 0;
  // Every blob of the measures, each measure's in key order; else as Scan. A store where one pass
  // serves them all does it in one.
  using VisitMeasure = std::function<absl::Status(uint64_t measure_hash, const model::EntityKey&,
                                                  const feature::Blob&)>;
  virtual absl::Status ScanMeasures(std::span<const uint64_t> measures, const VisitMeasure& visit) {
    for (const uint64_t measure : measures) {
      const absl::Status scanned =
          Scan(measure, [&](const model::EntityKey& key, const feature::Blob& blob) {
            return visit(measure, key, blob);
          });
      if (!scanned.ok()) return scanned;
    }
    return absl::OkStatus();
  }
  // Which life of the store this is: another answer says that it may have lost what it had
  // acknowledged (a fail-over, a restart from an older copy), and a proof must be made again.
  // A store that loses nothing acknowledged answers the same for ever. Blocks.
  virtual absl::StatusOr<std::string> Incarnation() { return std::string(); }
};

}  // namespace verdict::aggregate
