// Days of payments, folds of them into a fake store, and the dropper that lets go of them.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "aggregate/folder.h"
#include "ingest/dropper.h"
#include "support/fake_aggregate_store.h"
#include "support/fake_log.h"
#include "support/small_features.h"
#include "support/status_matchers.h"

namespace verdict::ingest {

using feature::CutId;
using namespace verdict::testing;  // NOLINT: the test's own words
using Kind = DropEvent::Kind;

inline constexpr CutId kFirst = kNoon / kDayMs;

class DropperTest : public ::testing::Test {
 protected:
  explicit DropperTest(counters::LiveOptions options = {})
      : features_(CompileFeatures({Declare("volume_30d", "merchant", "sum", "txn.amount_base_minor",
                                           "30d", "txn.status == 'approved'")})),
        schedule_(features_->calendar()),
        live_({.features = features_,
               .schedule = &schedule_,
               .hasher = &hasher_,
               .clock = &clock_,
               .partitions = 2},
              options) {
    for (int p = 0; p < 2; ++p) EXPECT_THAT(reader_.Assign(p, 0), IsOk());
  }

  void Append(int64_t at_ms, const std::string& merchant, int64_t amount) {
    const model::Event event =
        EventOf(Payment("t" + std::to_string(++ids_), at_ms, amount, merchant));
    log_.Append(eventlog::PartitionOf(merchant, 2), at_ms, event);
  }
  // Payments of some merchants from noon to noon, then the fold of the cut between.
  void Day(int payments = 40) {
    const int64_t from_ms = clock_.NowMs();
    for (int i = 0; i < payments; ++i) {
      clock_.Set(from_ms + i * kDayMs / payments);
      Append(clock_.NowMs(), "m" + std::to_string(random_() % 30),
             static_cast<int64_t>(random_() % 500));
    }
    clock_.Set(from_ms + kDayMs);
  }
  void Apply() {
    std::vector<eventlog::LogRecord> records;
    while (reader_.Poll(&records, 100, std::chrono::milliseconds(0)).value() > 0) {
      live_.ApplyAll(records);
    }
  }
  void Fold() {
    FakeLogReader reader(log_);
    aggregate::Folder folder({&reader, &store_, features_, &schedule_, &hasher_, &clock_, "log"},
                             {});
    ASSERT_THAT(folder.Run(nullptr), IsOk());
  }
  void DayAndFold() {
    Day();
    Apply();
    Fold();
  }
  Dropper& dropper() {
    if (dropper_ == nullptr) {
      Dropper::Options options;
      options.steady_ms = [this] { return clock_.NowMs(); };
      options.report = [this](const DropEvent& event) { events_.push_back(event); };
      options.base = base_;
      dropper_ = std::make_unique<Dropper>(
          Dropper::Parts{&live_, &store_, &clock_, &schedule_, nullptr, &imports_},
          std::move(options));
    }
    return *dropper_;
  }
  void Run() {
    clock_.Set(clock_.NowMs() + 31'000);  // another look at the manifest
    for (int i = 0; i < 10'000; ++i) {
      const auto more = dropper().Step();
      ASSERT_THAT(more, IsOk());
      if (!*more) return;
    }
    FAIL() << "it never ends";
  }
  // Where the store cannot be asked: until it said so.
  absl::Status Trouble() {
    clock_.Set(clock_.NowMs() + 31'000);
    for (int i = 0; i < 10'000; ++i) {
      const auto more = dropper().Step();
      if (!more.ok() || !*more) return more.status();
    }
    return absl::InternalError("it never ends");
  }
  void PassGrace() { clock_.Set(clock_.NowMs() + kDayMs); }
  uint64_t hash() const { return features_->measures()[0].hash; }
  std::vector<CutId> Epochs() { return counters::EpochDrops(&live_).Epochs(hash()); }
  std::vector<Kind> Kinds() const {
    std::vector<Kind> kinds;
    for (const DropEvent& event : events_) kinds.push_back(event.kind);
    return kinds;
  }
  aggregate::Manifest manifest() { return store_.GetManifest(hash()).value(); }
  void PutManifest(const aggregate::Manifest& next) {
    ASSERT_THAT(store_.CompareAndSwapManifest(hash(), manifest(), next), IsOk());
  }
  uint64_t Mismatches() {
    return base::Metrics().CounterValue("verdict_agg_proof_mismatch_total",
                                        {{"measure", "merchant.volume_30d"}, {"stage", "replica"}});
  }

  std::mt19937_64 random_{7};
  base::ManualClock clock_{kNoon};
  model::KeyHasher hasher_{base::SipKey{1, 2}};
  std::shared_ptr<const feature::FeatureSet> features_;
  eventlog::CutSchedule schedule_;
  FakeLog log_{2};
  FakeLogReader reader_{log_};
  FakeAggregateStore store_;
  counters::LiveState live_;
  DayImports imports_{&store_, &live_, nullptr};
  std::unique_ptr<Dropper> dropper_;
  std::vector<DropEvent> events_;
  CutId base_ = feature::kNoCut;
  int ids_ = 0;
};

}  // namespace verdict::ingest
