// Windows of minutes and hours in the simulated world: read again after a crash, flooded, asked at
// their very edges.
#include <array>

#include "absl/strings/str_format.h"
#include "ingest/sliding_plan.h"
#include "simulator/world.h"

namespace verdict::simulator {
namespace {

constexpr int64_t kMinuteMs = 60'000, kHourMs = 60 * kMinuteMs;
constexpr std::array<int64_t, 5> kLengthsMs = {5 * kMinuteMs, 10 * kMinuteMs, kHourMs, 6 * kHourMs,
                                               24 * kHourMs};

int64_t StartOfMinute(int64_t ms) { return ms - ms % kMinuteMs; }

}  // namespace

// Where everything goes well it is over before the first payment is asked for.
void SimWorld::StartSliding(const ingest::StartUpReport& report) {
  life_began_ms_ = disks_->clock.NowMs();
  absl::StatusOr<ingest::SlidingPlan> plan =
      ingest::PlanSliding(&process_->sliding_reader, process_->live, disks_->clock, report);
  if (!plan.ok()) return Fail("plan of sliding windows: " + plan.status().ToString());
  process_->sliding.emplace(
      ingest::SlidingReplay::Parts{.source = &process_->sliding_reader, .live = &process_->live},
      *std::move(plan),
      ingest::SlidingReplay::Options{.records_per_step = 5,
                                     .poll_wait = std::chrono::milliseconds(0),
                                     .error_pause = std::chrono::milliseconds(0)});
  if (gentle_ || Chance(40)) FinishReplay();
}

void SimWorld::ReplaySome() {
  Note("read sliding windows again");
  for (uint64_t steps = 1 + Random(3); steps > 0; --steps) {
    const absl::StatusOr<bool> more = process_->sliding->Step();
    if (!more.ok()) return Fail("sliding windows: " + more.status().ToString());
  }
}

void SimWorld::FinishReplay() {
  for (absl::StatusOr<bool> more = true; more.ok() && *more;) {
    more = process_->sliding->Step();
    if (!more.ok()) Fail("sliding windows: " + more.status().ToString());
  }
}

// Many payments of one merchant and one card within a minute or a few.
void SimWorld::Flood() {
  const int64_t now_ms = disks_->clock.NowMs();
  const int64_t span_ms = Chance(50) ? 20'000 : 4 * kMinuteMs;
  Note("a flood");
  for (int i = 0; i < 20; ++i) {
    model::Event event;
    event.txn = RandomPayment();
    event.txn.merchant_id = "hot";
    event.txn.card_id = "c0";
    event.txn.status = Chance(80) ? "approved" : "declined";
    event.txn.event_time_ms = now_ms - static_cast<int64_t>(Random(static_cast<uint64_t>(span_ms)));
    PutRecord(event, std::nullopt);
  }
}

// Asks as some event of late enters a window, or has just left it.
void SimWorld::ExplainAtAnEdge() {
  if (oracle_->log.empty()) return;
  const size_t recent = std::min<size_t>(oracle_->log.size(), 12);
  const Fact fact = oracle_->log[oracle_->log.size() - 1 - Random(recent)].fact;
  Call call;
  model::Transaction txn = RandomPayment();
  txn.merchant_id = fact.merchant;
  txn.card_id = fact.card;
  txn.event_time_ms = fact.time_ms - 1 + static_cast<int64_t>(Random(3));
  const int64_t left_ms = txn.event_time_ms + kLengthsMs[Random(kLengthsMs.size())];
  if (left_ms <= disks_->clock.NowMs() + 4 * kMinuteMs) txn.event_time_ms = left_ms;
  if (txn.event_time_ms > disks_->clock.NowMs() + 4 * kMinuteMs) return;
  Note("explain " + txn.id + " of " + txn.merchant_id + " at an edge");
  if (!Score(txn, true, &call)) Fail("explain " + txn.id + ": " + call.status.ToString());
  tally_->Hit(kSlidingEdge);
}

Question SimWorld::SlidingQuestion(const Question& q, const feature::Feature& feature) const {
  Question sliding = q;
  sliding.slides = true;
  sliding.after_ms = q.time_ms - feature.window_ms;
  sliding.until_ms = q.time_ms;
  return sliding;
}

void SimWorld::NoteSliding(const decide::FeatureAnswer& answer, const Question& q,
                           const Total& total) {
  const uint16_t reasons = answer.result.reasons;
  if ((reasons & model::kPartialRebuilding) != 0) tally_->Hit(kSlidingRebuilding);
  if ((reasons & model::kPartialTooOld) != 0) tally_->Hit(kSlidingTooOld);
  if ((reasons & model::kPartialLimit) != 0) tally_->Hit(kFloodSliding);
  if ((reasons & model::kPartialLimit) != 0 && !few_) Fail("I11: nothing was limited");
  const bool reaches_back = life_ > 1 && q.after_ms < life_began_ms_;
  if (reasons == 0 && reaches_back && total.count > 1) tally_->Hit(kSlidingReplayEqualsLive);
}

// PARTIAL(limit) alone: the minute at either edge may be counted whole, the rest is exact.
void SimWorld::CheckLimited(const std::string& what, const decide::FeatureAnswer& answer,
                            const Question& q, const std::vector<int64_t>& next,
                            const std::vector<Fact>& also) {
  for (const bool first_whole : {false, true}) {
    for (const bool last_whole : {false, true}) {
      Question wider = q;
      if (first_whole) wider.after_ms = StartOfMinute(q.after_ms) - 1;
      if (last_whole) wider.until_ms = StartOfMinute(q.until_ms) + kMinuteMs - 1;
      Total total = oracle_->Answer(wider, next, {});
      for (const Fact& fact : also) oracle_->Add(fact, q, &total);
      if (Differs(answer, total).empty()) return;
    }
  }
  Fail(absl::StrFormat("R11: %s is %d, which no minutes counted whole explain", what,
                       answer.result.integer));
}

}  // namespace verdict::simulator
