#include "ingest/cut_metrics.h"

#include <algorithm>

#include "feature/measure_name.h"

namespace verdict::ingest {

CutMetrics::CutMetrics(const feature::FeatureSet& features, const base::Clock* clock,
                       const eventlog::CutSchedule* schedule)
    : clock_(clock), schedule_(schedule) {
  for (size_t m = 0; m < features.measures().size(); ++m) {
    const std::string& name = feature::MeasureName(features, m);
    const Cuts* cuts = cuts_.emplace_back(std::make_unique<Cuts>()).get();
    AddCut(name, "announced", &cuts->announced);
    AddCut(name, "published", &cuts->published);
    AddCut(name, "dropped", &cuts->dropped);
    gauges_.emplace_back("verdict_agg_store_lacks", base::MetricLabels{{"measure", name}});
    base::Metrics().AddGauge(
        "verdict_agg_store_lacks",
        "1: the store lacks what memory has let go of, or began behind; answers say "
        "PARTIAL(suspect).",
        {{"measure", name}},
        [cuts] { return cuts->lacks.load(std::memory_order_relaxed) ? 1 : 0; });
    gauges_.emplace_back("verdict_agg_imported", base::MetricLabels{{"measure", name}});
    base::Metrics().AddGauge(
        "verdict_agg_imported", "1: the measure's past days are imported (DAY mode), not folded.",
        {{"measure", name}},
        [cuts] { return cuts->imported.load(std::memory_order_relaxed) ? 1 : 0; });
    gauges_.emplace_back("verdict_agg_cut_age_seconds", base::MetricLabels{{"measure", name}});
    base::Metrics().AddGauge(
        "verdict_agg_cut_age_seconds", "Time since the newest published cut; 0 where none is.",
        {{"measure", name}}, [this, cuts] {
          const feature::CutId cut = cuts->published.load(std::memory_order_relaxed);
          if (cut == 0) return 0.0;
          return static_cast<double>(clock_->NowMs() - schedule_->CutTimeMs(cut)) / 1000;
        });
  }
}

CutMetrics::~CutMetrics() {
  for (const auto& [name, labels] : gauges_) base::Metrics().RemoveGauge(name, labels);
}

void CutMetrics::AddCut(const std::string& measure, const char* state,
                        const std::atomic<feature::CutId>* cut) {
  base::MetricLabels labels = {{"measure", measure}, {"state", state}};
  gauges_.emplace_back("verdict_agg_cut_id", labels);
  base::Metrics().AddGauge(
      "verdict_agg_cut_id", "Newest cut of a state, as days since 1970-01-01.", std::move(labels),
      [cut] { return static_cast<double>(cut->load(std::memory_order_relaxed)); });
}

void CutMetrics::Note(size_t measure, const aggregate::Manifest& manifest) {
  cuts_[measure]->announced.store(std::max(manifest.cut, 0), std::memory_order_relaxed);
  cuts_[measure]->published.store(std::max(manifest.published, 0), std::memory_order_relaxed);
  cuts_[measure]->imported.store(manifest.day.has_value(), std::memory_order_relaxed);
}

void CutMetrics::NoteLacking(size_t measure, bool lacks) {
  cuts_[measure]->lacks.store(lacks, std::memory_order_relaxed);
}

void CutMetrics::NoteDropped(size_t measure, feature::CutId to) {
  cuts_[measure]->dropped.store(std::max(to, 0), std::memory_order_relaxed);
}

}  // namespace verdict::ingest
