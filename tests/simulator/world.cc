#include "simulator/world.h"

#include <algorithm>
#include <limits>
#include <map>

#include "absl/strings/str_format.h"
#include "aggregate/fold_plan.h"
#include "base/check.h"
#include "decide/world.h"

namespace verdict::simulator {
namespace {

constexpr int64_t kMinuteMs = 60'000, kHourMs = 60 * kMinuteMs, kDayMs = 24 * kHourMs;
constexpr std::array<const char*, 6> kZones = {
    "UTC",        "Europe/Paris",      "America/New_York",
    "Asia/Tokyo", "America/Sao_Paulo", "Australia/Lord_Howe"};

constexpr size_t kLinesShown = 300;  // of a history: the first and the last

testing::RuleTexts Texts() {
  return {
      .features = R"json({ "features": [
            { "name": "sum_30d", "entity": "merchant", "aggregate": "sum", "of": "txn.amount_base_minor",
              "window": "30d", "where": "txn.status == 'approved'" },
            { "name": "max_3d", "entity": "merchant", "aggregate": "max", "of": "txn.amount_base_minor",
              "window": "3d", "where": "txn.status == 'approved'" },
            { "name": "min_3d", "entity": "merchant", "aggregate": "min", "of": "txn.amount_base_minor",
              "window": "3d", "where": "txn.status == 'approved'" },
            { "name": "avg_7d", "entity": "merchant", "aggregate": "avg", "of": "txn.amount_base_minor",
              "window": "7d", "where": "txn.status == 'approved'" },
            { "name": "count_7d", "entity": "merchant", "aggregate": "count", "window": "7d" },
            { "name": "count_1d", "entity": "card", "aggregate": "count", "window": "1d" },
            { "name": "sum_3d", "entity": "card", "aggregate": "sum", "of": "txn.amount_base_minor",
              "window": "3d" },
            { "name": "stddev_7d", "entity": "merchant", "aggregate": "stddev", "of": "txn.amount_base_minor",
              "window": "7d", "where": "txn.status == 'approved'" },
            { "name": "variance_1d", "entity": "card", "aggregate": "variance", "window": "1d" },
            { "name": "last_7d", "entity": "merchant", "aggregate": "last", "of": "txn.amount_base_minor",
              "window": "7d", "where": "txn.status == 'approved'" },
            { "name": "first_seen_7d", "entity": "card", "aggregate": "first_seen", "window": "7d" },
            { "name": "last_seen_3d", "entity": "card", "aggregate": "last_seen", "window": "3d" },
            { "name": "sum_1h", "entity": "merchant", "aggregate": "sum", "of": "txn.amount_base_minor",
              "window": "1h", "where": "txn.status == 'approved'" },
            { "name": "max_5m", "entity": "merchant", "aggregate": "max", "of": "txn.amount_base_minor",
              "window": "5m", "where": "txn.status == 'approved'" },
            { "name": "avg_24h", "entity": "merchant", "aggregate": "avg", "of": "txn.amount_base_minor",
              "window": "24h", "where": "txn.status == 'approved'" },
            { "name": "count_10m", "entity": "merchant", "aggregate": "count", "window": "10m" },
            { "name": "count_6h", "entity": "card", "aggregate": "count", "window": "6h" },
            { "name": "min_6h", "entity": "card", "aggregate": "min", "of": "txn.amount_base_minor",
              "window": "6h" } ] })json",
      .policy =
          R"json({ "review_at": 50, "deny_at": 100, "default": "allow", "reasons": ["A"] })json",
      .rules = R"json({ "schema": "txn/1", "rules": [
            { "id": "big", "name": "Big", "owner": "t", "mode": "live", "action": "deny", "reason": "A",
              "when": "txn.amount_minor % 5 == 0",
              "tests": [ { "name": "y", "expect": "match", "given": { "txn": { "amount_minor": 5 } } },
                         { "name": "n", "expect": "no_match", "given": { "txn": { "amount_minor": 6 } } } ] },
            { "id": "all", "name": "All", "owner": "t", "mode": "live", "action": "review", "reason": "A",
              "when_all": [ "merchant.count_7d % 4 == 0",
                            "merchant.sum_30d >= 0.0 || merchant.max_3d > merchant.min_3d || merchant.avg_7d > 0.0",
                            "card.count_1d > 1 || card.sum_3d > 1.0",
                            "merchant.stddev_7d > 9.0 || merchant.last_7d > 9.0 || card.variance_1d > 9.0",
                            "card.first_seen_7d < txn.time || card.last_seen_3d < txn.time",
                            "merchant.sum_1h > 9.0 || merchant.max_5m > 9.0 || merchant.avg_24h > 9.0",
                            "merchant.count_10m > 0 || card.count_6h > 0 || card.min_6h > 9.0" ] } ] })json"};
}

std::shared_ptr<const ruleset::RuleSet> RulesFor(const std::string& zone) {
  static std::map<std::string, std::shared_ptr<const ruleset::RuleSet>> loaded;
  std::shared_ptr<const ruleset::RuleSet>& set = loaded[zone];
  if (set == nullptr) set = testing::LoadRules(Texts(), {.zone_name = zone});
  return set;
}

// A few days before some change of the clocks where the zone has one, else any time.
int64_t StartOf(const absl::TimeZone& zone, uint64_t random) {
  const absl::Time any =
      absl::FromUnixSeconds(1'420'000'000 + static_cast<int64_t>(random % 100'000'000));
  absl::TimeZone::CivilTransition change;
  const absl::Time start = zone.NextTransition(any, &change)
                               ? absl::FromCivil(change.from, zone) - absl::Hours(24 + random % 72)
                               : any;
  return absl::ToUnixMillis(start);
}

}  // namespace

SimWorld::SimWorld(const WorldOptions& options, Tally* tally)
    : options_(options), tally_(tally), random_(options.seed), gentle_(Chance(25)) {
  const std::string zone = kZones[Random(kZones.size())];
  CHECK(absl::LoadTimeZone(zone, &zone_));
  calendar_ = model::BusinessCalendar::Load(zone).value();
  disks_.emplace(StartOf(zone_, random_()), *calendar_);
  disks_->set = RulesFor(zone);
  disks_->rules.Publish(disks_->set);
  oracle_.emplace(zone_);
  extreme_ = !gentle_ && Chance(15);
  foreign_ = !gentle_ && Chance(20);
  trims_ = Chance(50);
  loses_ = !gentle_ && !trims_;
  // The cache's clock is another one than the world's: it may stand still while days go by.
  cache_kept_ms_ = Chance(30) ? 3 * kDayMs : kHourMs;
  one_key_ = Chance(20);
  few_ = !gentle_ && Chance(30);
  Note(absl::StrFormat("world %d in %s%s", options.seed, zone, gentle_ ? ", without faults" : ""));
  ChooseImported();
  if (!imported_.empty()) cache_kept_ms_ = kHourMs;  // what imports trust in
  Restart();
  // Before a fold takes the measure; in some worlds after a while.
  while (!AllAnnounced() && failure_.empty() && (gentle_ || Chance(80))) ImportSome();
}

SimWorld::~SimWorld() = default;

std::string SimWorld::Run() {
  for (int i = 0; i < options_.operations && failure_.empty(); ++i) Operation();
  if (failure_.empty()) {
    CatchUp();
    CheckClasses();
  }
  tally_->events += oracle_->log.size();
  if (failure_.empty()) return {};
  std::string report = absl::StrFormat("seed %d: %s\n", options_.seed, failure_);
  for (size_t i = 0; i < history_.size(); ++i) {
    if (i == kLinesShown && history_.size() > 2 * kLinesShown) {
      i = history_.size() - kLinesShown;
      report += "  ...\n";
    }
    report += "  " + history_[i] + "\n";
  }
  return report;
}

void SimWorld::Note(const std::string& what) {
  if (history_.empty()) {
    history_.push_back(what);
    return;
  }
  history_.push_back(absl::StrFormat("%s  %s", model::FormatTimeMs(disks_->clock.NowMs()), what));
}

void SimWorld::Fail(const std::string& what) {
  if (failure_.empty()) failure_ = what;
}

void SimWorld::Operation() {
  AdvanceClock();
  NoteProofs();
  if (!imported_.empty()) {
    LookAtImports();
    if (Chance(8)) return ImportSome();
  }
  if (Chance(8)) return LetGo();
  const uint64_t dice = Random(100);
  if (dice < 20) return AppendEvent();
  if (dice < 26) return AppendDuplicate();
  if (dice < 32) return AppendCounterMovement();
  if (dice < 48) return ScoreNew();
  if (dice < 53) return ScoreAgain();
  if (dice < 56) return ScoreThenOtherEvent();
  if (dice < 61) return Explain();
  if (dice < 68) return ExplainAtAnEdge();
  if (dice < 70) return ReplaySome();
  if (dice < 71) return Flood();
  if (dice < 72) return ExplainTenTimes();
  if (dice < 80) return PumpSome();
  if (dice < 83) return WriteCheckpoint();
  if (dice < 86) return CrashAndRestart();
  if (dice < 95) return FoldSome();
  if (dice < 97) return FoldWhole();
  BreakFold();
}

void SimWorld::AdvanceClock() {
  int64_t now_ms = disks_->clock.NowMs();
  const int64_t midnight_ms = calendar_->StartOfDayMs(calendar_->DayOf(now_ms) + 1);
  const uint64_t dice = Random(100);
  if (dice < 60) {
    now_ms += static_cast<int64_t>(Random(5 * kMinuteMs));
  } else if (dice < 80) {
    now_ms += static_cast<int64_t>(Random(3 * kHourMs));
  } else if (dice < 86) {
    now_ms = midnight_ms - 1 + static_cast<int64_t>(Random(3));
    tally_->Hit(kMidnight);
  } else if (dice < 90) {  // the moment of the cut
    const int64_t cut_ms = disks_->schedule.CutTimeMs(calendar_->DayOf(now_ms) + 1);
    now_ms = std::max(now_ms, cut_ms - 1 + static_cast<int64_t>(Random(3)));
  } else if (dice < (now_ms < fold_after_ms_ - 4 * kDayMs ? 98u : 92u)) {
    now_ms += static_cast<int64_t>(Random(2 * kDayMs));
  }
  SetClock(now_ms);
}

// A cached blob lives for an hour of the cache's own clock.
void SimWorld::SetClock(int64_t now_ms) {
  disks_->clock.Set(now_ms);
  if (now_ms - cache_cleared_ms_ <= cache_kept_ms_) return;
  process_->cache.Clear();
  cache_cleared_ms_ = now_ms;
}

Fact SimWorld::FactOf(const model::Transaction& txn, Kind kind, int sequence) {
  Fact fact{
      kind,        txn.id,    sequence, txn.event_time_ms, txn.amount_base_minor, txn.merchant_id,
      txn.card_id, txn.status};
  if (!fact.base_amount && txn.currency == "EUR") fact.base_amount = txn.amount_minor;
  return fact;
}

model::Transaction SimWorld::RandomPayment() {
  model::Transaction txn;
  txn.id = absl::StrFormat("t%d", ++ids_);
  txn.event_time_ms = disks_->clock.NowMs();
  txn.amount_minor = static_cast<int64_t>(Random(100'000));
  txn.currency = "EUR";
  const uint64_t zipf = Random(20);  // half of all on one merchant, a few idle for days
  txn.merchant_id = zipf < 10 ? "hot" : absl::StrFormat("m%d", zipf % 5);
  txn.card_id = Chance(10) ? "" : absl::StrFormat("c%d", Random(4));
  if (one_key_ && Chance(90)) {
    txn.merchant_id = "hot";
    txn.card_id = "c0";
    tally_->Hit(kOneKey90Percent);
  }
  if (foreign_ && Chance(10)) {
    txn.currency = "USD";
    if (Chance(50)) txn.amount_base_minor = txn.amount_minor / 2;
    if (!txn.amount_base_minor) tally_->Hit(kFxMissing);
  }
  return txn;
}

void SimWorld::PutRecord(const model::Event& event,
                         const std::optional<model::Decision>& decision) {
  const eventlog::Partition p = eventlog::PartitionOf(event.txn.merchant_id, kPartitions);
  if (Faults(4)) {
    disks_->log.AppendAborted(p, disks_->clock.NowMs());
    tally_->Hit(kAbortedAtCut);
  }
  const int64_t offset = disks_->log.Append(p, disks_->clock.NowMs(), event, decision);
  oracle_->log.push_back(
      {FactOf(event.txn, static_cast<Kind>(event.kind), static_cast<int>(event.sequence)), p,
       offset, disks_->log.At(p, offset)->record_time_ms});
}

void SimWorld::AppendEvent() {
  model::Event event;
  event.txn = RandomPayment();
  event.txn.status = Chance(80) ? "approved" : "declined";
  if (Chance(20)) {
    event.txn.event_time_ms -= static_cast<int64_t>(Random(10 * kDayMs));
    tally_->Hit(kLate0To10Days);
  } else if (Chance(20)) {
    event.txn.event_time_ms -= static_cast<int64_t>(Random(8 * kHourMs));
  } else if (Chance(5)) {
    event.txn.event_time_ms += static_cast<int64_t>(Random(10 * kMinuteMs));
    tally_->Hit(kFutureEvent);
  }
  if (extreme_ && Chance(30)) {
    event.txn.amount_minor = INT64_MAX - static_cast<int64_t>(Random(3));
    tally_->Hit(kInt64Edges);
  }
  if (Chance(3)) event.kind = model::EventKind::kLabel;
  Note("append " + event.txn.id + " of " + event.txn.merchant_id);
  PutRecord(event, std::nullopt);
}

// The same event again: soon, behind the next cut, or at the edge of the window in which ids are
// known.
void SimWorld::AppendDuplicate() {
  if (oracle_->log.empty()) return;
  const size_t recent = std::min<size_t>(oracle_->log.size(), 6);
  const Entry entry = oracle_->log[oracle_->log.size() - 1 - Random(recent)];
  const auto record = disks_->log.At(entry.partition, entry.offset);
  if (!record) return;
  const int64_t edge_ms =
      (entry.record_ms / 900'000 + 9) * 900'000 - 1 + static_cast<int64_t>(Random(2));
  if (Chance(40) && edge_ms > disks_->clock.NowMs()) {
    SetClock(edge_ms);
    tally_->Hit(kDupAtBucketEdge);
  }
  if (disks_->schedule.EpochOf(entry.record_ms) !=
      disks_->schedule.EpochOf(disks_->clock.NowMs())) {
    tally_->Hit(kDupAcrossCut);
  }
  Note("append " + entry.fact.id + " again");
  PutRecord(record->event, std::nullopt);
}

void SimWorld::AppendCounterMovement() {
  if (oracle_->log.empty()) return;
  const Entry& entry = oracle_->log[Random(oracle_->log.size())];
  const auto record = disks_->log.At(entry.partition, entry.offset);
  if (!record || entry.fact.kind != Kind::kPayment) return;
  model::Event event = record->event;
  event.kind = Chance(50) ? model::EventKind::kReversal : model::EventKind::kRefund;
  event.sequence = static_cast<uint32_t>(Random(2));
  event.txn.event_time_ms = disks_->clock.NowMs();
  if (calendar_->DayOf(entry.fact.time_ms) < calendar_->DayOf(disks_->clock.NowMs()))
    tally_->Hit(kReversalNextDay);
  Note("undo " + event.txn.id);
  PutRecord(event, std::nullopt);
}

std::vector<int64_t> SimWorld::Next() const { return process_->live.NextOffsets(); }

bool SimWorld::AllApplied() const {
  const std::vector<int64_t> next = Next();
  for (int p = 0; p < kPartitions; ++p) {
    if (next[static_cast<size_t>(p)] < disks_->log.End(p)) return false;
  }
  return true;
}

void SimWorld::CatchUp() {
  const absl::Status status = process_->pump->CatchUp();
  if (!status.ok()) Fail("pump: " + status.ToString());
}

void SimWorld::PumpSome() {
  const absl::StatusOr<size_t> count = process_->pump->Step();
  if (!count.ok()) return Fail("pump: " + count.status().ToString());
  if (*count > 1) tally_->Hit(kOrder);
  Note(absl::StrFormat("pump %d", *count));
  if (Chance(20)) {
    CatchUp();
    CheckClasses();
  }
}

void SimWorld::WriteCheckpoint() {
  if (Faults(30)) {
    disks_->checkpoints->CrashAt(0, Chance(50) ? testing::FakeCheckpointStore::Crash::kBeforeWrite
                                               : testing::FakeCheckpointStore::Crash::kAfterWrite);
    process_->checkpoints.WriteNow().IgnoreError();
    Note("crash in a checkpoint");
    return CrashAndRestart();
  }
  const absl::Status status = process_->checkpoints.WriteNow();
  Note("checkpoint");
  if (!status.ok()) Fail("checkpoint: " + status.ToString());
}

void SimWorld::CrashAndRestart() {
  if (gentle_ && Chance(50)) return;  // a restart is no fault, but a rare thing
  Note("crash");
  tally_->Hit(kCrashAtEveryStep);
  if (lost_.empty() && !wrong_ && Faults(5))
    disks_->checkpoints = std::make_unique<testing::FakeCheckpointStore>();  // the disk is lost
  Restart();
  CatchUp();
  tally_->Hit(kReplayEqualsLive);
  CheckClasses();
  Explain();
}

void SimWorld::Restart() {
  folder_.reset();
  process_.reset();
  ++life_;
  provisionals_.clear();
  disks_->blobs.Heal();
  disks_->checkpoints =
      std::make_unique<testing::FakeCheckpointStore>(disks_->checkpoints->contents());
  counters::LiveOptions live_options;
  if (few_) live_options.sliding_events_per_key_max = 6;
  process_ = std::make_unique<Process>(&*disks_, live_options,
                                       [this](const eventlog::AppendRequest& request) {
                                         PutRecord(request.event, request.decision);
                                       });
  BeginToLook();
  const absl::StatusOr<ingest::StartUpReport> report =
      ingest::StartUp({.source = &process_->reader,
                       .live = &process_->live,
                       .checkpoint = &process_->checkpoint,
                       .store = disks_->checkpoints.get(),
                       .clock = &disks_->clock,
                       .published = Published(),
                       .published_of = PublishedOf()});
  if (!report.ok()) return Fail("start-up: " + report.status().ToString());
  Note(absl::StrFormat("start from %d %s", static_cast<int>(report->from), report->why));
  process_->pump.emplace(ingest::Pump::Parts{.source = &process_->reader,
                                             .live = &process_->live,
                                             .clock = &disks_->clock,
                                             .schedule = &disks_->schedule,
                                             .checkpoints = nullptr},
                         ingest::Pump::Options{.records_per_step = 7,
                                               .poll_wait = std::chrono::milliseconds(0),
                                               .error_pause = std::chrono::milliseconds(0),
                                               .warm_until = report->warm_until});
  process_->decider.emplace(decide::Decider::Parts{.rules = &disks_->rules,
                                                   .live = &process_->live,
                                                   .blobs = &process_->cache,
                                                   .appender = &process_->appender,
                                                   .clock = &disks_->clock,
                                                   .hasher = &disks_->hasher,
                                                   .timer = &process_->timer},
                            decide::DeciderOptions{});
  cache_cleared_ms_ = disks_->clock.NowMs();
  base_ = report->base;
  MakeDropper();
  StartSliding(*report);
  CatchUp();
}

// Of the measures that are folded.
feature::CutId SimWorld::PublishedEverywhere() {
  feature::CutId least = std::numeric_limits<feature::CutId>::max();
  for (const feature::Measure& measure : disks_->set->features->measures()) {
    const aggregate::Manifest manifest = disks_->blobs.GetManifest(measure.hash).value();
    if (!manifest.day) least = std::min(least, manifest.published);
  }
  return least;
}

// The least of all measures: from there on the log is needed.
std::optional<ingest::PublishedCut> SimWorld::Published() {
  std::optional<ingest::PublishedCut> least;
  for (const feature::Measure& measure : disks_->set->features->measures()) {
    const aggregate::Manifest manifest = disks_->blobs.GetManifest(measure.hash).value();
    const feature::CutId cut =
        aggregate::CountFrom(*disks_->set->features, disks_->schedule, manifest);
    if (cut == feature::kNoCut) return std::nullopt;
    if (least && least->cut <= cut) continue;
    least = {cut, disks_->schedule.CutTimeMs(cut), manifest.published_offsets};
    if (!manifest.day) continue;
    for (int p = 0; p < kPartitions; ++p) {
      const auto first = disks_->log.FirstAtOrAfter(p, least->time_ms);
      least->offsets.push_back(first.value_or(disks_->log.End(p)));
    }
  }
  return least;
}

void SimWorld::MakeFolder() {
  fold_reader_ = std::make_unique<testing::FakeLogReader>(disks_->log);
  folder_ = std::make_unique<aggregate::Folder>(
      aggregate::FolderParts{.source = fold_reader_.get(),
                             .store = &disks_->blobs,
                             .features = disks_->set->features,
                             .schedule = &disks_->schedule,
                             .hasher = &disks_->hasher,
                             .clock = &disks_->clock,
                             .log_id = disks_->log.log_id(),
                             .healed = [this](const auto& healed) { OnHealed(healed); }},
      aggregate::FolderOptions{.records_per_step = 16, .keys_per_step = 1});
}

void SimWorld::FoldSome() {
  const int64_t now_ms = disks_->clock.NowMs();
  if (folder_ == nullptr) {
    if (now_ms < fold_after_ms_ || !AllAnnounced()) return;
    if (Faults(15)) {
      fold_after_ms_ = now_ms + static_cast<int64_t>(Random((Chance(30) ? 20 : 4) * kDayMs));
      return Note("the batch is late");
    }
    const feature::CutId published = PublishedEverywhere();
    const feature::CutId due = disks_->schedule.EpochOf(now_ms - 5 * kMinuteMs);
    if (published != feature::kNoCut && due - published >= 10) tally_->Hit(kBatchLate20Days);
    MakeFolder();
  }
  if (!lost_.empty() && FoldIdle()) return;  // it would build on what is lost: first it is healed
  for (int steps = 1 + static_cast<int>(Random(4)); steps > 0 && failure_.empty(); --steps) {
    if (Faults(10)) BreakFold();
    if (folder_ == nullptr) return;
    const auto before = folder_->progress().phase;
    const uint64_t stored = disks_->blobs.stored();
    const absl::StatusOr<bool> more = folder_->Step();
    const auto phase = folder_->progress().phase;
    Note(absl::StrFormat("fold step %d -> %d %s", static_cast<int>(before), static_cast<int>(phase),
                         more.ok() ? "" : more.status().ToString()));
    if (!more.ok() && gentle_) return Fail("fold: " + more.status().ToString());
    disks_->blobs.Heal();
    if (!more.ok()) return;
    if (disks_->blobs.stored() != stored) {
      tally_->Hit(kFlipAtEachWrite);
      if (!AllApplied()) tally_->Hit(kLaggingReplicaAfterUpload);
      Explain();
    }
    if (!*more) {
      folder_.reset();
      return;
    }
  }
}

void SimWorld::FoldWhole() {
  if (disks_->clock.NowMs() < fold_after_ms_) return;
  for (int p = 0; p < kPartitions; ++p) {
    if (disks_->log.End(p) == disks_->log.Low(p)) tally_->Hit(kIdleAtCut);
  }
  for (int i = 0; i < 400 && failure_.empty(); ++i) {
    FoldSome();
    if (folder_ == nullptr) return;
  }
}

// A fault for the fold under way: its process dies, or the store misbehaves in the next step.
void SimWorld::BreakFold() {
  if (gentle_ || folder_ == nullptr) return;
  switch (Random(5)) {
    case 0:
      disks_->blobs.FailPutsAfter(Random(3));
      tally_->Hit(kPartialUpload);
      return Note("puts will fail");
    case 1:
      disks_->blobs.LoseNextAcknowledgement();
      tally_->Hit(kLostAck);
      return Note("an acknowledgement will be lost");
    case 2:
      disks_->blobs.KeepPuts();
      return Note("puts are kept");
    case 3:
      if (disks_->blobs.RedeliverPuts() > 0) tally_->Hit(kReorderedPuts);
      return Note("puts come again");
    default:
      break;
  }
  // The fold's process dies and begins anew; the cache keeps what it has.
  Note("the fold dies");
  if (!FoldIdle() && aggregate::IsHealing(disks_->blobs.GetManifest(AnyMeasure()).value())) {
    tally_->Hit(kHealBrokenOff);
  }
  folder_.reset();
  tally_->Hit(kRerunWithCache);
  MakeFolder();
}

}  // namespace verdict::simulator
