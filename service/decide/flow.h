// One decision, step by step. Each step either goes on to the next, parks the call, or ends it;
// whoever claims a parked call goes on where it stood. Steps that park are the last to touch the
// call.
//
//   Score ─► Gather ─► (blobs) ─► Count ─► Judge ─► Publish ─► (log) ─► Finish
//                        park       │ park on a sibling                    wakes siblings
//                                   ├─► replayed, not in the log ─► Repair ─► (log) ─► Finish
//                                   └─► replayed, conflict ─► Finish
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "decide/decider.h"
#include "decide/scratch.h"

namespace verdict::decide {

// **Thread-safe.**
class Decider::Flow {
 public:
  Flow(const Parts& parts, const DeciderOptions& options);
  ~Flow();
  void Score(ScoreCall* call);
  void Prepare(const std::shared_ptr<const ruleset::RuleSet>& rules);
  absl::StatusOr<model::Decision> GetDecision(const std::string& transaction_id) const;

 private:
  using Scratch = ScoreCall::Scratch;
  using SteadyTime = std::chrono::steady_clock::time_point;
  using BlobEntries = std::vector<aggregate::BlobCache::Entry>;
  enum class Current : uint8_t { kAdded, kAlreadyCounted, kUnknown };
  enum class Slot : uint8_t { kOurs, kParked, kReplayed, kUnlogged, kConflict, kCrowded };

  // flow.cc: up to the blobs
  std::shared_ptr<const Plan> CurrentPlan();
  std::shared_ptr<const Plan> PlanOf(const std::shared_ptr<const ruleset::RuleSet>& rules);
  bool Begin(ScoreCall* call);  // false: the call was ended
  int64_t ValidationNowMs() const;
  void Gather(ScoreCall* call);
  void FetchBlobs(ScoreCall* call);
  void OnBlobs(Ticket* ticket, uint64_t parking, BlobEntries entries);
  void LookAgain(Scratch* s) const;

  // flow_count.cc: under the locks
  void Count(ScoreCall* call);
  void FillContributions(Scratch* s) const;
  bool FindDoubts(const counters::LiveState::View& view, Scratch* s) const;
  static void Contribute(const std::string& status, Scratch* s,
                         std::vector<feature::Contribution>* days,
                         std::vector<feature::SlidingContribution>* sliding);
  Slot OpenSlot(counters::LiveState::View* view, ScoreCall* call, uint64_t* parking);
  bool PaymentIsOwed(const counters::LiveState::View& view, const ScoreCall& call) const;
  static void OnSibling(Ticket* ticket, uint64_t parking);
  Current Include(counters::LiveState::View* view, ScoreCall* call, uint16_t* reasons);
  void Merge(const counters::LiveState::View& view, ScoreCall* call, Current current,
             uint16_t reasons);
  void MergeMeasure(const counters::LiveState::View& view, ScoreCall* call, size_t measure,
                    const feature::MeasureView& base, bool add_current);
  // flow_sliding.cc
  void MergeSliding(const counters::LiveState::View& view, ScoreCall* call, size_t measure,
                    uint16_t reasons, bool add_current);
  model::DayNumber OldestDayKept(const feature::FeatureSet& set,
                                 const feature::MeasureView& view) const;

  // flow_answer.cc: from the values to the answer
  void Judge(ScoreCall* call);
  void CountHits(const Scratch& s) const;
  static void CountShadows(Scratch* s, model::Provenance provenance);
  void ShowFeatures(ScoreCall* call) const;
  bool IsImported(const Scratch& s, uint16_t measure) const;
  void Publish(ScoreCall* call);
  void Repair(ScoreCall* call);
  void Append(ScoreCall* call);
  void OnAppended(Ticket* ticket, uint64_t parking, const absl::Status& status);
  void Finish(ScoreCall* call);
  void End(ScoreCall* call, absl::Status status);  // without an answer

  // Waiting
  bool TooLate(const ScoreCall& call) const;
  void SetAlarm(SteadyTime when, Ticket* ticket, uint64_t parking);
  static void RingAlarm(void* ticket, uint64_t parking);
  void OnAlarm(ScoreCall* call);
  static Flow* Of(Ticket* ticket) { return static_cast<Flow*>(ticket->owner()); }

  const Parts parts_;
  const DeciderOptions options_;
  const uint64_t id_;  // tells the deciders of one process apart, for per-thread caches
  const ScoreMetrics metrics_;
  const std::shared_ptr<TicketPool> tickets_;
  std::unique_ptr<Timer> own_timer_;
  Timer* timer_;
  std::atomic<int64_t> owed_{0};  // requests that the store and the appender have not answered yet

  base::Mutex plan_mutex_;
  std::shared_ptr<const Plan> newest_plan_ GUARDED_BY(plan_mutex_);
};

// The answer leaves before the log has taken its payment: PARTIAL(log).
void MarkUnlogged(model::Decision* decision);

// explain.cc: of what one feature is made, and each clause of each rule as people read it.
void ShowParts(const feature::MeasureView& without_current, const feature::Feature& feature,
               const std::optional<feature::DayTile>& current, model::DayNumber day,
               FeatureAnswer* answer);
void TraceClauses(const ruleset::RuleSet& set, const rule::Record& record,
                  rule::EvaluationArena* arena,
                  std::vector<std::vector<std::string>>* clause_results);

}  // namespace verdict::decide
