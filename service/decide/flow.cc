// The way in: validation, the transaction's record and keys, the batch's blobs.
#include "decide/flow.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "base/check.h"
#include "decide/request_digest.h"

namespace verdict::decide {
namespace {

using std::chrono::steady_clock;

// A fetch that has less time than this is not begun: the blobs count as failed.
constexpr std::chrono::milliseconds kFetchTimeMin{1};

std::atomic<uint64_t> next_flow_id{1};

void ClearAnswer(ScoreCall* call) {
  call->status = absl::OkStatus();
  model::Decision& decision = call->decision;
  decision.transaction_id.clear();
  decision.rule_set.clear();
  for (auto* list : {&decision.reasons, &decision.rule_ids, &decision.shadow_rule_ids,
                     &decision.missing_rule_ids, &decision.error_rule_ids}) {
    list->clear();
  }
  decision.outcome = model::Outcome::kReview;
  decision.decided_by = model::DecidedBy::kDefault;
  decision.provenance = model::Provenance::kDefault;
  decision.partial_reasons = 0;
  decision.score = 0;
  decision.decided_at_ms = 0;
  call->replayed = false;
  call->features.clear();
  call->clause_results.clear();
  call->rule_set.reset();
}

}  // namespace

ScoreCall::ScoreCall() = default;
ScoreCall::~ScoreCall() = default;

Decider::Decider(const Parts& parts, const DeciderOptions& options)
    : flow_(std::make_unique<Flow>(parts, options)) {}
Decider::~Decider() = default;
void Decider::Score(ScoreCall* call) { flow_->Score(call); }
void Decider::Prepare(const std::shared_ptr<const ruleset::RuleSet>& rules) {
  flow_->Prepare(rules);
}
absl::StatusOr<model::Decision> Decider::GetDecision(const std::string& transaction_id) const {
  return flow_->GetDecision(transaction_id);
}

Decider::Flow::Flow(const Parts& parts, const DeciderOptions& options)
    : parts_(parts),
      options_(options),
      id_(next_flow_id.fetch_add(1)),
      tickets_(std::make_shared<TicketPool>(this)),
      own_timer_(parts.timer == nullptr ? std::make_unique<WheelTimer>() : nullptr),
      timer_(parts.timer == nullptr ? own_timer_.get() : parts.timer) {
  CHECK(parts_.rules != nullptr && parts_.live != nullptr && parts_.blobs != nullptr);
  CHECK(parts_.clock != nullptr && parts_.hasher != nullptr);
}

Decider::Flow::~Flow() {
  // Who still owes something may still set an alarm.
  while (owed_.load(std::memory_order_acquire) != 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  own_timer_.reset();
}

absl::StatusOr<model::Decision> Decider::Flow::GetDecision(
    const std::string& transaction_id) const {
  return parts_.live->FindDecision(transaction_id);
}

void Decider::Flow::Prepare(const std::shared_ptr<const ruleset::RuleSet>& rules) {
  auto plan = std::make_shared<const Plan>(rules);
  base::MutexLock lock(plan_mutex_);
  newest_plan_.swap(plan);
}

std::shared_ptr<const Plan> Decider::Flow::PlanOf(
    const std::shared_ptr<const ruleset::RuleSet>& rules) {
  {
    base::MutexLock lock(plan_mutex_);
    if (newest_plan_ != nullptr && newest_plan_->rules == rules) return newest_plan_;
  }
  // Nobody prepared it; or it is the set before, read just as the newest went live.
  return std::make_shared<const Plan>(rules);
}

std::shared_ptr<const Plan> Decider::Flow::CurrentPlan() {
  struct Cached {
    uint64_t flow_id = 0;
    std::optional<base::Published<ruleset::RuleSet>::Reader> reader;
    std::shared_ptr<const Plan> plan;
  };
  thread_local Cached cached;
  if (cached.flow_id != id_) {
    cached.flow_id = id_;
    cached.reader.emplace(*parts_.rules);
    cached.plan.reset();
  }
  const std::shared_ptr<const ruleset::RuleSet>& rules = cached.reader->Get();
  if (rules == nullptr) return nullptr;
  if (cached.plan == nullptr || cached.plan->rules != rules) cached.plan = PlanOf(rules);
  return cached.plan;
}

void Decider::Flow::Score(ScoreCall* call) {
  if (!Begin(call)) return;
  Gather(call);
}

// What lies ahead of the real time is refused under an event clock too: it would move that clock
// (R38).
int64_t Decider::Flow::ValidationNowMs() const {
  return parts_.clock->is_event_clock() ? base::WallClock().NowMs() : parts_.clock->NowMs();
}

bool Decider::Flow::Begin(ScoreCall* call) {
  if (call->scratch == nullptr || call->scratch->pool != tickets_) {
    call->scratch = std::make_unique<Scratch>(tickets_);
  }
  Scratch* s = call->scratch.get();
  s->waiting = Waiting::kForBlobs;
  s->reread = false;
  s->started = steady_clock::now();
  s->stages.Start(s->started);
  ClearAnswer(call);
  s->plan = CurrentPlan();
  if (s->plan == nullptr) {
    End(call, absl::UnavailableError("no rule set is loaded yet; try again shortly"));
    return false;
  }
  absl::Status valid =
      ValidateTransaction(call->txn, *s->plan->rules->schema, ValidationNowMs(),
                          SkewTakenMs(*s->plan->rules->features, options_.max_event_time_skew_ms));
  if (!valid.ok()) {
    End(call, std::move(valid));
    return false;
  }
  if (TooLate(*call)) {
    End(call, absl::DeadlineExceededError(
                  "the deadline leaves no time for an answer; nothing was counted"));
    return false;
  }
  if (!call->dry_run) parts_.clock->Observe(call->txn.event_time_ms);
  s->stages.Mark(Stage::kValidate, metrics_);
  return true;
}

void Decider::Flow::Gather(ScoreCall* call) {
  Scratch* s = call->scratch.get();
  const feature::FeatureSet& set = *s->plan->rules->features;
  s->event.kind = model::EventKind::kPayment;
  s->event.txn = call->txn;
  s->day = set.calendar().DayOf(call->txn.event_time_ms);
  s->digest = RequestDigest(call->txn);
  set.FillRecord(call->txn, &s->record);
  s->keys.clear();
  set.EntityKeys(s->record, *parts_.hasher, &s->keys);
  s->touched.payment = parts_.live->PaymentKey(call->txn.id);
  s->touched.entities = s->keys;
  s->touched.partition = parts_.live->PlaceOf(call->txn.merchant_id);
  s->stages.Mark(Stage::kKeys, metrics_);

  s->reasons_version = parts_.live->reasons_version();
  s->blobs.clear();
  s->missed.clear();
  for (size_t m = 0; m < set.measures().size(); ++m) {
    const std::optional<model::EntityKey>& key = s->keys[set.measures()[m].entity];
    s->blobs.push_back(key.has_value()
                           ? parts_.blobs->Lookup({set.measures()[m].hash, *key}, s->started)
                           : aggregate::BlobCache::Entry());
    if (key.has_value() && s->blobs.back().state == aggregate::BlobCache::State::kMiss) {
      s->missed.push_back(m);
    }
  }
  if (!s->missed.empty()) {
    FetchBlobs(call);
    return;
  }
  s->stages.Mark(Stage::kBlobs, metrics_);
  Count(call);
}

void Decider::Flow::FetchBlobs(ScoreCall* call) {
  Scratch* s = call->scratch.get();
  const SteadyTime now = steady_clock::now();
  SteadyTime until = now + options_.blob_wait;
  if (call->deadline != SteadyTime::max()) {
    until = std::min(until, call->deadline - 2 * options_.answer_time);
  }
  if (until - now < kFetchTimeMin) {
    Count(call);  // what is still a miss counts as failed
    return;
  }
  const feature::FeatureSet& set = *s->plan->rules->features;
  std::vector<aggregate::BlobKey> keys;
  keys.reserve(s->missed.size());
  for (const size_t m : s->missed) {
    keys.push_back({set.measures()[m].hash, *s->keys[set.measures()[m].entity]});
  }
  owed_.fetch_add(1, std::memory_order_relaxed);
  s->waiting = Waiting::kForBlobs;
  Ticket* const ticket = s->ticket;
  const uint64_t parking = ticket->Park(call);
  SetAlarm(until, ticket, parking);
  parts_.blobs->Fetch(keys, [ticket, parking](BlobEntries entries) {
    Of(ticket)->OnBlobs(ticket, parking, std::move(entries));
  });
}

void Decider::Flow::OnBlobs(Ticket* ticket, uint64_t parking, BlobEntries entries) {
  if (ScoreCall* call = ticket->Claim(parking)) {
    Scratch* s = call->scratch.get();
    CHECK(entries.size() == s->missed.size());
    for (size_t i = 0; i < entries.size(); ++i) s->blobs[s->missed[i]] = std::move(entries[i]);
    s->stages.Mark(Stage::kBlobs, metrics_);
    if (TooLate(*call)) {
      End(call, absl::DeadlineExceededError(
                    "the store took what the deadline left; nothing was counted"));
    } else {
      Count(call);
    }
  }
  owed_.fetch_sub(1, std::memory_order_release);  // the last touch of this object
}

// Of several that were asked for, some may have come. What has not is a miss still, and counts as
// failed.
void Decider::Flow::LookAgain(Scratch* s) const {
  const feature::FeatureSet& set = *s->plan->rules->features;
  for (const size_t m : s->missed) {
    const feature::Measure& measure = set.measures()[m];
    aggregate::BlobCache::Entry found =
        parts_.blobs->Lookup({measure.hash, *s->keys[measure.entity]}, s->started);
    // Where a doubtful blob was to be read anew it stays, and so do its doubts.
    if (found.state != aggregate::BlobCache::State::kMiss) s->blobs[m] = std::move(found);
  }
}

bool Decider::Flow::TooLate(const ScoreCall& call) const {
  if (call.deadline == SteadyTime::max()) return false;
  return call.deadline - steady_clock::now() < options_.answer_time;
}

void Decider::Flow::SetAlarm(SteadyTime when, Ticket* ticket, uint64_t parking) {
  timer_->Add(when, {.ring = &RingAlarm, .target = ticket, .token = parking});
}

void Decider::Flow::RingAlarm(void* target, uint64_t parking) {
  auto* ticket = static_cast<Ticket*>(target);
  if (ScoreCall* call = ticket->Claim(parking)) Of(ticket)->OnAlarm(call);
}

void Decider::Flow::OnAlarm(ScoreCall* call) {
  Scratch* s = call->scratch.get();
  switch (s->waiting) {
    case Waiting::kForBlobs:
      LookAgain(s);
      s->stages.Mark(Stage::kBlobs, metrics_);
      if (TooLate(*call)) {
        End(call, absl::DeadlineExceededError(
                      "the store took what the deadline left; nothing was counted"));
      } else {
        Count(call);
      }
      return;
    case Waiting::kForSibling:
      End(call, absl::DeadlineExceededError(
                    "another call is still deciding this id; retry for its decision"));
      return;
    case Waiting::kForLog:
      metrics_.Count(AppendResult::kStalled);
      MarkUnlogged(&call->decision);
      Finish(call);
      return;
  }
}

}  // namespace verdict::decide
