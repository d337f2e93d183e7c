// A LiveState with everything around it, and short ways to ask it.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "counters/checkpoint.h"
#include "counters/live_state.h"
#include "support/small_features.h"

namespace verdict::testing {

struct LiveWorld {
  explicit LiveWorld(int partitions = 1, counters::LiveOptions options = {},
                     std::shared_ptr<const feature::FeatureSet> set = nullptr)
      : features(set ? std::move(set) : CompileFeatures(SmallDeclarations())),
        schedule(features->calendar()),
        live({.features = features,
              .schedule = &schedule,
              .hasher = &hasher,
              .clock = &clock,
              .partitions = partitions},
             options) {}

  // The record at the next offset of its partition.
  eventlog::LogRecord Record(model::Event event, int64_t record_time_ms, int partition = 0) const {
    eventlog::LogRecord record;
    record.partition = partition;
    record.offset = live.NextOffsets()[static_cast<size_t>(partition)];
    record.record_time_ms = record_time_ms;
    record.event = std::move(event);
    return record;
  }
  eventlog::EventClass Apply(model::Event event, int partition = 0) {
    const int64_t time = event.txn.event_time_ms;
    return live.Apply(Record(std::move(event), time, partition));
  }

  // What a Score needs of a transaction; views point into it.
  struct Scored {
    model::Transaction txn;
    std::vector<std::optional<model::EntityKey>> keys;
    counters::Touched touched;
    std::vector<feature::Contribution> contributions;
    std::vector<feature::SlidingContribution> sliding;
  };
  std::unique_ptr<Scored> Score(model::Transaction txn, int partition = 0) const {
    auto scored = std::make_unique<Scored>();
    scored->txn = std::move(txn);
    rule::Record record;
    features->FillRecord(scored->txn, &record);
    features->EntityKeys(record, hasher, &scored->keys);
    scored->touched = {live.PaymentKey(scored->txn.id), scored->keys, partition};
    const rule::EvaluationArenaPtr arena = rule::MakeEvaluationArena();
    features->Contributions(EventOf(scored->txn), record, scored->keys, arena.get(),
                            &scored->contributions);
    features->SlidingContributions(EventOf(scored->txn), record, scored->keys, arena.get(),
                                   &scored->sliding);
    return scored;
  }

  const feature::Feature& FeatureNamed(const std::string& name) const {
    for (const feature::Feature& one : features->features()) {
      if (one.name == name) return one;
    }
    CHECK(false);
    __builtin_unreachable();
  }
  // The tile of a feature as the view sees it, provisionals included.
  feature::Tile Tile(const counters::LiveState::View& view, const Scored& scored,
                     const std::string& name, uint16_t* reasons = nullptr) const {
    const feature::Feature& feature = FeatureNamed(name);
    const uint64_t hash = features->measures()[feature.measure].hash;
    const model::EntityKey& key = *scored.keys[feature.entity];
    const model::DayNumber day = features->calendar().DayOf(scored.txn.event_time_ms);
    std::vector<feature::LiveCell> cells;
    std::vector<feature::DayTile> overlay;
    const uint16_t found = view.CollectLive(hash, key, day - feature.window_days + 1, &cells);
    view.CollectOverlay(hash, key, /*without_current=*/false, &overlay);
    feature::Tile tile;
    for (const feature::LiveCell& cell : cells) {
      if (cell.day <= day) tile.Merge(cell.tile);
    }
    for (const feature::DayTile& one : overlay) {
      if (one.day <= day && one.day > day - feature.window_days) tile.Merge(one.tile);
    }
    if (reasons != nullptr) *reasons = found;
    return tile;
  }
  // The same, in a view of its own, for a merchant and a card at a moment.
  feature::Tile Ask(const std::string& name, int64_t time_ms, const std::string& merchant = "m1",
                    const std::string& card = "c1", uint16_t* reasons = nullptr) {
    const auto scored = Score(Payment("ask", time_ms, 0, merchant, card));
    counters::LiveState::View view(live, scored->touched);
    return Tile(view, *scored, name, reasons);
  }
  int64_t Sum(const std::string& name, int64_t time_ms, const std::string& merchant = "m1") {
    return static_cast<int64_t>(Ask(name, time_ms, merchant).sum);
  }
  int64_t Count(const std::string& name, int64_t time_ms, const std::string& merchant = "m1",
                const std::string& card = "c1") {
    return Ask(name, time_ms, merchant, card).count;
  }
  void ExpireAll() {
    for (int i = 0; i < counters::LiveState::kExpireCallsPerRound; ++i) live.Expire();
  }

  base::ManualClock clock{kNoon};
  model::KeyHasher hasher{base::SipKey{1, 2}};
  std::shared_ptr<const feature::FeatureSet> features;
  eventlog::CutSchedule schedule;
  counters::LiveState live;
};

inline model::Decision DecisionFor(const model::Transaction& txn, uint64_t digest = 7) {
  model::Decision decision;
  decision.transaction_id = txn.id;
  decision.outcome = model::Outcome::kAllow;
  decision.decided_by = model::DecidedBy::kScore;
  decision.provenance = model::Provenance::kFull;
  decision.score = 12;
  decision.reasons = {"fine"};
  decision.rule_ids = {"r1", "r2"};
  decision.rule_set = "0123456789ab";
  decision.decided_at_ms = txn.event_time_ms;
  decision.request_digest = {digest, 1};
  return decision;
}

}  // namespace verdict::testing
