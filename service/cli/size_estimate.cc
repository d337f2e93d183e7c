#include "cli/size_estimate.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"
#include "aggregate/blob_codec.h"
#include "aggregate/blob_table.h"
#include "aggregate/increments.h"
#include "counters/footprint.h"
#include "counters/live_state.h"
#include "eventlog/dedup_window.h"
#include "model/decision.h"
#include "model/event.h"
#include "wire/log_value.h"

namespace verdict::cli {
namespace {

using Where = SizeLine::Where;

constexpr double kDaySeconds = 86'400;
// A filter of the keys of a dropped epoch (R27).
constexpr double kGuardBitsPerKey = 20;
constexpr double kGuardDays = 7;
// The cache asks the store again after an hour.
constexpr double kCacheSeconds = 3600;
// What a sorted table of RocksDB takes beside keys and values, files yet to be merged included.
constexpr double kRocksFactor = 1.2;
// Redis around a value: its key's text, two dictionary entries (value and expiry), object headers.
constexpr double kRedisAround = 200;
constexpr double kRocksBlobKey = 21;
constexpr double kRocksLogKey = 12;

// Of `keys`, so many are named by at least one of `payments` that fall on them evenly.
double Named(double keys, double payments) {
  return keys <= 0 ? 0 : keys * -std::expm1(-payments / keys);
}

model::Event TypicalPayment() {
  model::Event event;
  model::Transaction& txn = event.txn;
  txn.id = "pay-0123456789abcdef";
  txn.event_time_ms = 1'763'632'800'000;
  txn.amount_minor = 12'345;
  txn.currency = "EUR";
  txn.merchant_id = "m-0123456";
  txn.merchant_mcc = "5411";
  txn.merchant_country = "FR";
  txn.card_id = "tok_0123456789abcdef";
  txn.card_country = "FR";
  txn.customer_id = "c-0123456789";
  txn.device_id = "d-0123456789";
  txn.ip = "203.0.113.77";
  txn.country = "FR";
  txn.channel = "ecom";
  txn.status = "approved";
  return event;
}

model::Decision TypicalDecision() {
  model::Decision decision;
  decision.transaction_id = TypicalPayment().txn.id;
  decision.outcome = model::Outcome::kAllow;
  decision.decided_at_ms = TypicalPayment().txn.event_time_ms;
  decision.request_digest = {UINT64_MAX, UINT64_MAX};
  decision.rule_set = "0123456789ab";
  decision.shadow_rule_ids = {"a_rule_on_trial"};
  return decision;
}

// A day of an entity with so many payments.
feature::Tile TypicalTile(const feature::Measure& measure, double payments) {
  const model::Transaction txn = TypicalPayment().txn;
  const feature::Int128 amount = txn.amount_minor;
  const int64_t count = std::max<int64_t>(1, std::llround(payments));
  feature::Tile tile;
  switch (measure.state) {
    case feature::MeasureState::kTotals:
      break;
    case feature::MeasureState::kExtremes:
      tile.min = 1;
      tile.max = 10 * txn.amount_minor;
      break;
    case feature::MeasureState::kVariance:
      tile = feature::Tile::OfSquares(amount * amount * count);
      break;
    case feature::MeasureState::kLast:
      tile = feature::Tile::OfLast(feature::LastPlace(txn.event_time_ms, 0), txn.amount_minor);
      break;
    case feature::MeasureState::kSeen:
      tile.min = tile.max = txn.event_time_ms;
      break;
  }
  tile.count = count;
  const bool adds_up = measure.state != feature::MeasureState::kLast;
  if (measure.of_slot && adds_up) tile.sum = amount * count;
  return tile;
}

// Gathers the estimate line by line.
class Estimator {
 public:
  Estimator(const feature::FeatureSet& features, const Traffic& traffic,
            const settings::Settings& settings)
      : features_(features), traffic_(traffic), settings_(settings) {}

  SizeEstimate Run() {
    for (const feature::Measure& measure : features_.measures()) AddMeasure(measure);
    for (const feature::SlidingMeasure& measure : features_.sliding_measures()) {
      AddSlidingMeasure(measure);
    }
    AddCells();
    AddSliding();
    AddDedup();
    AddDecisions();
    AddOverlay();
    AddGuards();
    AddBlobCache();
    if (traffic_.embedded) AddFold();
    AddCheckpoint();
    AddBlobs();
    if (traffic_.embedded) AddLog();
    return std::move(out_);
  }

 private:
  std::string ReadersOf(size_t measure, bool slides) const {
    std::string names;
    for (const feature::Feature& feature : features_.features()) {
      if (feature.slides() != slides || feature.measure != measure) continue;
      names += (names.empty() ? "" : ", ") + feature.full_name;
    }
    return names;
  }
  double ShareOf(bool has_where) const { return has_where ? traffic_.where_share : 1; }
  // One that no figure is given for: as many as payments.
  double ActiveOf(const std::string& entity, double payments) const {
    const auto named = traffic_.active.find(entity);
    return named == traffic_.active.end() ? payments : named->second;
  }

  void AddMeasure(const feature::Measure& measure) {
    const size_t index = out_.measures.size();
    MeasureSize size;
    size.features = ReadersOf(index, /*slides=*/false);
    size.entity = features_.entities()[measure.entity].name;
    const double payments = traffic_.payments_per_day * ShareOf(measure.where != nullptr);
    const double days = features_.kept_days();
    const double active = ActiveOf(size.entity, payments * days);
    size.daily_keys = Named(active, payments);
    // An epoch ends some minutes after midnight: it holds the first of the next day, too.
    const double next_day =
        Named(active, payments * static_cast<double>(settings_.cut_minutes) * 60 / kDaySeconds);
    const double cells_each =
        size.daily_keys <= 0 ? 1 : 1 + next_day / std::max(size.daily_keys, 1.0);
    const double epochs = traffic_.live_epochs;
    size.cells = epochs * size.daily_keys * cells_each;
    const double bytes = epochs * counters::CellBytes(size.daily_keys, cells_each);
    size.bytes_per_cell = size.cells <= 0 ? 0 : bytes / size.cells;
    size.cell_bytes = bytes + epochs * counters::TableBytes();
    size.keys = Named(active, payments * days);
    size.busy_days = size.keys <= 0 ? 0 : days * size.daily_keys / active;
    tiles_.push_back(TypicalTile(measure, size.daily_keys <= 0 ? 1 : payments / size.daily_keys));
    size.blob_bytes = BlobBytes(static_cast<int>(std::lround(size.busy_days)), tiles_.back());
    size.guard_bytes = kGuardDays * size.daily_keys * kGuardBitsPerKey / 8;
    out_.measures.push_back(std::move(size));
  }

  void AddSlidingMeasure(const feature::SlidingMeasure& measure) {
    SlidingSize size;
    size.features = ReadersOf(out_.sliding.size(), /*slides=*/true);
    size.entity = features_.entities()[measure.entity].name;
    const double share = ShareOf(measure.where != nullptr);
    const double kept_s =
        static_cast<double>(measure.window_ms_max + counters::kSlidingLateMs) / 1000;
    size.events = std::min(traffic_.peak() * kept_s,
                           traffic_.payments_per_day * std::ceil(kept_s / kDaySeconds)) *
                  share;
    size.keys = Named(ActiveOf(size.entity, size.events), size.events);
    if (size.keys > 0) size.bytes = counters::SlidingBytes(size.keys, size.events / size.keys);
    out_.sliding.push_back(std::move(size));
  }

  void AddSliding() {
    if (out_.sliding.empty()) return;
    double events = 0, bytes = 0;
    for (const SlidingSize& one : out_.sliding) {
      events += one.events;
      bytes += one.bytes;
    }
    Add({"sliding windows", Where::kMemory, events, bytes,
         absl::StrFormat("events of %d measures at the peak", out_.sliding.size())});
    Limit("memory.sliding_bytes_max", settings_.memory.sliding_bytes_max, bytes,
          "keys with many events keep the sub-totals of their oldest minutes alone, then events "
          "find no room: answers over them say PARTIAL(limit)");
  }

  // Encoded as the store has it: `days` tiles, and one as the increment.
  double BlobBytes(int days, const feature::Tile& tile) const {
    feature::Blob blob;
    constexpr model::DayNumber kFirst = 20'000;
    for (int day = 0; day < std::max(1, days); ++day) {
      // Spread over the kept days, as a quiet entity's are.
      const int at = day * features_.kept_days() / std::max(1, days);
      blob.tiles.push_back({kFirst + at, tile});
    }
    blob.cut = kFirst + features_.kept_days();
    blob.increment = {blob.tiles.back()};
    return static_cast<double>(aggregate::EncodeBlob(blob).size());
  }

  void Add(SizeLine line) {
    switch (line.where) {
      case Where::kMemory:
        out_.memory_bytes += line.bytes;
        break;
      case Where::kDisk:
        out_.disk_bytes += line.bytes;
        break;
      case Where::kRedis:
        out_.redis_bytes += line.bytes;
        break;
    }
    out_.lines.push_back(std::move(line));
  }

  void Limit(const char* setting, int64_t limit, double needed, std::string then) {
    if (needed <= static_cast<double>(limit)) return;
    out_.exceeded.push_back({setting, static_cast<double>(limit), needed, std::move(then)});
  }

  template <typename Value>
  double Sum(Value value) const {
    double sum = 0;
    for (const MeasureSize& one : out_.measures) sum += value(one);
    return sum;
  }

  void AddCells() {
    const double bytes = Sum([](const MeasureSize& m) { return m.cell_bytes; });
    Add({"live cells", Where::kMemory, Sum([](const MeasureSize& m) { return m.cells; }), bytes,
         absl::StrFormat("%d days, all measures", traffic_.live_epochs)});
    Limit("memory.cells_bytes_max", settings_.memory.cells_bytes_max, bytes,
          "a cell that finds no room is not made: answers over its measure and epoch say "
          "PARTIAL(limit)");
  }

  void AddDedup() {
    const double horizon_s = static_cast<double>(eventlog::kDedupWarmUpMs) / 1000;
    const double wanted = traffic_.peak() * horizon_s;
    const double limit = static_cast<double>(settings_.memory.dedup_ids_per_partition);
    const double each = std::min(wanted / traffic_.partitions, limit);
    Add({"event ids", Where::kMemory, each * traffic_.partitions,
         traffic_.partitions * eventlog::DedupWindow::BytesFor(each),
         absl::StrFormat("%.0f minutes at the peak",
                         each * traffic_.partitions / traffic_.peak() / 60)});
    dedup_ids_ = each * traffic_.partitions;
    Limit(
        "memory.dedup_ids_per_partition", settings_.memory.dedup_ids_per_partition,
        wanted / traffic_.partitions,
        absl::StrFormat("the oldest ids are forgotten: at the peak a repeat is told apart for %.0f "
                        "minutes, later it counts twice",
                        limit * traffic_.partitions / traffic_.peak() / 60));
  }

  void AddDecisions() {
    const double kept_s = static_cast<double>(settings_.retention.decisions_s);
    const double each = counters::DecisionBytes(TypicalDecision());
    const double wanted = traffic_.peak() * kept_s * each;
    const double limit = static_cast<double>(settings_.memory.decisions_bytes_max);
    decisions_ = std::min(wanted, limit) / each;
    Add({"decisions for retries", Where::kMemory, decisions_, std::min(wanted, limit),
         absl::StrFormat("%.0f minutes at the peak", decisions_ / traffic_.peak() / 60)});
    Limit("memory.decisions_bytes_max", settings_.memory.decisions_bytes_max, wanted,
          absl::StrFormat("the oldest go first: at the peak a retry after %.0f minutes is decided "
                          "anew",
                          decisions_ / traffic_.peak() / 60));
  }

  void AddOverlay() {
    const double waiting = traffic_.peak() * traffic_.event_lag_s;
    const auto measures =
        static_cast<double>(features_.measures().size() + features_.sliding_measures().size());
    const double bytes = waiting * counters::ProvisionalBytes(measures);
    Add({"payments without event", Where::kMemory, waiting, bytes,
         absl::StrFormat("%.0f s at the peak; 10 minutes of those whose event never comes",
                         traffic_.event_lag_s)});
    Limit("memory.overlay_bytes_max", settings_.memory.overlay_bytes_max, bytes,
          "a payment that finds no room counts in its own answer alone until its event arrives: "
          "PARTIAL(limit)");
  }

  void AddGuards() {
    const double bytes = Sum([](const MeasureSize& m) { return m.guard_bytes; });
    Add({"drop guards", Where::kMemory, bytes * 8 / kGuardBitsPerKey, bytes,
         absl::StrFormat("keys of %.0f dropped days", kGuardDays)});
  }

  void AddBlobCache() {
    double entries = 0, wanted = 0;
    for (size_t i = 0; i < out_.measures.size(); ++i) {
      const MeasureSize& one = out_.measures[i];
      const double asked = Named(one.keys, traffic_.peak() * kCacheSeconds);
      entries += asked;
      wanted += asked * aggregate::BlobTable::BytesFor(
                            static_cast<size_t>(std::lround(std::max(1.0, one.busy_days))));
    }
    const double limit = static_cast<double>(settings_.memory.blob_cache_bytes_max);
    const double share = wanted <= limit ? 1 : limit / wanted;
    Add({"blob cache", Where::kMemory, entries * share, wanted * share,
         "what an hour at the peak asks for"});
    Limit(
        "memory.blob_cache_bytes_max", settings_.memory.blob_cache_bytes_max, wanted,
        absl::StrFormat("what was not asked for of late goes: about %.0f %% of the look-ups of an "
                        "hour ask the store",
                        100 * (1 - share)));
  }

  void AddFold() {
    double bytes = 0, cells = 0;
    for (const MeasureSize& one : out_.measures) {
      const double of_day = one.cells / std::max(1, traffic_.live_epochs);
      cells += of_day;
      bytes += aggregate::Increments::BytesFor(of_day, one.daily_keys);
    }
    Add({"the fold of a day", Where::kMemory, cells, bytes,
         "while it runs; given back afterwards"});
  }

  void AddCheckpoint() {
    double bytes = dedup_ids_ * counters::SavedIdBytes() +
                   decisions_ * counters::SavedDecisionBytes(TypicalDecision());
    for (size_t i = 0; i < out_.measures.size(); ++i) {
      bytes += out_.measures[i].cells * counters::SavedCellBytes(tiles_[i]);
    }
    Add({"checkpoint", Where::kDisk, 0, bytes * kRocksFactor, "cells, ids and decisions"});
  }

  void AddBlobs() {
    double rocks = 0, redis = 0;
    for (const MeasureSize& one : out_.measures) {
      rocks += one.keys * (one.blob_bytes + kRocksBlobKey);
      redis += one.keys * (one.blob_bytes + kRedisAround);
    }
    const double blobs = Sum([](const MeasureSize& m) { return m.keys; });
    Add({"blobs in RocksDB", Where::kDisk, blobs, rocks * kRocksFactor, "the past days"});
    Add({"blobs in Redis", Where::kRedis, blobs, redis, "where they are kept there"});
  }

  void AddLog() {
    const model::Decision decision = TypicalDecision();
    std::string value;
    wire::EncodeLogValue(0, TypicalPayment(), &decision, &value);
    const double events = traffic_.payments_per_day * traffic_.log_days;
    Add({"log", Where::kDisk, events,
         events * (static_cast<double>(value.size()) + kRocksLogKey) * kRocksFactor,
         absl::StrFormat("%d days of payments with their decisions, before compression",
                         traffic_.log_days)});
  }

  const feature::FeatureSet& features_;
  const Traffic& traffic_;
  const settings::Settings& settings_;
  SizeEstimate out_;
  std::vector<feature::Tile> tiles_;  // by measure
  double dedup_ids_ = 0, decisions_ = 0;
};

}  // namespace

SizeEstimate EstimateSize(const feature::FeatureSet& features, const Traffic& traffic,
                          const settings::Settings& settings) {
  return Estimator(features, traffic, settings).Run();
}

}  // namespace verdict::cli
