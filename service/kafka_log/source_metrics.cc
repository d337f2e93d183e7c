#include "kafka_log/source_metrics.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/clock.h"

namespace verdict::kafka_log {
namespace {

constexpr char kUp[] = "verdict_dependency_up";
constexpr const char* kNames[] = {"verdict_agg_next_offset", "verdict_agg_lag_records",
                                  "verdict_agg_lag_seconds",
                                  "verdict_agg_retention_margin_seconds"};

base::Counter ErrorsOf(const char* reason) {
  return base::Metrics().AddCounter("verdict_kafka_errors_total",
                                    "Reads of the topic that failed, by reason.",
                                    {{"reason", reason}});
}

}  // namespace

SourceMetrics::SourceMetrics(Client* reader, std::string topic, std::optional<int64_t> retention_ms)
    : reader_(reader),
      topic_(std::move(topic)),
      retention_ms_(retention_ms),
      unavailable_(ErrorsOf("unavailable")),
      removed_(ErrorsOf("removed")),
      tail_lost_(ErrorsOf("tail_lost")) {
  base::Metrics().AddGauge(kUp, "1 where the dependency answered last.", {{"dependency", "kafka"}},
                           [this] { return reader_->up() ? 1.0 : 0.0; });
}

SourceMetrics::~SourceMetrics() {
  base::Metrics().RemoveGauge(kUp, {{"dependency", "kafka"}});
  for (const One& one : ones_) {
    for (const char* name : kNames) {
      base::Metrics().RemoveGauge(name, {{"partition", absl::StrCat(one.partition)}});
    }
  }
}

void SourceMetrics::Grow(int partitions) {
  while (ones_.size() < static_cast<size_t>(partitions)) {
    One& one = ones_.emplace_back();
    one.partition = static_cast<eventlog::Partition>(ones_.size() - 1);
    AddGauges(one);
  }
}

void SourceMetrics::AddGauges(const One& one) {
  Add(kNames[0], "The offset that is read next.", one, &SourceMetrics::NextOffset);
  Add(kNames[1], "Offsets between what was read and the partition's end.", one,
      &SourceMetrics::LagRecords);
  Add(kNames[2], "Age of the newest record read, 0 at the partition's end.", one,
      &SourceMetrics::LagSeconds);
  if (retention_ms_) {
    Add(kNames[3], "Until retention removes what is not read yet, at the least.", one,
        &SourceMetrics::MarginSeconds);
  }
}

void SourceMetrics::Add(const char* name, const char* help, const One& one,
                        double (SourceMetrics::*read)(const One&) const) {
  base::Metrics().AddGauge(name, help, {{"partition", absl::StrCat(one.partition)}},
                           [this, read, &one] { return (this->*read)(one); });
}

void SourceMetrics::Note(eventlog::Partition partition, eventlog::Offset next, int64_t newest_ms) {
  One& one = ones_[static_cast<size_t>(partition)];
  one.next.store(next, std::memory_order_relaxed);
  one.newest_ms.store(newest_ms, std::memory_order_relaxed);
}

void SourceMetrics::CountError(const absl::Status& status) const {
  const base::Counter& counter = absl::IsOutOfRange(status) ? removed_
                                 : absl::IsDataLoss(status) ? tail_lost_
                                                            : unavailable_;
  counter.Add();
}

double SourceMetrics::NextOffset(const One& one) const {
  const eventlog::Offset next = one.next.load(std::memory_order_relaxed);
  return next == eventlog::kParked ? -1 : static_cast<double>(next);
}

double SourceMetrics::LagRecords(const One& one) const {
  const eventlog::Offset next = one.next.load(std::memory_order_relaxed);
  int64_t low = 0;
  int64_t high = 0;
  if (next == eventlog::kParked ||
      rd_kafka_get_watermark_offsets(reader_->handle(), topic_.c_str(), one.partition, &low,
                                     &high) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return 0;
  }
  return static_cast<double>(std::max<int64_t>(0, high - next));
}

double SourceMetrics::LagSeconds(const One& one) const {
  if (LagRecords(one) == 0) return 0;
  const int64_t newest_ms = one.newest_ms.load(std::memory_order_relaxed);
  if (newest_ms == eventlog::kNoFloor) {  // nothing read yet: behind since we began, at the least
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
  }
  return std::max(0.0, static_cast<double>(base::WallClock().NowMs() - newest_ms) / 1000);
}

double SourceMetrics::MarginSeconds(const One& one) const {
  return static_cast<double>(*retention_ms_) / 1000 - LagSeconds(one);
}

}  // namespace verdict::kafka_log
