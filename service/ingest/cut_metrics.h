// How far the batch has come, a measure: as gauges.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "aggregate/aggregate_store.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "eventlog/rules_of_the_log.h"
#include "feature/feature_set.h"

namespace verdict::ingest {

// **Thread-safe.** Registers its gauges when made and removes them when destroyed; what it is given
// must outlive it. A cut of which nothing is known yet reads as 0, and so do those of an imported
// measure, which has none.
class CutMetrics {
 public:
  CutMetrics(const feature::FeatureSet& features, const base::Clock* clock,
             const eventlog::CutSchedule* schedule);
  ~CutMetrics();
  CutMetrics(const CutMetrics&) = delete;
  CutMetrics& operator=(const CutMetrics&) = delete;

  void Note(size_t measure, const aggregate::Manifest& manifest);
  void NoteDropped(size_t measure, feature::CutId to);
  void NoteLacking(size_t measure, bool lacks);

 private:
  struct Cuts {
    std::atomic<feature::CutId> announced{0}, published{0}, dropped{0};
    std::atomic<bool> lacks{false}, imported{false};
  };
  void AddCut(const std::string& measure, const char* state,
              const std::atomic<feature::CutId>* cut);

  const base::Clock* clock_;
  const eventlog::CutSchedule* schedule_;
  std::vector<std::unique_ptr<Cuts>> cuts_;  // by measure
  std::vector<std::pair<std::string, base::MetricLabels>> gauges_;
};

}  // namespace verdict::ingest
