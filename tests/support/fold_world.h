// A log that fills day by day, and folds over it into any store: what a fold into a store that
// never loses anything gives is the measure of all others.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "aggregate/folder.h"
#include "support/fake_aggregate_store.h"
#include "support/fake_log.h"
#include "support/small_features.h"

namespace verdict::testing {

// Thread-compatible.
class FoldWorld {
 public:
  static constexpr model::DayNumber kFirstDay = 20'000;

  FoldWorld() : schedule_(features_->calendar()) {}

  const feature::FeatureSet& features() const { return *features_; }
  std::vector<uint64_t> measures() const {
    std::vector<uint64_t> hashes;
    for (const feature::Measure& measure : features_->measures()) hashes.push_back(measure.hash);
    return hashes;
  }
  std::map<uint64_t, std::string> entity_of_measure() const {
    std::map<uint64_t, std::string> names;
    for (const feature::Measure& measure : features_->measures()) {
      names[measure.hash] = features_->entities()[measure.entity].name;
    }
    return names;
  }

  // Payments until the cut of `day` (counted from kFirstDay) can be taken.
  void FillToCut(int day) {
    const int64_t until_ms = (kFirstDay + day) * kDayMs + 20 * kMinuteMs;
    while (clock_.NowMs() < until_ms) {
      clock_.Set(clock_.NowMs() + static_cast<int64_t>(random_() % (90 * kMinuteMs)));
      const int64_t late_ms =
          random_() % 4 == 0 ? static_cast<int64_t>(random_() % (6 * kDayMs)) : 0;
      model::Transaction txn =
          Payment("t" + std::to_string(payments_++), clock_.NowMs() - late_ms,
                  static_cast<int64_t>(random_() % 1000), "m" + std::to_string(random_() % 6),
                  "c" + std::to_string(random_() % 9));
      const auto partition = eventlog::PartitionOf(txn.merchant_id, 3);
      log_.Append(partition, clock_.NowMs(), EventOf(std::move(txn)));
    }
  }

  // Small steps, so that there are many places to break off. `base` may be null.
  std::unique_ptr<aggregate::Folder> MakeFolder(aggregate::AggregateStore* base,
                                                aggregate::AggregateStore* store) {
    readers_.push_back(std::make_unique<FakeLogReader>(log_));
    aggregate::FolderParts parts;
    parts.source = readers_.back().get();
    parts.store = store;
    parts.features = features_;
    parts.schedule = &schedule_;
    parts.hasher = &hasher_;
    parts.clock = &clock_;
    parts.log_id = "log";
    parts.base = base;
    return std::make_unique<aggregate::Folder>(
        parts, aggregate::FolderOptions{.records_per_step = 7, .keys_per_step = 3});
  }
  absl::Status Fold(aggregate::AggregateStore* base, aggregate::AggregateStore* store) {
    return MakeFolder(base, store)->Run(nullptr);
  }

  using Blobs = std::map<FakeAggregateStore::Key, std::vector<feature::DayTile>>;
  // What a store holds, by its own words: tiles alone, since the increment of a key that a later
  // run wrote is the same anyway.
  Blobs TilesOf(aggregate::AggregateStore* store) const {
    Blobs tiles;
    for (const feature::Measure& measure : features_->measures()) {
      const absl::Status scanned =
          store->Scan(measure.hash, [&](const model::EntityKey& key, const feature::Blob& blob) {
            tiles[{measure.hash, key}] = blob.tiles;
            return absl::OkStatus();
          });
      CHECK(scanned.ok());
    }
    return tiles;
  }
  // What a fold up to now gives where nothing is ever lost.
  Blobs Expected() {
    CHECK(Fold(nullptr, &lossless_).ok());
    return TilesOf(&lossless_);
  }
  const std::map<FakeAggregateStore::Key, feature::Blob> lossless() const {
    return lossless_.blobs();
  }

 private:
  std::mt19937_64 random_{4711};
  std::shared_ptr<const feature::FeatureSet> features_ = CompileFeatures(SmallDeclarations());
  FakeLog log_{3};
  model::KeyHasher hasher_{{1, 2}};
  base::ManualClock clock_{kFirstDay * kDayMs};
  eventlog::CutSchedule schedule_;
  FakeAggregateStore lossless_;
  std::vector<std::unique_ptr<FakeLogReader>> readers_;
  uint64_t payments_ = 0;
};

}  // namespace verdict::testing
