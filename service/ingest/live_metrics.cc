#include "ingest/live_metrics.h"

namespace verdict::ingest {
namespace {

// A scrape reads all gauges well within it.
constexpr std::chrono::milliseconds kSizesAge{500};

}  // namespace

LiveMetrics::LiveMetrics(const counters::LiveState* live) : live_(live) {
  const auto bytes = [this](const char* kind, size_t counters::LiveSizes::*member) {
    Add("verdict_agg_bytes", "Memory of live state.", {{"kind", kind}},
        [member](const counters::LiveSizes& sizes) { return static_cast<double>(sizes.*member); });
  };
  bytes("cells", &counters::LiveSizes::cell_bytes);
  bytes("index", &counters::LiveSizes::index_bytes);
  bytes("dedup", &counters::LiveSizes::dedup_bytes);
  bytes("decisions", &counters::LiveSizes::decision_bytes);
  bytes("overlay", &counters::LiveSizes::overlay_bytes);
  bytes("sliding", &counters::LiveSizes::sliding_bytes);
  Add("verdict_agg_cells", "Cells in memory: one a measure, entity, day and epoch.", {},
      [](const counters::LiveSizes& sizes) { return static_cast<double>(sizes.cells); });
  Add("verdict_agg_provisional", "Transactions counted whose event has not arrived.",
      {{"state", "live"}},
      [](const counters::LiveSizes& sizes) { return static_cast<double>(sizes.provisionals); });
  Add("verdict_agg_live_epochs", "Epochs in memory: the newest, and those the batch has not taken.",
      {}, [live](const counters::LiveSizes&) {
        return static_cast<double>(live->LiveEpochs().size());
      });
  AddFirstOffsets();
}

// What verdict_agg_events_total adds up to begins here (I7).
void LiveMetrics::AddFirstOffsets() {
  const std::vector<eventlog::Offset> first = live_->NextOffsets();
  for (size_t p = 0; p < first.size(); ++p) {
    Add("verdict_agg_first_offset", "The record with which this process began to count.",
        {{"partition", std::to_string(p)}},
        [offset = first[p]](const counters::LiveSizes&) { return static_cast<double>(offset); });
  }
}

LiveMetrics::~LiveMetrics() {
  for (const auto& [name, labels] : gauges_) base::Metrics().RemoveGauge(name, labels);
}

void LiveMetrics::Add(const std::string& name, const std::string& help, base::MetricLabels labels,
                      Read read) {
  gauges_.emplace_back(name, labels);
  base::Metrics().AddGauge(name, help, std::move(labels),
                           [this, read = std::move(read)] { return read(Sizes()); });
}

counters::LiveSizes LiveMetrics::Sizes() {
  base::MutexLock lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  if (now - taken_ > kSizesAge) {
    sizes_ = live_->sizes();
    taken_ = now;
  }
  return sizes_;
}

}  // namespace verdict::ingest
