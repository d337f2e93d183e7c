#include "cli/aggregate_late.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "cli/deployment_flags.h"
#include "eventlog/dedup_window.h"
#include "eventlog/rules_of_the_log.h"
#include "model/business_day.h"
#include "model/card_mask.h"

namespace verdict::cli {
namespace {

constexpr size_t kRecordsAtOnce = 4096;
constexpr size_t kShownMax = 1000;  // the others are counted
constexpr std::chrono::milliseconds kWait{200};

struct LateEvent {
  eventlog::Partition partition = 0;
  eventlog::Offset offset = 0;
  std::string id, kind, why;
  int64_t event_ms = 0, record_ms = 0;
};

// Thread-compatible. The verdicts that live state and folds have, over the whole log.
class LateReader {
 public:
  LateReader(const feature::FeatureSet& features, const model::KeyHasher& hasher,
             size_t ids_per_partition)
      : features_(features), hasher_(hasher), ids_per_partition_(ids_per_partition) {}

  // Which measures are imported, and how.
  absl::Status ReadModes(aggregate::AggregateStore* store) {
    for (const feature::Measure& measure : features_.measures()) {
      ASSIGN_OR_RETURN(const aggregate::Manifest manifest, store->GetManifest(measure.hash));
      std::optional<feature::DayMode>& mode = modes_.emplace_back();
      if (!manifest.day) continue;
      mode = feature::DayMode{.late_days = manifest.day->late_days,
                              .since_ms = manifest.day->since_ms};
    }
    return absl::OkStatus();
  }

  absl::Status Read(eventlog::EventSource* source) {
    ASSIGN_OR_RETURN(const std::vector<eventlog::Offset> ends, source->Ends());
    std::vector<eventlog::Offset> next;
    uint64_t total = 0;
    for (eventlog::Partition p = 0; p < static_cast<int>(ends.size()); ++p) {
      ASSIGN_OR_RETURN(const eventlog::Offset low, source->Low(p));
      RETURN_IF_ERROR(source->Assign(p, low));
      next.push_back(low);
      windows_.emplace_back(ids_per_partition_);
      total += static_cast<uint64_t>(ends[static_cast<size_t>(p)] - low);
    }
    Progress progress("reading the log, records", total);
    std::vector<eventlog::LogRecord> records;
    while (true) {
      ASSIGN_OR_RETURN(const size_t count, source->Poll(&records, kRecordsAtOnce, kWait));
      if (count == 0) return absl::OkStatus();
      for (size_t i = 0; i < count; ++i) Take(records[i]);
      read_ += count;
      progress.Update(read_);
    }
  }

  const std::vector<LateEvent>& shown() const { return shown_; }
  uint64_t read() const { return read_; }
  uint64_t quarantined() const { return quarantined_; }
  uint64_t orphans() const { return orphans_; }

 private:
  void Take(const eventlog::LogRecord& record) {
    if (!record.unreadable.empty()) return;
    const model::Event& event = record.event;
    const auto partition = static_cast<size_t>(record.partition);
    const model::EntityKey id =
        hasher_.EventId(event.txn.id, static_cast<uint8_t>(event.kind), event.sequence);
    if (partition >= windows_.size() ||
        windows_[partition].SeenOrInsert(id, record.record_time_ms)) {
      return;
    }
    if (eventlog::IsQuarantined(event.txn.event_time_ms, record.record_time_ms, features_.options(),
                                features_.calendar())) {
      ++quarantined_;
      return Show(record, "quarantined");
    }
    const std::string measures = Orphaned(record);
    if (measures.empty()) return;
    ++orphans_;
    Show(record, "orphan of " + measures);
  }

  // The features whose imports do not have it; empty where all count it.
  std::string Orphaned(const eventlog::LogRecord& record) {
    features_.FillRecord(record.event.txn, &record_);
    features_.EntityKeys(record_, hasher_, &keys_);
    features_.Contributions(record.event, record_, keys_, arena_.get(), &contributions_);
    std::string names;
    for (const feature::Contribution& one : contributions_) {
      const std::optional<feature::DayMode>& mode = modes_[one.measure];
      if (!mode ||
          !eventlog::IsOrphan(one.day, record.record_time_ms, *mode, features_.calendar())) {
        continue;
      }
      for (const feature::Feature& feature : features_.features()) {
        if (feature.slides() || feature.measure != one.measure) continue;
        names += (names.empty() ? "" : ", ") + feature.full_name;
      }
    }
    return names;
  }

  void Show(const eventlog::LogRecord& record, std::string why) {
    if (shown_.size() >= kShownMax) return;
    LateEvent late{.partition = record.partition,
                   .offset = record.offset,
                   .id = record.event.txn.id,
                   .kind = std::string(model::EventKindName(record.event.kind)),
                   .why = std::move(why),
                   .event_ms = record.event.txn.event_time_ms,
                   .record_ms = record.record_time_ms};
    model::MaskCardNumbers(&late.id);
    shown_.push_back(std::move(late));
  }

  const feature::FeatureSet& features_;
  const model::KeyHasher& hasher_;
  const size_t ids_per_partition_;
  std::vector<std::optional<feature::DayMode>> modes_;  // by measure
  std::vector<eventlog::DedupWindow> windows_;          // by partition
  std::vector<LateEvent> shown_;
  uint64_t read_ = 0, quarantined_ = 0, orphans_ = 0;
  rule::Record record_;
  rule::EvaluationArenaPtr arena_ = rule::MakeEvaluationArena();
  std::vector<std::optional<model::EntityKey>> keys_;
  std::vector<feature::Contribution> contributions_;
};

void PrintText(const LateReader& reader) {
  Table table({"partition", "offset", "id", "kind", "event time", "record time", "why"});
  for (const LateEvent& one : reader.shown()) {
    table.Add({std::to_string(one.partition), std::to_string(one.offset), one.id, one.kind,
               model::FormatTimeMs(one.event_ms), model::FormatTimeMs(one.record_ms), one.why});
  }
  if (!reader.shown().empty()) absl::PrintF("%s", table.Text());
  const auto thousands = [](uint64_t count) { return WithThousands(static_cast<int64_t>(count)); };
  const uint64_t all = reader.quarantined() + reader.orphans();
  if (all > reader.shown().size()) {
    absl::PrintF("... and %s more\n", thousands(all - reader.shown().size()));
  }
  absl::PrintF("%s records read: %s quarantined, %s orphans\n", thousands(reader.read()),
               thousands(reader.quarantined()), thousands(reader.orphans()));
}

void PrintJson(const LateReader& reader) {
  nlohmann::ordered_json json = {{"records", reader.read()},
                                 {"quarantined", reader.quarantined()},
                                 {"orphans", reader.orphans()},
                                 {"events", nlohmann::ordered_json::array()}};
  for (const LateEvent& one : reader.shown()) {
    json["events"].push_back({{"partition", one.partition},
                              {"offset", one.offset},
                              {"id", one.id},
                              {"kind", one.kind},
                              {"event_time", model::FormatTimeMs(one.event_ms)},
                              {"record_time", model::FormatTimeMs(one.record_ms)},
                              {"why", one.why}});
  }
  absl::PrintF("%s\n", json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace

absl::Status ListLate(const AggregateArguments& arguments) {
  ASSIGN_OR_RETURN(const auto rules, LoadFeatures(arguments));
  ASSIGN_OR_RETURN(
      const std::unique_ptr<OpenedDeployment> opened,
      OpenedDeployment::Open(arguments.where, deployment::Role::kBatch, "verdict aggregate late"));
  RETURN_IF_ERROR(opened->parts().AddMeasures(*rules->features));
  const model::KeyHasher hasher(opened->parts().secret());
  const int64_t ids = arguments.where.settings.memory.dedup_ids_per_partition;
  LateReader reader(*rules->features, hasher, static_cast<size_t>(ids));
  RETURN_IF_ERROR(reader.ReadModes(&opened->parts().aggregates()));
  ASSIGN_OR_RETURN(const std::unique_ptr<eventlog::EventSource> source,
                   opened->parts().log().MakeSource(deployment::LogBackend::Reader::kBeside));
  RETURN_IF_ERROR(reader.Read(source.get()));
  arguments.format == OutputFormat::kJson ? PrintJson(reader) : PrintText(reader);
  return absl::OkStatus();
}

}  // namespace verdict::cli
