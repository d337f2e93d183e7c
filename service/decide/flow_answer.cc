// From the values to the answer: rules, the stored decision, the log, Done.
#include <algorithm>
#include <string_view>
#include <utility>

#include "decide/flow.h"
#include "decide/provenance.h"
#include "decide/recent_decisions.h"

namespace verdict::decide {
namespace {

using std::chrono::steady_clock;

// How the log records a payment that was answered so (R39).
std::string_view StatusOf(model::Outcome outcome) {
  switch (outcome) {
    case model::Outcome::kAllow:
      return "approved";
    case model::Outcome::kDeny:
      return "declined";
    case model::Outcome::kReview:
      return "pending";
  }
  return "";
}

}  // namespace

void MarkUnlogged(model::Decision* decision) {
  decision->partial_reasons |= model::kPartialLog;
  decision->provenance = std::max(decision->provenance, model::Provenance::kPartial);
}

void Decider::Flow::Judge(ScoreCall* call) {
  Scratch* s = call->scratch.get();
  const ruleset::RuleSet& set = *s->plan->rules;
  model::Decision& decision = call->decision;
  decision.transaction_id = call->txn.id;
  decision.rule_set = set.short_hash;
  decision.decided_at_ms = parts_.clock->NowMs();
  decision.request_digest = s->digest;
  SetProvenance(set, s->results, &decision);
  ruleset::EvaluateRules(set, s->record, s->arena.get(), &s->evaluation);
  ruleset::Decide(set, s->evaluation, decision.provenance, &decision);
  if (call->include_features || call->dry_run) ShowFeatures(call);
  if (call->dry_run) {
    call->evaluation = s->evaluation;
    TraceClauses(set, s->record, s->arena.get(), &call->clause_results);
    Finish(call);
    return;
  }
  CountHits(*s);
  CountShadows(s, decision.provenance);
  if (parts_.recent != nullptr)
    parts_.recent->Put(call->txn, s->results, call->lag_ms, s->plan->seen, decision);
  s->stages.Mark(Stage::kRules, metrics_);
  Publish(call);
}

void Decider::Flow::CountHits(const Scratch& s) const {
  const Plan& plan = *s.plan;
  for (size_t i = 0; i < plan.rule_hits.size(); ++i) {
    if (plan.rules->rules[i].mode == ruleset::Mode::kOff) continue;
    plan.rule_hits[i][static_cast<size_t>(s.evaluation.results[i])].Add();
  }
  for (size_t i = 0; i < s.results.size(); ++i) {
    plan.answer_kinds[i][AnswerKind(s.results[i].provenance, s.results[i].reasons)].Add();
  }
}

// Each shadow rule that matched by itself: the decision once more, as if it were live.
void Decider::Flow::CountShadows(Scratch* s, model::Provenance provenance) {
  const Plan& plan = *s->plan;
  for (size_t place = 0; place < plan.shadow_rules.size(); ++place) {
    const uint32_t rule = plan.shadow_rules[place];
    if (s->evaluation.acting[rule]) continue;
    if (s->evaluation.results[rule] != ruleset::RuleResult::kMatch) continue;
    s->evaluation.acting[rule] = true;
    ruleset::Decide(*plan.rules, s->evaluation, provenance, &s->would_be);
    s->evaluation.acting[rule] = false;
    const ShadowCounters& counters = plan.shadows[place][OutcomeIndex(s->would_be.outcome)];
    counters.decisions.Add();
    const std::optional<int64_t> amount = plan.rules->features->BaseAmount(s->event.txn);
    if (amount && *amount > 0) counters.amount_minor.Add(static_cast<uint64_t>(*amount));
  }
}

// A blob says so by itself; of a key without one live state knows.
bool Decider::Flow::IsImported(const Scratch& s, uint16_t measure) const {
  const feature::Blob* blob = s.blobs[measure].blob.get();
  if (blob != nullptr && blob->day.has_value()) return true;
  return parts_.live->DayModeOf(s.plan->rules->features->measures()[measure].hash) != nullptr;
}

void Decider::Flow::ShowFeatures(ScoreCall* call) const {
  const Scratch& s = *call->scratch;
  const std::vector<feature::Feature>& features = s.plan->rules->features->features();
  call->features.resize(features.size());
  for (size_t i = 0; i < features.size(); ++i) {
    call->features[i].feature = &features[i];
    call->features[i].result = s.results[i];
    // Of a window that slides the store has nothing.
    const feature::Blob* blob =
        features[i].slides() ? nullptr : s.blobs[features[i].measure].blob.get();
    call->features[i].cut = blob == nullptr ? std::nullopt : std::optional(blob->cut);
    call->features[i].rev = blob == nullptr ? uint16_t{0} : blob->rev;
    call->features[i].by_days = !features[i].slides() && IsImported(s, features[i].measure);
  }
}

// The real outcome takes the place of the assumed one, the decision is there for retries.
void Decider::Flow::Publish(ScoreCall* call) {
  Scratch* s = call->scratch.get();
  const std::string_view status = StatusOf(call->decision.outcome);
  const std::vector<std::string>& assumed = s->plan->statuses;
  const bool as_assumed = std::all_of(assumed.begin(), assumed.end(),
                                      [&](const std::string& a) { return a == status; });
  s->event.txn.status = status;
  const bool nothing_assumed = s->days.provisional.empty() && s->sliding.provisional.empty();
  if (s->provisional_stands && !as_assumed) {
    Contribute(std::string(status), s, &s->days.provisional, &s->sliding.provisional);
  }
  {
    counters::LiveState::View view(*parts_.live, s->touched);
    if (s->provisional_stands && !as_assumed) {
      const feature::FeatureSet& features = *s->plan->rules->features;
      // Where there is no room any more, the answer is given already: others count without it.
      if (nothing_assumed) {
        view.PutProvisional(features, s->days.provisional, s->sliding.provisional);
      } else {
        view.ReplaceProvisional(features, s->days.provisional, s->sliding.provisional);
      }
    }
    s->waiters.clear();
    view.Answer(call->decision, &s->waiters);
  }
  s->stages.Mark(Stage::kPublish, metrics_);
  if (call->record && parts_.appender != nullptr && !s->payment_seen) {
    Append(call);
  } else {
    Finish(call);
  }
}

// The stored decision's PAYMENT once more, and the wait for the log as if it were the first: where
// the first did arrive, the log's ids let one of them count.
void Decider::Flow::Repair(ScoreCall* call) {
  call->scratch->event.txn.status = StatusOf(call->decision.outcome);
  Append(call);
}

void Decider::Flow::Append(ScoreCall* call) {
  Scratch* s = call->scratch.get();
  SteadyTime until = steady_clock::now() + options_.append_wait;
  if (call->deadline != SteadyTime::max()) {
    until = std::min(until, call->deadline - options_.answer_time);
  }
  owed_.fetch_add(2, std::memory_order_relaxed);  // the answer, and the alarm that is set last
  s->waiting = Waiting::kForLog;
  Ticket* const ticket = s->ticket;
  const uint64_t parking = ticket->Park(call);
  // Nothing but `done` can end the call as yet, so that what it holds stays until it is taken.
  parts_.appender->Append(s->event, &call->decision, [ticket, parking](const absl::Status& status) {
    Of(ticket)->OnAppended(ticket, parking, status);
  });
  SetAlarm(until, ticket, parking);
  owed_.fetch_sub(1, std::memory_order_release);  // the last touch of this object
}

void Decider::Flow::OnAppended(Ticket* ticket, uint64_t parking, const absl::Status& status) {
  metrics_.Count(status.ok() ? AppendResult::kOk : AppendResult::kFailed);
  if (ScoreCall* call = ticket->Claim(parking)) {
    if (!status.ok()) MarkUnlogged(&call->decision);
    Finish(call);
  }
  owed_.fetch_sub(1, std::memory_order_release);  // the last touch of this object
}

void Decider::Flow::End(ScoreCall* call, absl::Status status) {
  call->status = std::move(status);
  Finish(call);
}

void Decider::Flow::Finish(ScoreCall* call) {
  Scratch* s = call->scratch.get();
  if (call->status.ok() && s->waiting == Waiting::kForLog) {
    s->stages.Mark(Stage::kAppend, metrics_);
  }
  const std::vector<counters::Waiter> waiters = std::exchange(s->waiters, {});
  if (s->plan != nullptr) call->rule_set = s->plan->rules;
  s->plan.reset();
  const std::chrono::duration<double> spent = steady_clock::now() - s->started;
  metrics_.CountCall(call->status, call->decision, spent.count());
  if (parts_.decisions != nullptr && call->status.ok() && !call->replayed && !call->dry_run) {
    parts_.decisions->Put(call->decision, call->txn.merchant_id);
  }
  call->Done();
  // The call is the caller's again. Its siblings ask for the stored decision.
  for (const counters::Waiter& waiter : waiters) waiter();
}

}  // namespace verdict::decide
