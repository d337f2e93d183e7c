// THE flow: transaction + rule set + blobs + one locked view of live state -> decision, within its
// deadline.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "aggregate/blob_cache.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "base/published.h"
#include "counters/live_state.h"
#include "decide/decision_sink.h"
#include "decide/timer.h"
#include "eventlog/event_source.h"
#include "feature/merge.h"
#include "model/decision.h"
#include "model/entity_key.h"
#include "model/transaction.h"
#include "ruleset/rule_set.h"

namespace verdict::decide {

class RecentDecisions;  // decide/recent_decisions.h

struct FeatureAnswer {
  const feature::Feature* feature = nullptr;  // of `rule_set`
  feature::FeatureResult result;
  std::optional<feature::CutId> cut;  // of what the store holds of it; none: nothing
  uint16_t rev = 0;
  bool by_days = false;  // DAY mode (R5): `cut` is the first day that the batch does not own
  std::vector<feature::Part>
      parts;  // Explain alone: of what the value is made, but for the payment itself
  std::optional<feature::DayTile> current;  // Explain alone: what the payment itself adds
};

// **Thread-compatible.** One call. The caller owns it and keeps it until Done(). Reused from call
// to call, its strings keep their capacity.
class ScoreCall {
 public:
  ScoreCall();
  virtual ~ScoreCall();
  // Called exactly once: on the caller's thread inside Score(), or later on the store's, the
  // appender's or the timer's thread, or on that of the call whose decision this one waited for. It
  // must not block. The decider does not touch the call afterwards, so that it may be used again,
  // or destroyed, from within.
  virtual void Done() = 0;

  // In.
  model::Transaction txn;
  bool record = true;
  bool include_features = false;
  bool dry_run = false;  // Explain: nothing is counted, stored or recorded; parts are filled
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();

  // Out, valid from Done().
  // InvalidArgument naming the field, AlreadyExists, DeadlineExceeded, ResourceExhausted (too many
  // retries wait for one decision), Unavailable (no rule set yet).
  absl::Status status;
  model::Decision decision;
  bool replayed = false;
  std::vector<FeatureAnswer> features;  // include_features or dry_run
  // Beside `features`: the point of the log that all of them are true of.
  std::vector<eventlog::Offset> next_offsets;
  int64_t lag_ms = 0;
  ruleset::Evaluation evaluation;  // dry_run
  std::vector<std::vector<std::string>>
      clause_results;  // dry_run: by rule, by clause: "true", "missing: card.country"
  std::shared_ptr<const ruleset::RuleSet> rule_set;  // the set that decided

  // Scratch of the decider, kept here so that a reused call allocates nothing.
  struct Scratch;
  std::unique_ptr<Scratch> scratch;
};

struct DeciderOptions {
  std::chrono::milliseconds blob_wait{
      5};  // a Score parked on the store goes on without it after this: PARTIAL(batch)
  std::chrono::milliseconds append_wait{
      20};  // an answer parked on the log leaves with PARTIAL(log) after this
  // What an answer takes once its inputs are there, and its way back: with less time left a call
  // ends in DeadlineExceeded and nothing is counted; a wait ends that much before the deadline.
  std::chrono::microseconds answer_time{500};
  int64_t max_event_time_skew_ms = 5 * 60 * 1000;
};

// **Thread-safe.** What it is given must outlive it. Destroy it when no call is under way; the
// destructor waits for what the store and the appender still owe it (both promise to answer each
// request once).
class Decider {
 public:
  struct Parts {
    const base::Published<ruleset::RuleSet>* rules = nullptr;
    counters::LiveState* live = nullptr;
    aggregate::BlobCache* blobs = nullptr;
    eventlog::EventAppender* appender =
        nullptr;  // null: nothing is recorded, as if every call said record=false
    RecentDecisions* recent = nullptr;  // gets each decision made here; null: nobody asks for them
    DecisionSink* decisions = nullptr;  // told of each decision made here; null: nobody is
    base::Clock* clock = nullptr;
    const model::KeyHasher* hasher = nullptr;  // the one that `live` counts with
    Timer* timer = nullptr;                    // null: the decider runs a timer thread of its own
  };
  Decider(const Parts& parts, const DeciderOptions& options);
  ~Decider();

  // Never blocks beyond a stripe lock. `call->Done()` ends it.
  void Score(ScoreCall* call);
  // Works out what `rules` mean to a decision before they go live: no Score has to, then. Optional.
  void Prepare(const std::shared_ptr<const ruleset::RuleSet>& rules);
  // The decision stored for a transaction id. Errors: NotFound.
  absl::StatusOr<model::Decision> GetDecision(const std::string& transaction_id) const;

 private:
  class Flow;
  std::unique_ptr<Flow> flow_;
};

// Field by field, as the contract asks: required fields, lengths, currency, card numbers, event
// time. InvalidArgument names the field and says how to mend it.
absl::Status ValidateTransaction(const model::Transaction& txn, const rule::Schema& schema,
                                 int64_t now_ms, int64_t max_skew_ms);
// How far ahead of the clock a payment may be: as the setting has it, but no further than the log
// will count it (future_skew, R9).
int64_t SkewTakenMs(const feature::FeatureSet& features, int64_t setting_ms);

}  // namespace verdict::decide
