#include "counters/sliding_rebuild.h"

#include "base/check.h"
#include "counters/tables.h"

namespace verdict::counters {

SlidingRebuild::SlidingRebuild(LiveState* live) : live_(live) {
  for (int p = 0; p < live_->partitions(); ++p) {
    windows_.emplace_back(live_->options_.dedup_ids_per_partition);
  }
}

bool SlidingRebuild::SeenOrInsert(const eventlog::LogRecord& record) {
  CHECK(record.partition >= 0 && record.partition < live_->partitions());
  const model::Event& event = record.event;
  const model::EntityKey id =
      live_->parts_.hasher->EventId(event.txn.id, static_cast<uint8_t>(event.kind), event.sequence);
  return windows_[static_cast<size_t>(record.partition)].SeenOrInsert(id, record.record_time_ms);
}

void SlidingRebuild::RememberId(const eventlog::LogRecord& record) {
  if (record.unreadable.empty()) SeenOrInsert(record);
}

void SlidingRebuild::Count(const eventlog::LogRecord& record) {
  if (!record.unreadable.empty() || SeenOrInsert(record)) return;
  const feature::FeatureSet& features = *live_->parts_.features;
  const model::Event& event = record.event;
  if (eventlog::IsQuarantined(event.txn.event_time_ms, record.record_time_ms, features.options(),
                              features.calendar())) {
    return;
  }
  features.FillRecord(event.txn, &record_);
  features.EntityKeys(record_, *live_->parts_.hasher, &keys_);
  features.SlidingContributions(event, record_, keys_, arena_.get(), &contributions_);
  LiveState::Tables& tables = *live_->tables_;
  for (const feature::SlidingContribution& one : contributions_) {
    base::MutexLock lock(tables.stripes[one.key.stripe()].mutex);
    tables.AddSliding(one, live_->options_);
  }
}

}  // namespace verdict::counters
