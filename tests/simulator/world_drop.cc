// What the simulated world lets go of: epochs that the batch has taken over, and the log's head.
#include <algorithm>

#include "absl/strings/str_format.h"
#include "aggregate/fold_plan.h"
#include "feature/measure_name.h"
#include "ingest/log_trim.h"
#include "simulator/world.h"

namespace verdict::simulator {
namespace {

constexpr int64_t kHourMs = 3'600'000, kDayMs = 24 * kHourMs;

}  // namespace

// When each proof was published first: manifests keep the last few.
void SimWorld::NoteProofs() {
  for (const feature::Measure& measure : disks_->set->features->measures()) {
    const aggregate::Manifest manifest = disks_->blobs.GetManifest(measure.hash).value();
    for (const auto& proof : manifest.proofs) {
      proved_ms_.try_emplace({NameOf(measure.hash), proof.to}, proof.published_ms);
    }
  }
}

// Rarer than the others.
void SimWorld::LetGo() {
  const uint64_t dice = Random(100);
  if (!lost_.empty() && disks_->clock.NowMs() - lost_at_ms_ > 2 * kDayMs) return FinishHeal();
  if (dice < 42) return DropSome();
  if (dice < 50) return trims_ ? Retain() : Sweep();
  if (dice < 58) return trims_ ? Trim() : Sweep();
  if (dice < 62) return Sweep();
  if (dice < 86) return LoseValue();
  if (dice < 90) return EmptyStore();
  if (dice < 94) return lost_.empty() ? StartHeal() : FinishHeal();
  if (dice < 97) return FinishHeal();
  FoldWrong();
}

void SimWorld::MakeDropper() {
  ingest::Dropper::Options options;
  options.stripes_per_step = 400;
  options.base = base_;
  options.steady_ms = [this] { return disks_->clock.NowMs(); };
  options.report = [this](const ingest::DropEvent& event) { OnDrop(event); };
  process_->dropper.emplace(ingest::Dropper::Parts{.live = &process_->live,
                                                   .store = &disks_->blobs,
                                                   .clock = &disks_->clock,
                                                   .schedule = &disks_->schedule,
                                                   .blobs = &process_->cache,
                                                   .imports = &*process_->imports},
                            std::move(options));
}

std::string SimWorld::NameOf(uint64_t measure_hash) const {
  const feature::FeatureSet& features = *disks_->set->features;
  for (size_t m = 0; m < features.measures().size(); ++m) {
    if (features.measures()[m].hash == measure_hash) return feature::MeasureName(features, m);
  }
  return "";
}

// Later epochs hold the lost value's key only where a fold has written it again, upon the hole.
bool SimWorld::HoldsLost(const ingest::DropEvent& event) const {
  if (lost_live_to_ == feature::kNoCut) return false;
  const testing::FakeAggregateStore::Key& key = *lost_.begin();
  if (NameOf(key.measure_hash) != event.measure || event.to < lost_live_to_) return false;
  if (event.from < lost_live_to_) return true;
  const auto stored = disks_->blobs.Find({key.measure_hash, key.entity});
  return stored && stored->cut >= event.to;
}

// I9: dropped only after its proof, and the grace.
void SimWorld::OnDrop(const ingest::DropEvent& event) {
  using Kind = ingest::DropEvent::Kind;
  Note(absl::StrFormat("drop: kind %d of %s, cut %d: %s", static_cast<int>(event.kind),
                       event.measure, event.to, event.detail));
  switch (event.kind) {
    case Kind::kDropped: {
      if (emptied_) Fail("I9: an epoch was dropped though the store has nothing");
      tally_->Hit(kEpochDropped);
      if (HoldsLost(event)) Fail("I9: an epoch was dropped of which the store has lost a value");
      if (event.from != feature::kNoCut && event.to - event.from > 1) tally_->Hit(kLateDaysDropped);
      NoteProofs();
      const auto proved = proved_ms_.find({event.measure, event.to});
      if (proved == proved_ms_.end() || proved->second + kDayMs > disks_->clock.NowMs()) {
        Fail("I9: an epoch was dropped before its proof was a day old");
      }
      for (const auto& one : counters::EpochDrops(&process_->live).Suspects()) {
        const bool same =
            one.stretch.to == event.to && NameOf(one.stretch.measure_hash) == event.measure;
        if (same) Fail("I9: an epoch was dropped that is not what was folded");
      }
      return;
    }
    case Kind::kUnequal:
      if (!wrong_) Fail("I9: live epochs and fold are told unequal");
      return;
    case Kind::kLost:
      if (lost_.empty()) Fail("I9: values are told lost that are there");
      return;
    case Kind::kStoreLacks:
      if (!emptied_) Fail("I9: the store is told to lack a cut that it has");
      return;
    case Kind::kImported: {
      const auto its = std::find_if(imported_.begin(), imported_.end(), [&](const auto& one) {
        return NameOf(one.second.hash) == event.measure;
      });
      const bool owned = its != imported_.end() && its->second.published &&
                         its->second.published->first >= event.to;
      if (!owned || emptied_) Fail("I9: an epoch was dropped whose days no import owns");
      return;
    }
    case Kind::kDaysMissing:
    case Kind::kEqualAgain:
    case Kind::kOutOfReach:
    case Kind::kStoreWhole:
    case Kind::kNewWhole:
      return;
  }
}

// Everything that can be dropped now, or a part of it; the process may die between any two steps.
void SimWorld::DropSome() {
  const size_t guards = counters::EpochDrops(&process_->live).Guards().size();
  for (int steps = static_cast<int>(Random(300)); steps > 0 && failure_.empty(); --steps) {
    const absl::StatusOr<bool> more = process_->dropper->Step();
    if (!more.ok()) return Fail("drop: " + more.status().ToString());
    if (process_->dropper->busy() && (lost_.empty() || HasCheckpoint()) && Chance(1)) {
      tally_->Hit(kRestartInDrop);
      return CrashAndRestart();
    }
    if (*more) continue;
    if (Chance(20)) break;
    WriteCheckpoint();
  }
  if (counters::EpochDrops(&process_->live).Guards().size() < guards) tally_->Hit(kGuardForgotten);
}

std::vector<counters::MeasureCut> SimWorld::PublishedOf() {
  std::vector<counters::MeasureCut> cuts;
  for (const feature::Measure& measure : disks_->set->features->measures()) {
    const aggregate::Manifest manifest = disks_->blobs.GetManifest(measure.hash).value();
    cuts.push_back(
        {measure.hash, aggregate::CountFrom(*disks_->set->features, disks_->schedule, manifest)});
  }
  return cuts;
}

// Where the fold that is behind the others reads on.
eventlog::Offset SimWorld::FoldedTo(int partition) {
  eventlog::Offset least = disks_->log.End(partition);
  for (const feature::Measure& measure : disks_->set->features->measures()) {
    const aggregate::Manifest manifest = disks_->blobs.GetManifest(measure.hash).value();
    if (manifest.day || manifest.published_offsets.empty()) continue;
    least = std::min(least, manifest.published_offsets[static_cast<size_t>(partition)]);
  }
  return least;
}

// A log that somebody else keeps: its retention asks nobody, but is longer than folds are late.
void SimWorld::Retain() {
  const std::optional<ingest::PublishedCut> published = Published();
  if (!published || folder_ != nullptr) return;
  CatchUp();
  for (int p = 0; p < kPartitions; ++p) {
    const auto low = disks_->log.FirstAtOrAfter(p, published->time_ms - 3 * kHourMs);
    if (!low || *low <= disks_->log.Low(p)) continue;
    if (*low > FoldedTo(p)) continue;  // behind an idle end
    // Without faults the log keeps what sliding windows are read again from.
    const int64_t keeps_ms = disks_->clock.NowMs() - 28 * kHourMs;
    if (gentle_ && disks_->log.At(p, *low)->record_time_ms > keeps_ms) continue;
    disks_->log.Retain(p, *low);
    tally_->Hit(kRetentionPassesCut);
    Note(absl::StrFormat("retention removes partition %d below %d", p, *low));
  }
}

// A log of our own.
void SimWorld::Trim() {
  testing::FakeLogReader reader(disks_->log);
  testing::FakeLogTrimmer trimmer(&disks_->log);
  ingest::LogTrim::Options options;
  options.retention_ms = static_cast<int64_t>(1 + Random(4 * kDayMs));
  options.steady_ms = [] { return 0; };
  options.report = [this](int partition, int64_t low) {
    tally_->Hit(kLogTrimmed);
    Note(absl::StrFormat("partition %d is trimmed below %d", partition, low));
  };
  ingest::LogTrim trim({.source = &reader,
                        .log = &trimmer,
                        .store = &disks_->blobs,
                        .features = disks_->set->features.get(),
                        .schedule = &disks_->schedule,
                        .clock = &disks_->clock,
                        .saved = [this] { return process_->checkpoints.saved_next(); }},
                       std::move(options));
  const absl::Status trimmed = trim.Step();
  if (!trimmed.ok()) Fail("trim: " + trimmed.ToString());
}

// Is a blob cached that is older than an epoch that was dropped?
void SimWorld::NoteStaleCache(const model::Transaction& txn) {
  const counters::EpochDrops drops(&process_->live);
  for (const feature::Measure& measure : disks_->set->features->measures()) {
    const std::string& type = disks_->set->features->entities()[measure.entity].name;
    const std::string& id = type == "merchant" ? txn.merchant_id : txn.card_id;
    const auto entry = process_->cache.Lookup({measure.hash, disks_->hasher.Entity(type, id)},
                                              std::chrono::steady_clock::now());
    if (entry.state != aggregate::BlobCache::State::kFound) continue;
    const aggregate::BlobKey key{measure.hash, disks_->hasher.Entity(type, id)};
    const auto stored = disks_->blobs.Find(key);
    const bool stale = stored && stored->cut > entry.blob->cut;
    if (stale && entry.blob->cut < drops.DroppedTo(measure.hash)) tally_->Hit(kStaleCachePastGrace);
  }
}

}  // namespace verdict::simulator
