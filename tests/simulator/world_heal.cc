// What goes wrong with the aggregates of the simulated world, how it is found, and how it is
// mended.
#include <algorithm>

#include "absl/strings/str_format.h"
#include "aggregate/fold_plan.h"
#include "aggregate/sweep.h"
#include "simulator/world.h"

namespace verdict::simulator {
namespace {

constexpr int64_t kDayMs = 86'400'000;
// A guard is kept a week; a loss is mended within two days, and a jump of the clock is two more.
constexpr int64_t kYoungGuardMs = 2 * kDayMs;

// One record comes otherwise than it stands in the log: the machine of the batch is broken.
class BentReader : public testing::FakeLogReader {
 public:
  BentReader(const testing::FakeLog& log, int partition, int64_t offset, bool other_day)
      : FakeLogReader(log), partition_(partition), offset_(offset), other_day_(other_day) {}
  absl::StatusOr<size_t> Poll(std::vector<eventlog::LogRecord>* out, size_t max,
                              std::chrono::milliseconds wait) override {
    const absl::StatusOr<size_t> count = FakeLogReader::Poll(out, max, wait);
    for (eventlog::LogRecord& record : *out) {
      if (record.partition != partition_ || record.offset != offset_) continue;
      if (other_day_) {
        record.event.txn.event_time_ms -= kDayMs;
      } else {
        ++record.event.txn.amount_minor;
      }
    }
    return count;
  }

 private:
  int partition_;
  int64_t offset_;
  bool other_day_;
};

}  // namespace

uint64_t SimWorld::AnyMeasure() const {
  const auto& measures = disks_->set->features->measures();
  uint16_t m = 0;
  while (imported_.contains(m)) ++m;  // not all can be
  return measures[m].hash;
}

bool SimWorld::FoldIdle() {
  for (const feature::Measure& measure : disks_->set->features->measures()) {
    const aggregate::Manifest manifest = disks_->blobs.GetManifest(measure.hash).value();
    if (manifest.day) continue;
    if (manifest.state != aggregate::Manifest::State::kPublished) return false;
  }
  return folder_ == nullptr || folder_->progress().phase == aggregate::FoldProgress::Phase::kIdle;
}

bool SimWorld::HasCheckpoint() const {
  const auto contents = disks_->checkpoints->contents();
  return !contents[static_cast<size_t>(counters::CheckpointFamily::kMeta)].empty();
}

// Would healing tell of the value before this one? What was added may add up to nothing, as a
// payment and its reversal do.
bool SimWorld::SaysOtherwise(const testing::FakeAggregateStore::Key& key,
                             const feature::Blob& blob) {
  const model::DayNumber oldest = disks_->blobs.GetManifest(key.measure_hash).value().published -
                                  disks_->set->features->kept_days();
  const auto reached = [&](std::vector<feature::DayTile> tiles) {
    std::erase_if(tiles, [&](const feature::DayTile& tile) { return tile.day < oldest; });
    return tiles;
  };
  const std::optional<feature::Blob> before = disks_->blobs.Before(key);
  return reached(before ? before->tiles : std::vector<feature::DayTile>()) != reached(blob.tiles);
}

// The store fails over, and has an older value of one key: one that live epochs still make whole,
// or that a guard knows.
void SimWorld::LoseValue() {
  if (!loses_ || !lost_.empty() || !FoldIdle() || !HasCheckpoint()) return;
  if (process_->dropper->freeing()) return;  // half of it is live, half guarded
  if (Chance(20)) {
    disks_->blobs.FailOver({});
    tally_->Hit(kFailoverLosesNothing);
    return Note("the store fails over and loses nothing");
  }
  if (Chance(40)) CompareAndDrop(kDayMs + 1);  // what was proved lately is known to guards alone
  if (!failure_.empty()) return;
  const counters::EpochDrops drops(&process_->live);
  std::vector<testing::FakeAggregateStore::Key> live, guarded;
  for (const auto& [key, blob] : disks_->blobs.blobs()) {
    const aggregate::Manifest manifest = disks_->blobs.GetManifest(key.measure_hash).value();
    if (manifest.day || !SaysOtherwise(key, blob)) continue;
    for (const auto& proof : manifest.proofs) {
      const bool here = proof.from >= drops.BeginningOf(key.measure_hash).cut;
      const bool kept = proof.to > drops.DroppedTo(key.measure_hash);
      if (proof.to == blob.cut && here && kept) live.push_back(key);
    }
    for (const auto& guard : drops.Guards()) {
      const bool young = disks_->clock.NowMs() - guard->dropped_ms < kYoungGuardMs;
      const bool its =
          guard->stretch.measure_hash == key.measure_hash && guard->stretch.to == blob.cut;
      if (young && its) guarded.push_back(key);
    }
  }
  const bool after = !guarded.empty() && (live.empty() || Chance(70));
  const auto& candidates = after ? guarded : live;
  if (candidates.empty()) return;
  const auto key = candidates[Random(candidates.size())];
  const feature::CutId cut = disks_->blobs.blobs().at(key).cut;
  disks_->blobs.FailOver({key});
  if (Chance(70)) process_->cache.Clear();
  lost_ = {key};
  lost_live_to_ = after ? feature::kNoCut : cut;
  healed_.clear();
  lost_at_ms_ = disks_->clock.NowMs();
  tally_->Hit(after ? kFailoverAfterDrop : kFailoverBeforeDrop);
  Note(absl::StrFormat("the store fails over and loses a value, %s", after ? "guarded" : "live"));
  for (int i = 0; i < 4 && failure_.empty(); ++i) Explain();
  if (failure_.empty()) ExplainLost();
  if (failure_.empty() && !after && Chance(70)) CompareAndDrop(kDayMs + 1);
  if (failure_.empty() && Chance(after ? 80 : 40)) CrashAndRestart();
  if (failure_.empty()) ExplainLost();
  for (int i = 0; i < 4 && failure_.empty(); ++i) Explain();
}

// By and by the replica compares, and lets go of what it may; nobody asks meanwhile.
void SimWorld::CompareAndDrop(int64_t later_ms) {
  SetClock(disks_->clock.NowMs() + later_ms);
  CatchUp();
  const auto save = [&] { return process_->checkpoints.WriteNow(); };
  if (!save().ok()) Fail("checkpoint");
  while (failure_.empty() && process_->dropper->Step().value()) {
  }
  if (!save().ok()) Fail("checkpoint");
}

// Somebody asks for the very entity whose value is gone.
void SimWorld::ExplainLost() {
  const model::EntityKey lost = lost_.begin()->entity;
  for (const Entry& entry : oracle_->log) {
    const bool merchant = disks_->hasher.Entity("merchant", entry.fact.merchant) == lost;
    if (!merchant && disks_->hasher.Entity("card", entry.fact.card) != lost) continue;
    model::Transaction txn = RandomPayment();
    (merchant ? txn.merchant_id : txn.card_id) = merchant ? entry.fact.merchant : entry.fact.card;
    return ExplainPayment(txn);
  }
}

// A store that was emptied while it ran, until somebody brings back what it held. Nobody asks
// before the replica has looked.
void SimWorld::EmptyStore() {
  if (!loses_ || !lost_.empty() || !FoldIdle() || process_->dropper->busy()) return;
  const auto whole = disks_->blobs.Snapshot();
  const auto look = [this] {
    SetClock(disks_->clock.NowMs() + 2'000);
    for (bool more = true; more && failure_.empty();) {
      const absl::StatusOr<bool> step = process_->dropper->Step();
      if (!step.ok()) Fail("drop: " + step.status().ToString());
      more = step.ok() && *step;
    }
  };
  disks_->blobs.Flush();
  emptied_ = true;
  Note("the store is emptied");
  look();
  for (const feature::Measure& measure : disks_->set->features->measures()) {
    if (process_->live.LackingOf(measure.hash) != feature::kNoCut) tally_->Hit(kStoreEmptied);
  }
  if (Chance(70)) process_->cache.Clear();
  for (int i = 0; i < 6 && failure_.empty(); ++i) Explain();
  disks_->blobs.Restore(whole);
  emptied_ = false;
  Note("what the store held is back");
  look();
  for (const feature::Measure& measure : disks_->set->features->measures()) {
    if (process_->live.LackingOf(measure.hash) != feature::kNoCut) Fail("I11: the store is whole");
  }
  for (int i = 0; i < 3 && failure_.empty(); ++i) Explain();
}

// I6: the store adds up to what was folded, unless it has lost something, which is found.
void SimWorld::Sweep() {
  if (!FoldIdle()) return;
  std::vector<uint64_t> hashes;
  for (const feature::Measure& measure : disks_->set->features->measures()) {
    hashes.push_back(measure.hash);
  }
  const auto results = aggregate::SweepStore(&disks_->blobs, hashes, nullptr);
  if (!results.ok()) return Fail("sweep: " + results.status().ToString());
  bool found = false;
  for (const aggregate::SweepResult& one : *results) {
    if (one.cut == feature::kNoCut) continue;  // imported
    if (!one.compared) Fail("I6: a sweep could not compare");
    if (one.differences.empty()) continue;
    found = true;
    if (lost_.empty()) Fail("I6: the store is not what was folded: " + one.differences.front());
  }
  Note(found ? "sweep: something is lost" : "sweep");
  if (lost_.empty()) return;
  if (!found) return Fail("I6: a sweep has not found the loss");
  tally_->Hit(kLossSwept);
}

void SimWorld::OnHealed(const aggregate::HealedKey& healed) {
  const testing::FakeAggregateStore::Key key{healed.key.measure_hash, healed.key.entity};
  healed_.insert(key);
  if (!wrong_ && !lost_.contains(key)) Fail("I6: healing changed a value that was right");
}

// The steps that follow are those of any fold, and break off as they do.
void SimWorld::StartHeal() {
  if (!FoldIdle() || PublishedEverywhere() == feature::kNoCut) return;
  MakeFolder();
  const absl::Status announced = folder_->AnnounceHeal();
  Note("heal " + announced.ToString());
  if (!announced.ok()) return Fail("heal: " + announced.ToString());
}

// To its end; a lost value is found by then, and back.
void SimWorld::FinishHeal() {
  if (!AllAnnounced()) return;  // a fold would take what is to be imported
  Sweep();
  if (!lost_.empty()) StartHeal();
  // Nothing breaks it for ever: every value of every measure is written and read back, one a step.
  for (int i = 0; i < 20'000 && failure_.empty() && !FoldIdle(); ++i) {
    if (folder_ == nullptr) MakeFolder();
    if (i < 1000 && Faults(3)) BreakFold();
    const absl::StatusOr<bool> more = folder_->Step();
    disks_->blobs.Heal();
    if (!more.ok()) Note("fold " + more.status().ToString());
  }
  if (!FoldIdle()) return Fail("the fold under way never ends");
  folder_.reset();
  Note("healed");
  if (lost_.empty()) return;
  if (healed_ != lost_) Fail("I6: healing has not told what it changed");
  lost_.clear();
  lost_live_to_ = feature::kNoCut;
  tally_->Hit(kHealed);
  Sweep();
  for (int i = 0; i < 3 && failure_.empty(); ++i) Explain();
}

// A fold counts one payment otherwise than the log has it. Every replica finds that, keeps its
// epochs and says so, until a healing recompute has mended the store, and a person has ordered the
// state to be counted again.
void SimWorld::FoldWrong() {
  if (!loses_ || !lost_.empty() || !FoldIdle()) return;
  const feature::CutId published = PublishedEverywhere();
  const feature::CutId due = disks_->schedule.EpochOf(disks_->clock.NowMs() - 300'000);
  if (published >= due ||
      counters::EpochDrops(&process_->live).BeginningOf(AnyMeasure()).cut > published)
    return;
  CatchUp();
  std::vector<const Entry*> bendable;  // payments that count, alone with their id
  for (const auto& [entry, entry_class] : oracle_->Classify(Next())) {
    const feature::CutId epoch = disks_->schedule.EpochOf(entry->record_ms);
    if (entry_class == Class::kCounted && entry->fact.kind == Kind::kPayment &&
        entry->fact.status == "approved" && entry->fact.base_amount &&
        entry->fact.base_amount < INT64_MAX - 10 && epoch >= published && epoch < due &&
        disks_->log.At(entry->partition, entry->offset)->event.txn.amount_base_minor ==
            std::nullopt &&
        entry->fact.time_ms > entry->record_ms - 5 * kDayMs) {
      bendable.push_back(entry);
    }
  }
  if (bendable.empty()) return;
  const Entry* bent = bendable[Random(bendable.size())];
  folder_.reset();
  fold_reader_ =
      std::make_unique<BentReader>(disks_->log, bent->partition, bent->offset, Chance(50));
  aggregate::FolderParts parts;
  parts.source = fold_reader_.get();
  parts.store = &disks_->blobs;
  parts.features = disks_->set->features;
  parts.schedule = &disks_->schedule;
  parts.hasher = &disks_->hasher;
  parts.clock = &disks_->clock;
  parts.log_id = disks_->log.log_id();
  disks_->blobs.Heal();  // that something fails beside it is for other folds
  Note("a fold counts " + bent->fact.id + " otherwise");
  wrong_ = true;
  const absl::Status folded = aggregate::Folder(parts, {}).Run(nullptr);
  if (!folded.ok()) return Fail("fold: " + folded.ToString());
  CompareAndDrop(31'000);
  if (counters::EpochDrops(&process_->live).Suspects().empty()) {
    Fail("I9: a wrong fold was not told");
  }
  tally_->Hit(kWrongFold);
  process_->cache.Clear();
  for (int i = 0; i < 4 && failure_.empty(); ++i) Explain();
  if (failure_.empty()) CrashAndRestart();
  for (int i = 0; i < 4 && failure_.empty(); ++i) Explain();
  CompareAndDrop(2 * kDayMs);  // past the grace: it stays
  StartHeal();
  FinishHeal();
  if (healed_.empty()) Fail("I6: nothing was healed");
  healed_.clear();
  wrong_ = false;
  disks_->checkpoints = std::make_unique<testing::FakeCheckpointStore>();
  Restart();
  for (int i = 0; i < 4 && failure_.empty(); ++i) Explain();
}

}  // namespace verdict::simulator
