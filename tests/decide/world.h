// A decider with everything around it faked: a log, a store, an appender and a timer that do as
// they are told.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "aggregate/blob_cache.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/published.h"
#include "counters/live_state.h"
#include "decide/decider.h"
#include "decide/recent_decisions.h"
#include "model/business_day.h"
#include "ruleset/rule_set.h"
#include "support/fake_aggregate_store.h"
#include "support/fake_log.h"
#include "support/manual_timer.h"

namespace verdict::testing {

// A fresh folder that goes with its owner.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "verdict.XXXXXX").string();
    CHECK(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  void Write(const std::string& file, const std::string& text) const {
    std::ofstream(path_ / file) << text;
  }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

// The texts of a rules/ folder.
struct RuleTexts {
  std::string schema = R"({ "schema": "txn/1" })";
  std::string features;
  std::string policy;
  std::string rules;
};

inline std::shared_ptr<const ruleset::RuleSet> LoadRules(const RuleTexts& texts,
                                                         const feature::FeatureOptions& options) {
  const TemporaryFolder folder;
  folder.Write("schema.json", texts.schema);
  folder.Write("features.json", texts.features);
  folder.Write("policy.json", texts.policy);
  folder.Write("rules.json", texts.rules);
  ruleset::LoadResult loaded = ruleset::LoadRuleSet(folder.path(), {.deployment = options});
  for (const rule::Diagnostic& diagnostic : loaded.diagnostics) {
    if (loaded.set == nullptr) fprintf(stderr, "%s", FormatDiagnostic(diagnostic, false).c_str());
  }
  CHECK(loaded.set != nullptr);
  return loaded.set;
}

// A call that counts how often it was ended.
class TestCall : public decide::ScoreCall {
 public:
  void Done() override { ++done; }
  int done = 0;
  const feature::FeatureResult& result(const std::string& full_name) const {
    for (const decide::FeatureAnswer& answer : features) {
      if (answer.feature->full_name == full_name) return answer.result;
    }
    CHECK(false);
  }
};

inline constexpr int kPartitions = 4;
inline constexpr base::SipKey kSecret = {7, 11};

// Days are UTC; now is noon of day 18,000 (2019-04-14).
class World {
 public:
  static constexpr model::DayNumber kToday = 18'000;
  static constexpr int64_t kDayMs = 86'400'000;
  static constexpr int64_t kNoonMs = kToday * kDayMs + kDayMs / 2;

  static RuleTexts DefaultRules() {
    return {.features = R"({ "features": [
              { "name": "volume_30d", "entity": "merchant", "aggregate": "sum",
                "of": "txn.amount_base_minor", "window": "30d", "where": "txn.status == 'approved'" },
              { "name": "count_1d", "entity": "card", "aggregate": "count", "window": "1d" } ] })",
            .policy = R"({ "review_at": 50, "deny_at": 100, "default": "allow",
                           "reasons": ["AMOUNT", "VELOCITY"] })",
            .rules = R"({ "schema": "txn/1", "rules": [
              { "id": "huge", "name": "Huge", "owner": "t", "mode": "live", "action": "deny", "reason": "AMOUNT",
                "when": "txn.amount_minor > 1000000",
                "tests": [ { "name": "y", "expect": "match", "given": { "txn": { "amount_minor": 1000001 } } },
                           { "name": "n", "expect": "no_match", "given": { "txn": { "amount_minor": 1 } } } ] },
              { "id": "busy", "name": "Busy", "owner": "t", "mode": "live", "action": "review", "reason": "VELOCITY",
                "when": "card.count_1d >= 4 || merchant.volume_30d > 50000.0" } ] })"};
  }

  explicit World(const RuleTexts& texts = DefaultRules(), counters::LiveOptions live_options = {})
      : clock(kNoonMs),
        log(kPartitions),
        reader(log),
        appender(&log, [this](const model::Event&) { return clock.NowMs(); }),
        calendar(model::BusinessCalendar::Load("UTC").value()),
        schedule(calendar),
        hasher(kSecret),
        cache(&store, {}) {
    Publish(texts);
    live.emplace(counters::LiveParts{.features = set->features,
                                     .schedule = &schedule,
                                     .hasher = &hasher,
                                     .clock = &clock,
                                     .partitions = kPartitions},
                 live_options);
    for (int p = 0; p < kPartitions; ++p) CHECK(reader.Assign(p, 0).ok());
    MakeDecider();
    Pump();
  }

  // Gives back what is still held: a decider waits for what it is owed.
  ~World() {
    store.FailHeldReads();
    appender.SetMode(FakeAppender::Mode::kAtOnce);
    appender.Release();
  }

  void Publish(const RuleTexts& texts) {
    set = LoadRules(texts, {});
    rules.Publish(set);
  }
  void MakeDecider(decide::Timer* with_timer = nullptr, bool with_appender = true) {
    decider.reset();
    decider = std::make_unique<decide::Decider>(
        decide::Decider::Parts{.rules = &rules,
                               .live = &*live,
                               .blobs = &cache,
                               .appender = with_appender ? &appender : nullptr,
                               .recent = &recent,
                               .decisions = decisions,
                               .clock = &clock,
                               .hasher = &hasher,
                               .timer = with_timer == nullptr ? &timer : with_timer},
        decide::DeciderOptions{});
  }
  // Applies what the log holds; live state is then up to date.
  size_t Pump() {
    std::vector<eventlog::LogRecord> records;
    size_t total = 0;
    while (reader.Poll(&records, 1000, std::chrono::milliseconds(0)).value() > 0) {
      live->ApplyAll(records);
      total += records.size();
    }
    NoteComplete();
    return total;
  }
  void NoteComplete() { live->NoteComplete(clock.NowMs(), schedule.EpochOf(clock.NowMs())); }

  model::Transaction Payment(const std::string& id, int64_t amount_minor = 100) const {
    model::Transaction txn;
    txn.id = id;
    txn.event_time_ms = clock.NowMs();
    txn.amount_minor = amount_minor;
    txn.currency = "EUR";
    txn.merchant_id = "m";
    txn.card_id = "c";
    return txn;
  }
  std::unique_ptr<TestCall> Call(const model::Transaction& txn) const {
    auto call = std::make_unique<TestCall>();
    call->txn = txn;
    call->include_features = true;
    return call;
  }
  std::unique_ptr<TestCall> Start(const model::Transaction& txn) {
    std::unique_ptr<TestCall> call = Call(txn);
    decider->Score(call.get());
    return call;
  }
  // A payment that some other part wrote to the log, approved.
  void Log(const model::Transaction& txn, const std::string& status = "approved") {
    model::Event event;
    event.txn = txn;
    event.txn.status = status;
    log.Append(eventlog::PartitionOf(txn.merchant_id, kPartitions), clock.NowMs(), event);
  }
  int64_t LogSize() const {
    int64_t size = 0;
    for (int p = 0; p < kPartitions; ++p) size += log.End(p) - log.Low(p);
    return size;
  }
  model::EntityKey KeyOf(const std::string& entity, const std::string& id) const {
    return hasher.Entity(entity, id);
  }
  uint64_t MeasureOf(const std::string& full_name) const {
    for (const feature::Feature& feature : set->features->features()) {
      if (feature.full_name == full_name) return set->features->measures()[feature.measure].hash;
    }
    CHECK(false);
  }
  // What the batch knows of merchant "m": `sum` on `day`, up to `cut`.
  void PutBlob(feature::CutId cut, model::DayNumber day, int64_t sum, int64_t count) {
    aggregate::BlobWrite write;
    write.key = {MeasureOf("merchant.volume_30d"), KeyOf("merchant", "m")};
    write.blob.measure_hash = write.key.measure_hash;
    write.blob.cut = cut;
    write.blob.tiles.push_back({day, {.sum = sum, .count = count}});
    CHECK(store.PutIfNewer({&write, 1}).ok());
  }

  base::ManualClock clock;
  FakeLog log;
  FakeLogReader reader;
  FakeAppender appender;
  decide::RecentDecisions recent{100};
  decide::DecisionSink* decisions = nullptr;  // of the next decider that is made
  FakeAggregateStore store;
  ManualTimer timer;
  model::BusinessCalendar calendar;
  eventlog::CutSchedule schedule;
  model::KeyHasher hasher;
  aggregate::BlobCache cache;
  base::Published<ruleset::RuleSet> rules;
  std::shared_ptr<const ruleset::RuleSet> set;
  std::optional<counters::LiveState> live;
  std::unique_ptr<decide::Decider> decider;
};

}  // namespace verdict::testing
