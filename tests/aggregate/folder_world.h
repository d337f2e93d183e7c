// A log that fills, a store, and folders that take the one to the other; and what it all adds up
// to, by the words of the rules alone.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "aggregate/folder.h"
#include "feature/compiled_set.h"
#include "support/fake_aggregate_store.h"
#include "support/fake_log.h"
#include "support/status_matchers.h"

namespace verdict::aggregate {

using ::verdict::testing::FakeAggregateStore;
using ::verdict::testing::FakeLog;
using ::verdict::testing::FakeLogReader;
using ::verdict::testing::IsOk;
using ::verdict::testing::StatusIs;

inline constexpr int64_t kDayMs = 86'400'000;
inline constexpr int64_t kMinuteMs = 60'000;
inline constexpr model::DayNumber kFirstDay = 20'000;

class FolderTest : public ::testing::Test {
 protected:
  FolderTest() : log_(3), hasher_({1, 2}), clock_(kFirstDay * kDayMs) {
    compiled_ = feature::Compile(
        {{.name = "volume", .of = "txn.amount_minor", .where = "txn.currency == 'EUR'"},
         {.name = "count", .entity = "card", .aggregate = "count"}});
    EXPECT_NE(compiled_.set, nullptr) << compiled_.Errors();
    schedule_.emplace(compiled_.set->calendar());
  }

  FolderParts Parts(FakeLogReader* reader) {
    return {reader, &store_, compiled_.set, &*schedule_, &hasher_, &clock_, "log"};
  }
  // Small steps, so that there are many places to break off.
  std::unique_ptr<Folder> MakeFolder() {
    readers_.push_back(std::make_unique<FakeLogReader>(log_));
    return std::make_unique<Folder>(Parts(readers_.back().get()),
                                    FolderOptions{.records_per_step = 7, .keys_per_step = 2});
  }
  absl::Status FoldAll() { return MakeFolder()->Run(nullptr); }

  void Append(int64_t record_ms, int64_t event_ms, int64_t amount) {
    model::Event event;
    event.txn.id = "t" + std::to_string(random_() % 400);  // some stand twice
    event.txn.event_time_ms = event_ms;
    event.txn.amount_minor = amount;
    event.txn.currency = "EUR";
    event.txn.merchant_id = "m" + std::to_string(random_() % 5);
    event.txn.card_id = "c" + std::to_string(random_() % 9);
    log_.Append(eventlog::PartitionOf(event.txn.merchant_id, 3), record_ms, event);
  }
  // Events up to `until`, some of them late by days, some dated ahead.
  void FillTo(int64_t until_ms) {
    while (clock_.NowMs() < until_ms) {
      clock_.Set(clock_.NowMs() + static_cast<int64_t>(random_() % (40 * kMinuteMs)));
      int64_t event_ms = clock_.NowMs();
      if (random_() % 5 == 0) event_ms -= static_cast<int64_t>(random_() % (10 * kDayMs));
      if (random_() % 31 == 0) event_ms += static_cast<int64_t>(random_() % (20 * kMinuteMs));
      Append(clock_.NowMs(), event_ms, static_cast<int64_t>(random_() % 1000));
    }
  }

  using Totals =
      std::map<std::tuple<size_t, model::EntityKey, model::DayNumber>, std::pair<int64_t, int64_t>>;
  // By the words of the rules alone: first of an id, not too late, not too early, recorded before
  // the cut.
  Totals Reference(feature::CutId cut) {
    Totals totals;
    for (eventlog::Partition p = 0; p < 3; ++p) {
      std::map<std::string, int64_t> bucket_of;
      for (eventlog::Offset o = 0; o < log_.End(p); ++o) {
        const auto record = log_.At(p, o);
        const model::Transaction& txn = record->event.txn;
        if (record->record_time_ms >= cut * kDayMs + 10 * kMinuteMs) continue;
        const int64_t bucket = record->record_time_ms / (15 * kMinuteMs);
        const auto seen = bucket_of.find(txn.id);
        const bool duplicate = seen != bucket_of.end() && bucket - seen->second <= 8;
        bucket_of[txn.id] = bucket;  // a duplicate stands in the log, too
        if (duplicate) continue;
        if (txn.event_time_ms > record->record_time_ms + 5 * kMinuteMs) continue;
        const auto day = static_cast<model::DayNumber>(txn.event_time_ms / kDayMs);
        if (day < record->record_time_ms / kDayMs - 7) continue;
        const auto add = [&](size_t measure, const model::EntityKey& key, int64_t amount) {
          auto& total = totals[{measure, key, day}];
          total.first += amount;
          ++total.second;
        };
        add(compiled_.feature("merchant.volume").measure,
            hasher_.Entity("merchant", txn.merchant_id), txn.amount_minor);
        add(compiled_.feature("card.count").measure, hasher_.Entity("card", txn.card_id), 0);
      }
    }
    return totals;
  }
  Totals Stored() {
    Totals totals;
    for (size_t m = 0; m < compiled_.set->measures().size(); ++m) {
      EXPECT_THAT(
          store_.Scan(
              compiled_.set->measures()[m].hash,
              [&](const model::EntityKey& key, const feature::Blob& blob) {
                for (const feature::DayTile& day : blob.tiles) {
                  totals[{m, key, day.day}] = {static_cast<int64_t>(day.tile.sum), day.tile.count};
                }
                return absl::OkStatus();
              }),
          IsOk());
    }
    return totals;
  }
  void ExpectPublished(feature::CutId cut) {
    for (const feature::Measure& measure : compiled_.set->measures()) {
      const auto manifest = store_.GetManifest(measure.hash);
      ASSERT_THAT(manifest, IsOk());
      EXPECT_EQ(manifest->state, Manifest::State::kPublished);
      EXPECT_EQ(manifest->published, cut);
    }
  }

  std::mt19937_64 random_{42};
  FakeLog log_;
  model::KeyHasher hasher_;
  base::ManualClock clock_;
  feature::CompiledSet compiled_;
  std::optional<eventlog::CutSchedule> schedule_;
  FakeAggregateStore store_;
  std::vector<std::unique_ptr<FakeLogReader>> readers_;
};

}  // namespace verdict::aggregate
