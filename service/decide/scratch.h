// What a call needs on its way, kept between calls so that a warm one allocates next to nothing.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "aggregate/blob_cache.h"
#include "counters/live_state.h"
#include "decide/decider.h"
#include "decide/plan.h"
#include "decide/score_metrics.h"
#include "decide/ticket.h"
#include "feature/merge.h"
#include "model/event.h"
#include "rule/expression.h"
#include "rule/schema.h"

namespace verdict::decide {

// What a parked call waits for.
enum class Waiting : uint8_t { kForBlobs, kForSibling, kForLog };

// **Thread-compatible.** Belongs to whoever has the call in hand; see Ticket.
struct ScoreCall::Scratch {
  explicit Scratch(std::shared_ptr<TicketPool> ticket_pool)
      : pool(std::move(ticket_pool)), ticket(pool->Take()), arena(rule::MakeEvaluationArena()) {}
  ~Scratch() { pool->Return(ticket); }

  const std::shared_ptr<TicketPool> pool;
  Ticket* const ticket;
  Waiting waiting = Waiting::kForBlobs;

  std::shared_ptr<const Plan> plan;
  std::chrono::steady_clock::time_point started;
  StageClock stages;

  rule::Record record;
  rule::EvaluationArenaPtr arena;
  model::Event event;  // the PAYMENT this call makes; its status is the assumed, then the real one
  model::DayNumber day = 0;
  std::array<uint64_t, 2> digest{};
  counters::Touched touched;
  std::vector<std::optional<model::EntityKey>> keys;  // by entity

  uint64_t reasons_version = 0;                    // of live state, before the blobs were looked up
  std::vector<aggregate::BlobCache::Entry> blobs;  // by measure
  std::vector<size_t> missed;                      // measures to be fetched, in the order asked
  std::vector<uint16_t> doubts;                    // by measure: PartialReason bits
  bool reread = false;                             // what seemed too old was fetched anew

  // What this payment adds to the measures of a kind (days, sliding).
  template <typename Contribution>
  struct Added {
    // By status of the plan; own[status * measures + measure] is its place there, or -1.
    std::vector<std::vector<Contribution>> contributions;
    std::vector<int> own;
    std::vector<Contribution> provisional;  // as others see it
    // What it adds to `measure` under `status`; null: nothing.
    const Contribution* Find(size_t status, size_t measures, size_t measure) const {
      const int place = own[status * measures + measure];
      return place < 0 ? nullptr : &contributions[status][static_cast<size_t>(place)];
    }
  };
  Added<feature::Contribution> days;
  Added<feature::SlidingContribution> sliding;
  std::vector<feature::LiveCell> cells;
  std::vector<feature::DayTile> overlay;
  std::vector<feature::TimedTile> timed_overlay;
  std::vector<feature::FeatureResult> results;  // by feature
  bool payment_seen = false;                    // the log's PAYMENT is counted already
  bool provisional_stands = false;              // this call has put the payment into the overlay

  ruleset::Evaluation evaluation;
  model::Decision would_be;  // were a shadow rule live
  std::vector<counters::Waiter> waiters;
};

}  // namespace verdict::decide
