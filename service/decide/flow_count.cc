// Under the locks: the decision's slot, the payment counted once, every feature's value at one
// point of the log.
#include <algorithm>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "decide/flow.h"

namespace verdict::decide {

using counters::LiveState;
using counters::SlotState;

namespace {

// Where each measure's contribution stands, and what others are to see of it.
template <typename Added>
void Index(const std::vector<uint16_t>& status_of_measure, size_t statuses, Added* added) {
  const size_t measures = status_of_measure.size();
  added->own.assign(statuses * measures, -1);
  for (size_t status = 0; status < statuses; ++status) {
    for (size_t i = 0; i < added->contributions[status].size(); ++i) {
      added->own[status * measures + added->contributions[status][i].measure] = static_cast<int>(i);
    }
  }
  added->provisional.clear();
  for (size_t m = 0; m < measures; ++m) {
    const auto* one = added->Find(status_of_measure[m], measures, m);
    if (one != nullptr) added->provisional.push_back(*one);
  }
}

}  // namespace

// What this payment adds, under each status that some feature assumes of it. Before the locks.
void Decider::Flow::FillContributions(Scratch* s) const {
  const Plan& plan = *s->plan;
  const size_t statuses = plan.statuses.size();
  s->days.contributions.resize(statuses);
  s->sliding.contributions.resize(statuses);
  for (size_t status = 0; status < statuses; ++status) {
    Contribute(plan.statuses[status], s, &s->days.contributions[status],
               &s->sliding.contributions[status]);
  }
  Index(plan.status_of_measure, statuses, &s->days);
  Index(plan.status_of_sliding, statuses, &s->sliding);
}

// The event's contributions under `status`. Rules read the status that the request carries, so the
// slot is put back.
void Decider::Flow::Contribute(const std::string& status, Scratch* s,
                               std::vector<feature::Contribution>* days,
                               std::vector<feature::SlidingContribution>* sliding) {
  s->event.txn.status = status;
  rule::Value& slot = s->record.slots[rule::kTxnStatus];
  const rule::Value requested = std::exchange(slot, rule::Value::String(status));
  const feature::FeatureSet& set = *s->plan->rules->features;
  set.Contributions(s->event, s->record, s->keys, s->arena.get(), days);
  set.SlidingContributions(s->event, s->record, s->keys, s->arena.get(), sliding);
  slot = requested;
}

void Decider::Flow::Count(ScoreCall* call) {
  Scratch* s = call->scratch.get();
  FillContributions(s);
  Slot slot = Slot::kOurs;
  Ticket* const ticket = s->ticket;
  uint64_t parking = 0;
  const SteadyTime deadline = call->deadline;
  bool reread = false;
  {
    LiveState::View view(*parts_.live, s->touched);
    reread = FindDoubts(view, s);
    if (!reread && !call->dry_run) slot = OpenSlot(&view, call, &parking);
    s = slot == Slot::kParked ? nullptr : s;  // a parked call is no longer ours
    if (!reread && slot == Slot::kOurs) {
      s->stages.Mark(Stage::kView, metrics_);
      uint16_t reasons = 0;
      const Current current = Include(&view, call, &reasons);
      Merge(view, call, current, reasons);
    }
  }
  if (reread) {
    const feature::FeatureSet& set = *s->plan->rules->features;
    for (const size_t m : s->missed) {
      const feature::Measure& measure = set.measures()[m];
      parts_.blobs->Forget({measure.hash, *s->keys[measure.entity]});
    }
    FetchBlobs(call);
    return;
  }
  switch (slot) {
    case Slot::kOurs:
      s->stages.Mark(Stage::kMerge, metrics_);
      Judge(call);
      return;
    case Slot::kParked:
      if (deadline != SteadyTime::max()) SetAlarm(deadline - options_.answer_time, ticket, parking);
      return;
    case Slot::kReplayed:
      call->replayed = true;
      Finish(call);
      return;
    case Slot::kUnlogged:
      call->replayed = true;
      Repair(call);
      return;
    case Slot::kConflict:
      End(call, absl::AlreadyExistsError(
                    "id: was scored before with another amount, currency, merchant or card; "
                    "a new payment needs a new id"));
      return;
    case Slot::kCrowded:
      End(call, absl::ResourceExhaustedError(
                    "too many retries wait for the decision of this id; do not retry"));
      return;
  }
}

// What each measure lacks because epochs were dropped, or because a proof failed. True, once a
// call: a blob is older than an epoch that is gone and perhaps held its key (R27), so those that
// are shall be read anew, past the cache.
bool Decider::Flow::FindDoubts(const LiveState::View& view, Scratch* s) const {
  using State = aggregate::BlobCache::State;
  const feature::FeatureSet& set = *s->plan->rules->features;
  s->doubts.assign(set.measures().size(), 0);
  s->missed.clear();
  for (size_t m = 0; m < set.measures().size(); ++m) {
    const feature::Measure& measure = set.measures()[m];
    const std::optional<model::EntityKey>& key = s->keys[measure.entity];
    const aggregate::BlobCache::Entry& entry = s->blobs[m];
    if (!key || entry.state == State::kMiss || entry.state == State::kFailed) continue;
    const feature::CutId cut = entry.blob == nullptr ? feature::kNoCut : entry.blob->cut;
    const LiveState::View::Doubts found =
        view.FindDoubts(measure.hash, *key, cut, s->day - measure.window_days_max + 1);
    s->doubts[m] = found.reasons;
    if (!found.reread) continue;
    if (s->reread) {
      metrics_.CountGuardSuspect();
    } else {
      s->missed.push_back(m);
    }
  }
  if (s->missed.empty()) return false;
  s->reread = true;
  return true;
}

Decider::Flow::Slot Decider::Flow::OpenSlot(LiveState::View* view, ScoreCall* call,
                                            uint64_t* parking) {
  Scratch* s = call->scratch.get();
  switch (view->FindOrOpen(s->digest, &call->decision)) {
    case SlotState::kOpened:
      return Slot::kOurs;
    case SlotState::kAnswered:
      return PaymentIsOwed(*view, *call) ? Slot::kUnlogged : Slot::kReplayed;
    case SlotState::kConflict:
      return Slot::kConflict;
    case SlotState::kOpenElsewhere:
      break;
  }
  s->waiting = Waiting::kForSibling;
  Ticket* const ticket = s->ticket;
  *parking = ticket->Park(call);
  // Nobody can wake it before the view is gone: who answers needs the slot's stripe.
  if (view->Park([ticket, parking = *parking] { OnSibling(ticket, parking); })) {
    return Slot::kParked;
  }
  ticket->Claim(*parking);
  return Slot::kCrowded;
}

// A decision may be stored whose PAYMENT the log never got, or has not applied yet. Where the id
// may be forgotten the log may hold it since: the decision's own time counts too, as the retry of
// an old payment may carry a new one.
bool Decider::Flow::PaymentIsOwed(const LiveState::View& view, const ScoreCall& call) const {
  if (!call.record || parts_.appender == nullptr || view.PaymentSeen()) return false;
  return view.WithinDedupHorizon(std::min(call.txn.event_time_ms, call.decision.decided_at_ms));
}

void Decider::Flow::OnSibling(Ticket* ticket, uint64_t parking) {
  ScoreCall* call = ticket->Claim(parking);
  if (call == nullptr) return;
  if (Of(ticket)->TooLate(*call)) {
    Of(ticket)->End(call,
                    absl::DeadlineExceededError(
                        "another call took the time to decide this id; retry for its decision"));
    return;
  }
  Of(ticket)->Count(call);
}

// Decides how the payment itself is counted, and counts it.
Decider::Flow::Current Decider::Flow::Include(LiveState::View* view, ScoreCall* call,
                                              uint16_t* reasons) {
  Scratch* s = call->scratch.get();
  s->provisional_stands = false;
  s->payment_seen = view->PaymentSeen();
  if (s->payment_seen) return Current::kAlreadyCounted;
  if (!view->WithinDedupHorizon(call->txn.event_time_ms)) {
    *reasons |= model::kPartialCurrent;
    return Current::kUnknown;
  }
  if (!call->dry_run) {
    s->provisional_stands = view->PutProvisional(*s->plan->rules->features, s->days.provisional,
                                                 s->sliding.provisional);
    // Its own answer still counts it; those of others will not.
    if (!s->provisional_stands) *reasons |= model::kPartialLimit;
  }
  return Current::kAdded;
}

void Decider::Flow::Merge(const LiveState::View& view, ScoreCall* call, Current current,
                          uint16_t reasons) {
  Scratch* s = call->scratch.get();
  const feature::FeatureSet& set = *s->plan->rules->features;
  view.Prefetch(set, s->keys);
  const counters::AsOf as_of = view.as_of();
  call->lag_ms = as_of.lag_ms;
  s->results.assign(set.features().size(), feature::FeatureResult{.reads_as_missing = true});
  if (call->dry_run) call->features.resize(set.features().size());
  if (call->dry_run || call->include_features) {
    // Under the stripes of the payment's entities no record of theirs is counted by half.
    call->next_offsets = parts_.live->NextOffsets();
  }
  feature::MeasureView base;
  base.newest_epoch = as_of.newest_epoch;
  base.reasons = reasons;
  for (size_t m = 0; m < set.measures().size(); ++m) {
    if (!s->keys[set.measures()[m].entity].has_value()) continue;
    MergeMeasure(view, call, m, base, current == Current::kAdded);
  }
  for (size_t m = 0; m < set.sliding_measures().size(); ++m) {
    if (!s->keys[set.sliding_measures()[m].entity].has_value()) continue;
    MergeSliding(view, call, m, reasons, current == Current::kAdded);
  }
  for (size_t f = 0; f < s->results.size(); ++f) {
    feature::FeatureResult& result = s->results[f];
    result.provenance =
        feature::AgedProvenance(result.provenance, as_of.lag_ms, set.options().fresh_within_ms);
    feature::StoreResult(set.features()[f], result, as_of.lag_ms, &s->record);
  }
}

// The first day that neither a blob nor a cell can have let go of.
model::DayNumber Decider::Flow::OldestDayKept(const feature::FeatureSet& set,
                                              const feature::MeasureView& view) const {
  model::DayNumber newest = set.calendar().DayOf(parts_.clock->NowMs());
  newest = std::max(newest, view.newest_epoch);
  if (view.blob != nullptr) newest = std::max(newest, view.blob->cut);
  return newest - std::min(set.kept_days(), parts_.live->features().kept_days()) + 1;
}

void Decider::Flow::MergeMeasure(const LiveState::View& view, ScoreCall* call, size_t m,
                                 const feature::MeasureView& base, bool add_current) {
  using State = aggregate::BlobCache::State;
  Scratch* s = call->scratch.get();
  const Plan& plan = *s->plan;
  const feature::FeatureSet& set = *plan.rules->features;
  const feature::Measure& measure = set.measures()[m];
  const model::EntityKey& key = *s->keys[measure.entity];
  s->cells.clear();
  s->overlay.clear();
  feature::MeasureView merged = base;
  const aggregate::BlobCache::Entry& entry = s->blobs[m];
  merged.blob = entry.blob.get();
  merged.blob_failed = entry.state == State::kMiss || entry.state == State::kFailed;
  merged.oldest_day_kept = OldestDayKept(set, merged);
  merged.reasons |= s->doubts[m];
  merged.day_mode = view.DayModeOf(measure.hash);
  const model::DayNumber oldest =
      std::max(s->day - measure.window_days_max + 1, feature::LiveFrom(merged));
  merged.reasons |= view.CollectLive(measure.hash, key, oldest, &s->cells);
  // A measure became whole since: a blob that this call did not find may be there now.
  if (parts_.live->reasons_version() != s->reasons_version) merged.reasons |= model::kPartialBefore;
  view.CollectOverlay(measure.hash, key, /*without_current=*/true, &s->overlay);
  merged.live = s->cells;
  const size_t others = s->overlay.size();
  for (const uint16_t f : plan.features_of_measure[m]) {
    const size_t status = plan.status_of_feature[f];
    std::optional<feature::DayTile> current;
    if (add_current) {
      const auto* own = s->days.Find(status, set.measures().size(), m);
      if (own != nullptr) current = {s->day, own->tile};
    }
    merged.overlay = {s->overlay.data(), others};
    if (call->dry_run) ShowParts(merged, set.features()[f], current, s->day, &call->features[f]);
    if (current.has_value()) {
      s->overlay.resize(others);
      s->overlay.push_back(*current);
      merged.overlay = s->overlay;
    }
    uint16_t reasons = 0;
    const feature::Feature& feature = set.features()[f];
    const feature::Tile tile =
        feature::MergeWindow(merged, feature.window_days, s->day, &reasons, nullptr);
    // A payment whose amount is unknown has no total of its own (R40); others only hear of the
    // mark.
    const bool unknown = current.has_value() && (current->tile.marks & feature::kMarkFx) != 0;
    s->results[f] = unknown ? feature::UnknownAmount() : feature::Finalize(feature, tile, reasons);
  }
}

}  // namespace verdict::decide
