// Decisions of the simulated world, each value held against the oracle.
#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"
#include "simulator/world.h"

namespace verdict::simulator {
namespace {

constexpr int64_t kHourMs = 3'600'000;
constexpr int64_t kProvisionalMs = 600'000;
constexpr int64_t kDecisionsKeptMs = 2 * kHourMs;
constexpr __int128 kScale = 10'000;

std::string Print(__int128 value) {
  return absl::StrFormat("%.0Lf", static_cast<long double>(value));
}

bool FitsInt64(__int128 value) { return value <= INT64_MAX && value >= INT64_MIN; }

bool OfSquares(feature::Aggregate aggregate) {
  return aggregate == feature::Aggregate::kVariance || aggregate == feature::Aggregate::kStddev;
}

// Of the amounts that the aggregate looks at: refunds and reversals take no part in some.
bool AmountUnknown(feature::Aggregate aggregate, const Total& total) {
  const bool of_payments = OfSquares(aggregate) || aggregate == feature::Aggregate::kLast;
  return of_payments ? total.payment_unknown : total.amount_unknown;
}

const char* StatusFor(model::Outcome outcome) {
  return outcome == model::Outcome::kAllow  ? "approved"
         : outcome == model::Outcome::kDeny ? "declined"
                                            : "pending";
}

// sum / count with four more digits, halves to even, then in major units.
double Average(__int128 sum, int64_t count) {
  const __int128 n = sum * kScale;
  __int128 low = n / count;
  if (low * count > n) --low;
  const __int128 twice = 2 * (n - low * count);
  if (twice > count || (twice == count && low % 2 != 0)) ++low;
  return static_cast<double>(static_cast<long double>(low) / (kScale * 100));
}

}  // namespace

bool SimWorld::Score(const model::Transaction& txn, bool dry_run, Call* call) {
  Process& process = *process_;
  process.appender.Hold(false);
  process.appender.Release();
  if (gentle_ || Chance(50)) CatchUp();
  const bool stall = !dry_run && Faults(8);
  if (Faults(6)) {
    process.cache.Clear();
    disks_->blobs.SetReads(Chance(50) ? testing::FakeAggregateStore::Reads::kFail
                                      : testing::FakeAggregateStore::Reads::kHold);
    tally_->Hit(kStoreTimeout);
  }
  process.appender.Hold(stall);
  NoteStaleCache(txn);
  const std::vector<int64_t> next = Next();
  call->txn = txn;
  call->dry_run = dry_run;
  call->include_features = true;
  process.decider->Score(call);
  if (disks_->blobs.held_reads() > 0) process.timer.RingAll();
  disks_->blobs.FailHeldReads();
  disks_->blobs.SetReads(testing::FakeAggregateStore::Reads::kAtOnce);
  if (call->done == 0 && stall) {
    process.timer.RingAll();
    tally_->Hit(kAppendStall);
    if ((call->decision.partial_reasons & model::kPartialLog) == 0)
      Fail("I11: a stalled log is not told");
  }
  process.timer.RingAll();
  if (Chance(50)) process.appender.Hold(false), process.appender.Release();
  if (call->done != 1) Fail(absl::StrFormat("%s was ended %d times", txn.id, call->done));
  if (!call->status.ok() || call->replayed) return call->status.ok();
  Check(*call, next, dry_run);
  return true;
}

void SimWorld::Check(const Call& call, const std::vector<int64_t>& next, bool dry_run) {
  const model::Transaction& txn = call.txn;
  const eventlog::Partition p = eventlog::PartitionOf(txn.merchant_id, kPartitions);
  if (call.next_offsets != next) Fail("the answer names another point of the log");
  const bool known = oracle_->PaymentKnown(txn.id, p, next);
  const bool unknown = std::any_of(
      call.features.begin(), call.features.end(),
      [](const auto& answer) { return (answer.result.reasons & model::kPartialCurrent) != 0; });
  std::vector<Fact> also;
  std::vector<int64_t> put_ms;  // of each
  for (const Provisional& one : provisionals_) {
    const bool replaced =
        std::any_of(oracle_->log.begin(), oracle_->log.end(), [&](const Entry& entry) {
          const auto q = static_cast<size_t>(entry.partition);
          return entry.fact.kind == Kind::kPayment && entry.fact.id == one.fact.id &&
                 entry.offset >= one.next[q] && entry.offset < next[q];
        });
    const bool expired = disks_->clock.NowMs() - one.put_ms >= kProvisionalMs;
    if (replaced || expired || one.fact.id == txn.id) continue;
    also.push_back(one.fact);
    put_ms.push_back(one.put_ms);
  }
  Fact self = FactOf(txn, Kind::kPayment, 0);
  self.status = "approved";
  if (!known && !unknown) also.push_back(self);
  put_ms.push_back(disks_->clock.NowMs());
  const bool expect_full = gentle_ && txn.event_time_ms == disks_->clock.NowMs();
  for (const decide::FeatureAnswer& answer : call.features) {
    const feature::Feature& feature = *answer.feature;
    Question q = QuestionOf(feature);
    q.entity = q.entity_field == "merchant" ? txn.merchant_id : txn.card_id;
    q.time_ms = txn.event_time_ms;
    if (feature.slides()) q = SlidingQuestion(q, feature);
    if (q.entity.empty()) {
      if (answer.result.known) Fail(feature.full_name + " of nobody has a value");
      continue;
    }
    const bool imported = !feature.slides() && imported_.contains(feature.measure);
    std::vector<Fact> counting;  // what will be an orphan counts in its own answer alone
    for (size_t i = 0; i < also.size(); ++i) {
      const bool own = also[i].id == txn.id;
      if (own || !oracle_->IsOrphan(also[i].time_ms, put_ms[i], q)) counting.push_back(also[i]);
    }
    const Total total =
        imported ? ImportedTotal(answer, q, next, counting) : oracle_->Answer(q, next, also);
    CheckFeature(call, answer, total);
    if (feature.slides()) NoteSliding(answer, q, total);
    if (feature.slides() && answer.result.reasons == model::kPartialLimit) {
      CheckLimited(absl::StrFormat("%s of %s", feature.full_name, txn.id), answer, q, next, also);
    }
    ++tally_->answers;
    const bool full = answer.result.provenance == model::Provenance::kFull;
    tally_->full += full ? 1 : 0;
    if (expect_full && !full) {
      Fail(absl::StrFormat("%s of %s is not FULL in a world without faults: %s", feature.full_name,
                           txn.id, model::PartialReasonNames(answer.result.reasons)));
    }
    if (feature.aggregate != feature::Aggregate::kMax || feature.slides() || imported) continue;
    ++q.window_days;
    if (oracle_->Answer(q, next, also).max.value_or(0) > total.max.value_or(0))
      tally_->Hit(kMaxLeavesWindow);
  }
  const model::DayNumber day = calendar_->DayOf(txn.event_time_ms);
  for (int back = 0; back < 3; ++back) {
    const int64_t length =
        calendar_->StartOfDayMs(day - back + 1) - calendar_->StartOfDayMs(day - back);
    if (length != 24 * kHourMs) tally_->Hit(kDst);
  }
  if (dry_run) return;
  std::erase_if(provisionals_, [&](const Provisional& one) { return one.fact.id == txn.id; });
  self.status = StatusFor(call.decision.outcome);
  if (!known && !unknown) provisionals_.push_back({self, disks_->clock.NowMs(), next});
  answered_.push_back({txn, call.decision.outcome, disks_->clock.NowMs(), life_});
}

// FULL and STALE: the oracle's number, to the last unit. PARTIAL(current) alone: the number without
// the payment.
void SimWorld::CheckFeature(const Call& call, const decide::FeatureAnswer& answer,
                            const Total& total) {
  const feature::FeatureResult& result = answer.result;
  const std::string what =
      absl::StrFormat("%s of %s (%s, %s)", answer.feature->full_name, call.txn.id,
                      std::string(model::ProvenanceName(result.provenance)),
                      model::PartialReasonNames(result.reasons));
  const feature::Aggregate aggregate = answer.feature->aggregate;
  const bool unknown = AmountUnknown(aggregate, total);
  if ((result.reasons & ~model::kPartialCurrent) != 0) {
    if ((result.reasons & model::kPartialSuspect) != 0 && !lost_.empty()) tally_->Hit(kLossTold);
    if (result.provenance != model::Provenance::kPartial)
      Fail("I11: " + what + " has reasons and is not PARTIAL");
    if (result.reasons == model::kPartialFx && !unknown)
      Fail("I11: " + what + ": nothing is unknown");
    if (result.reasons == model::kPartialRange && OfSquares(aggregate) && !total.too_large)
      Fail("I11: " + what + ": nothing is too large");
    return;
  }
  ++tally_->compared;
  if (unknown) return Fail("I11: " + what + " hides an unknown amount");
  if (aggregate == feature::Aggregate::kSum && !FitsInt64(total.sum))
    return Fail("I11: " + what + " hides an overflow");
  if (OfSquares(aggregate) && total.too_large)
    return Fail("I11: " + what + " hides an amount that was left out");
  const std::string expected = Differs(answer, total);
  if (expected.empty()) return;
  Fail(absl::StrFormat("I1: %s is %d / %.6f, the oracle says %s", what, result.integer, result.real,
                       expected));
}

std::string SimWorld::Differs(const decide::FeatureAnswer& answer, const Total& total) const {
  const feature::FeatureResult& result = answer.result;
  switch (answer.feature->aggregate) {
    case feature::Aggregate::kSum:
      return result.known && result.integer == total.sum ? "" : Print(total.sum);
    case feature::Aggregate::kCount:
      return result.known && result.integer == total.count ? "" : Print(total.count);
    case feature::Aggregate::kAvg: {
      if (result.known != (total.count > 0)) return absl::StrFormat("count %d", total.count);
      if (!result.known) return "";
      const double expected = Average(total.sum, total.count);
      const bool near = std::abs(result.real - expected) <= 1e-9 * std::abs(result.real);
      return near ? "" : absl::StrFormat("%.6f", expected);
    }
    case feature::Aggregate::kMin:
    case feature::Aggregate::kMax: {
      const bool least = answer.feature->aggregate == feature::Aggregate::kMin;
      const auto expected = least ? total.min : total.max;
      if (result.known == expected.has_value() && (!expected || result.integer == *expected))
        return "";
      return expected ? Print(*expected) : "missing";
    }
    case feature::Aggregate::kVariance:
    case feature::Aggregate::kStddev: {
      if (result.known != !total.squarable.empty())
        return absl::StrFormat("of %d payments", total.squarable.size());
      if (!result.known) return "";
      const bool root = answer.feature->aggregate == feature::Aggregate::kStddev;
      const long double variance = Variance(total.squarable) / (100 * 100);
      const auto expected = static_cast<double>(root ? std::sqrt(variance) : variance);
      const bool near = std::abs(result.real - expected) <= 1e-9 * std::abs(expected) + 1e-9;
      return near ? "" : absl::StrFormat("%.9f", expected);
    }
    case feature::Aggregate::kLast:
      if (result.known == !total.newest.empty() &&
          (!result.known || total.newest.contains(result.integer)))
        return "";
      return total.newest.empty() ? "missing" : Print(*total.newest.begin());
    case feature::Aggregate::kFirstSeen:
    case feature::Aggregate::kLastSeen: {
      const bool first = answer.feature->aggregate == feature::Aggregate::kFirstSeen;
      const auto expected = first ? total.first_ms : total.last_ms;
      if (result.known == expected.has_value() && (!expected || result.integer == *expected))
        return "";
      return expected ? Print(*expected) : "missing";
    }
  }
  return "an unknown aggregate";
}

void SimWorld::ScoreNew() {
  Call call;
  model::Transaction txn = RandomPayment();
  if (!gentle_ && Chance(15)) txn.event_time_ms -= static_cast<int64_t>(Random(3 * kHourMs));
  Note("score " + txn.id + " of " + txn.merchant_id);
  if (!Score(txn, false, &call)) Fail("score " + txn.id + ": " + call.status.ToString());
}

void SimWorld::ScoreAgain() {
  if (answered_.empty()) return;
  const size_t recent = std::min<size_t>(answered_.size(), 5);
  const Answered before = answered_[answered_.size() - 1 - Random(recent)];
  const bool kept = before.life == life_ && disks_->clock.NowMs() - before.at_ms < kDecisionsKeptMs;
  Call call;
  if (kept && Chance(30)) {
    model::Transaction other = before.txn;
    ++other.amount_minor;
    Note("score " + other.id + " with another amount");
    Score(other, false, &call);
    tally_->Hit(kIdConflict);
    if (call.status.code() != absl::StatusCode::kAlreadyExists)
      Fail("I5: " + other.id + " with another amount was answered");
    return;
  }
  Note("score " + before.txn.id + " again");
  const eventlog::Partition p = eventlog::PartitionOf(before.txn.merchant_id, kPartitions);
  if (oracle_->PaymentKnown(before.txn.id, p, Next())) tally_->Hit(kScoreApplyRetry);
  if (!Score(before.txn, false, &call))
    return Fail("retry of " + before.txn.id + ": " + call.status.ToString());
  if (kept && !call.replayed) Fail("I5: " + before.txn.id + " was decided anew");
  if (call.replayed && kept && call.decision.outcome != before.outcome)
    Fail("I5: " + before.txn.id + " was answered otherwise");
}

// The gateway records another amount, perhaps of another merchant, than it had asked about.
void SimWorld::ScoreThenOtherEvent() {
  Call call;
  call.record = false;
  const model::Transaction txn = RandomPayment();
  Note("score " + txn.id + " of " + txn.merchant_id + ", recorded otherwise");
  if (!Score(txn, false, &call)) return Fail("score " + txn.id + ": " + call.status.ToString());
  model::Event event;
  event.txn = txn;
  event.txn.amount_minor += 7;
  if (Chance(50)) event.txn.merchant_id = "m9";
  event.txn.status = "approved";
  PutRecord(event, std::nullopt);
}

void SimWorld::Explain() {
  model::Transaction txn = RandomPayment();
  // An old id keeps its time: with a new one, later than ids are known, nobody can tell it from a
  // new payment (R19).
  if (Chance(30) && !answered_.empty()) {
    txn = answered_[Random(answered_.size())].txn;
  } else if (Chance(40)) {
    txn.event_time_ms -= static_cast<int64_t>(Random(9 * 24 * kHourMs));
  }
  ExplainPayment(txn);
}

void SimWorld::ExplainPayment(const model::Transaction& txn) {
  Call call;
  Note("explain " + txn.id + " of " + txn.merchant_id);
  if (!Score(txn, true, &call)) Fail("explain " + txn.id + ": " + call.status.ToString());
}

void SimWorld::ExplainTenTimes() {
  process_->appender.Hold(false);
  process_->appender.Release();
  CatchUp();
  const auto blobs = disks_->blobs.blobs();
  const size_t decisions = process_->live.sizes().decisions;
  const model::Transaction txn = RandomPayment();
  for (int i = 0; i < 10; ++i) {
    Call call;
    if (!Score(txn, true, &call)) return Fail("explain: " + call.status.ToString());
  }
  tally_->Hit(kScore10xSameBytes);
  if (disks_->blobs.blobs() != blobs) Fail("I8: reading changed a blob");
  if (process_->live.sizes().decisions > decisions) Fail("I5: a dry run left a decision");
}

// I7, for the first process of a world: it has read everything.
void SimWorld::CheckClasses() {
  if (life_ != 1) return;
  std::array<uint64_t, 4> expected{};
  for (const auto& [entry, entry_class] : oracle_->Classify(Next()))
    ++expected[static_cast<size_t>(entry_class)];
  const auto total = [&](eventlog::EventClass c) { return process_->live.total(c); };
  using eventlog::EventClass;
  const uint64_t orphans = ExpectedOrphans();
  if (orphans > 0) tally_->Hit(kOrphan);
  const uint64_t rest = expected[0] + expected[1] - orphans;
  if (total(EventClass::kCounted) + total(EventClass::kFiltered) != rest ||
      total(EventClass::kOrphan) != orphans || total(EventClass::kDuplicate) != expected[2] ||
      total(EventClass::kQuarantined) != expected[3]) {
    Fail(
        absl::StrFormat("I7: %d counted or filtered, %d orphans, %d duplicates, %d quarantined; "
                        "the oracle says %d, "
                        "%d, %d, %d",
                        total(EventClass::kCounted) + total(EventClass::kFiltered),
                        total(EventClass::kOrphan), total(EventClass::kDuplicate),
                        total(EventClass::kQuarantined), rest, orphans, expected[2], expected[3]));
  }
}

}  // namespace verdict::simulator
