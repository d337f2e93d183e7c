// A transaction counts once: before, while and after its event arrives, and however often it is
// scored (I5).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "counters/live_world.h"
#include "support/status_matchers.h"

namespace verdict::counters {
namespace {

using eventlog::EventClass;
using ::testing::HasSubstr;
using namespace verdict::testing;  // NOLINT: the test's own words

const std::array<uint64_t, 2> kDigest{7, 1};

// One transaction on its way through decide: opened and counted, then answered.
struct Attempt {
  LiveWorld* world;
  std::unique_ptr<LiveWorld::Scored> scored;
  SlotState state = SlotState::kConflict;
  model::Decision decision;
  int woken = 0;

  Attempt(LiveWorld* world, model::Transaction txn)
      : world(world), scored(world->Score(std::move(txn))) {}

  void Open() {
    LiveState::View view(world->live, scored->touched);
    state = view.FindOrOpen(kDigest, &decision);
    if (state == SlotState::kOpened) view.PutProvisional(*world->features, scored->contributions);
    if (state == SlotState::kOpenElsewhere) {
      EXPECT_TRUE(view.Park([this] { ++woken; }));
    }
  }
  void Answer() {
    if (state != SlotState::kOpened) return;
    std::vector<Waiter> waiters;
    {
      LiveState::View view(world->live, scored->touched);
      view.ReplaceProvisional(*world->features, scored->contributions);
      view.Answer(DecisionFor(scored->txn), &waiters);
    }
    for (const Waiter& waiter : waiters) waiter();
  }
};

TEST(View, ATransactionCountsOnceInEveryInterleavingOfScoreEventAndRetry) {
  // a, b: Score opens, answers; c: its event; d: the event again; e, f: a retry opens, answers.
  std::string order = "abcdef";
  int interleavings = 0;
  do {
    const auto at = [&](char step) { return order.find(step); };
    if (at('a') > at('b') || at('c') > at('d') || at('e') > at('f')) continue;
    ++interleavings;
    LiveWorld world;
    const model::Transaction txn = Payment("t1", kNoon, 500);
    Attempt first(&world, txn), retry(&world, txn);
    bool counted = false;
    for (const char step : order) {
      if (step == 'a') first.Open();
      if (step == 'b') first.Answer();
      if (step == 'c') {
        EXPECT_EQ(world.Apply(EventOf(txn)), EventClass::kCounted);
      }
      if (step == 'd') {
        EXPECT_EQ(world.Apply(EventOf(txn)), EventClass::kDuplicate);
      }
      if (step == 'e') retry.Open();
      if (step == 'f') retry.Answer();
      counted = counted || step == 'a' || step == 'c' || step == 'e';
      EXPECT_EQ(world.Sum("volume_30d", kNoon), counted ? 500 : 0) << order << " at " << step;
      EXPECT_EQ(world.Count("count_7d", kNoon), counted ? 1 : 0) << order << " at " << step;
    }
    EXPECT_EQ(first.woken + retry.woken,
              (first.state == SlotState::kOpenElsewhere || retry.state == SlotState::kOpenElsewhere)
                  ? 1
                  : 0)
        << order;
    EXPECT_THAT(world.live.FindDecision("t1"), IsOk()) << order;
  } while (std::next_permutation(order.begin(), order.end()));
  EXPECT_EQ(interleavings, 90);
}

TEST(View, AnEventThatNamesOtherEntitiesTakesThePlaceOfItsProvisional) {
  LiveWorld world;
  Attempt score(&world, Payment("t1", kNoon, 500, "m1"));
  score.Open();
  EXPECT_EQ(world.Sum("volume_30d", kNoon, "m1"), 500);
  world.Apply(EventOf(Payment("t1", kNoon, 400, "m2")));
  EXPECT_EQ(world.Sum("volume_30d", kNoon, "m1"), 0);
  EXPECT_EQ(world.Sum("volume_30d", kNoon, "m2"), 400);
  score.Answer();
  EXPECT_EQ(world.Sum("volume_30d", kNoon, "m1"), 0) << "the outcome must not bring it back";
}

TEST(View, TheOutcomeTakesThePlaceOfWhatWasAssumed) {
  LiveWorld world;
  Attempt score(&world, Payment("t1", kNoon, 500));
  score.Open();
  const auto declined = world.Score(Payment("t1", kNoon, 500, "m1", "c1", "declined"));
  std::vector<Waiter> waiters;
  {
    LiveState::View view(world.live, declined->touched);
    view.ReplaceProvisional(*world.features, declined->contributions);
    view.Answer(DecisionFor(declined->txn), &waiters);
  }
  EXPECT_EQ(world.Sum("volume_30d", kNoon), 0);
  EXPECT_EQ(world.Count("count_1d", kNoon), 1);
}

TEST(View, WhereNothingWasAssumedTheOutcomeCountsUnlessItsEventCame) {
  for (const bool event_came : {false, true}) {
    LiveWorld world;
    const auto scored = world.Score(Payment("t1", kNoon, 500));
    std::vector<Waiter> waiters;
    {
      LiveState::View view(world.live, scored->touched);
      model::Decision none;
      ASSERT_EQ(view.FindOrOpen(kDigest, &none), SlotState::kOpened);
      EXPECT_TRUE(view.PutProvisional(*world.features, {}));
    }
    EXPECT_EQ(world.live.sizes().provisionals, 0u);
    if (event_came) world.Apply(EventOf(Payment("t1", kNoon, 500)));
    {
      LiveState::View view(world.live, scored->touched);
      EXPECT_TRUE(view.PutProvisional(*world.features, scored->contributions));
      view.Answer(DecisionFor(scored->txn), &waiters);
    }
    EXPECT_EQ(world.Count("count_1d", kNoon), 1);
    EXPECT_EQ(world.live.sizes().provisionals, event_came ? 0u : 1u);
  }
}

TEST(View, ARetryGetsTheStoredDecisionAndAnotherRequestAConflict) {
  LiveWorld world;
  Attempt score(&world, Payment("t1", kNoon, 500));
  score.Open();
  LiveWorld::Scored& scored = *score.scored;
  {
    LiveState::View view(world.live, scored.touched);
    model::Decision ignored;
    EXPECT_EQ(view.FindOrOpen({8, 1}, &ignored), SlotState::kConflict);
  }
  score.Answer();
  LiveState::View view(world.live, scored.touched);
  model::Decision decision;
  EXPECT_EQ(view.FindOrOpen(kDigest, &decision), SlotState::kAnswered);
  EXPECT_EQ(decision, DecisionFor(scored.txn));
  EXPECT_EQ(view.FindOrOpen({8, 1}, &decision), SlotState::kConflict);
}

TEST(View, AnAbandonedScoreLeavesNothingBehindAndWakesItsWaiters) {
  LiveWorld world;
  const model::Transaction txn = Payment("t1", kNoon, 500);
  Attempt score(&world, txn), retry(&world, txn);
  score.Open();
  retry.Open();
  ASSERT_EQ(retry.state, SlotState::kOpenElsewhere);
  std::vector<Waiter> waiters;
  {
    LiveState::View view(world.live, score.scored->touched);
    view.Abandon(&waiters);
  }
  ASSERT_EQ(waiters.size(), 1u);
  waiters[0]();
  EXPECT_EQ(retry.woken, 1);
  EXPECT_EQ(world.Sum("volume_30d", kNoon), 0);
  retry.Open();
  EXPECT_EQ(retry.state, SlotState::kOpened);
}

TEST(View, TooManyWaitersAreTurnedAway) {
  LiveWorld world;
  Attempt score(&world, Payment("t1", kNoon, 500));
  score.Open();
  LiveState::View view(world.live, score.scored->touched);
  for (size_t i = 0; i < kMaxWaitersPerTransaction; ++i) EXPECT_TRUE(view.Park([] {}));
  EXPECT_FALSE(view.Park([] {}));
}

TEST(View, AProvisionalEndsWithItsTimeAndTheLateEventCountsAsAnyOther) {
  LiveWorld world;
  Attempt score(&world, Payment("t1", kNoon, 500));
  score.Open();
  score.Answer();
  world.clock.Set(kNoon + 10 * kMinuteMs - 1);
  EXPECT_EQ(world.Sum("volume_30d", kNoon), 500);
  world.clock.Set(kNoon + 10 * kMinuteMs);
  EXPECT_EQ(world.Sum("volume_30d", kNoon), 0);
  world.ExpireAll();
  EXPECT_EQ(world.live.sizes().provisionals, 0u);
  EXPECT_EQ(world.live.sizes().overlay_bytes, 0u);
  EXPECT_EQ(world.live.sizes().provisionals_expired, 1u);
  world.Apply(EventOf(Payment("t1", kNoon, 500)));
  EXPECT_EQ(world.Sum("volume_30d", kNoon), 500);
}

TEST(View, TheOverlayCanLeaveOutTheTransactionItself) {
  LiveWorld world;
  Attempt one(&world, Payment("t1", kNoon, 500)), two(&world, Payment("t2", kNoon, 300));
  one.Open();
  two.Open();
  const feature::Feature& volume = world.FeatureNamed("volume_30d");
  const uint64_t hash = world.features->measures()[volume.measure].hash;
  LiveState::View view(world.live, one.scored->touched);
  std::vector<feature::DayTile> others;
  view.CollectOverlay(hash, *one.scored->keys[volume.entity], /*without_current=*/true, &others);
  ASSERT_EQ(others.size(), 1u);
  EXPECT_TRUE(others[0].tile.sum == 300);
}

TEST(View, AFullOverlaySaysSoAndAddsNothing) {
  LiveWorld world(1, {.overlay_bytes_max = 10});
  Attempt score(&world, Payment("t1", kNoon, 500));
  LiveState::View view(world.live, score.scored->touched);
  EXPECT_FALSE(view.PutProvisional(*world.features, score.scored->contributions));
}

TEST(View, DecisionsGoAfterTheirTimeAndTheOldestBeyondTheirRoom) {
  LiveWorld world;
  Attempt score(&world, Payment("t1", kNoon, 500));
  score.Open();
  score.Answer();
  world.clock.Set(kNoon + 2 * kHourMs);
  world.ExpireAll();
  EXPECT_THAT(world.live.FindDecision("t1"), IsOk());
  world.clock.Set(kNoon + 2 * kHourMs + 1);
  world.ExpireAll();
  EXPECT_THAT(world.live.FindDecision("t1"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("t1")));
  EXPECT_EQ(world.live.sizes().decisions_evicted, 0u);

  LiveWorld narrow(1, {.decisions_bytes_max = kStripes});
  Attempt crowded(&narrow, Payment("t1", kNoon, 500));
  crowded.Open();
  crowded.Answer();
  EXPECT_EQ(narrow.live.sizes().decisions, 0u);
  EXPECT_EQ(narrow.live.sizes().decisions_evicted, 1u);
}

TEST(View, TheDecisionThatALogRecordCarriesAnswersTheRetryAfterACrash) {
  LiveWorld world;
  const model::Transaction txn = Payment("t1", kNoon, 500);
  eventlog::LogRecord record = world.Record(EventOf(txn), kNoon);
  record.decision = DecisionFor(txn);
  world.live.Apply(record);
  Attempt retry(&world, txn);
  retry.Open();
  EXPECT_EQ(retry.state, SlotState::kAnswered);
  EXPECT_EQ(retry.decision, DecisionFor(txn));
  EXPECT_EQ(world.Sum("volume_30d", kNoon), 500);
}

TEST(View, AMeasureThatIsNotCountedHereSaysRebuilding) {
  LiveWorld world;
  const auto scored = world.Score(Payment("t1", kNoon, 500));
  LiveState::View view(world.live, scored->touched);
  std::vector<feature::LiveCell> cells;
  EXPECT_EQ(view.CollectLive(1, *scored->keys[0], 0, &cells), model::kPartialRebuilding);
}

TEST(View, APaymentIsKnownWhereverItsProducerPutIt) {
  LiveWorld world(/*partitions=*/3);
  ASSERT_EQ(world.Apply(EventOf(Payment("p1", kNoon, 100)), /*partition=*/2),
            eventlog::EventClass::kCounted);
  const auto known = world.Score(Payment("p1", kNoon, 100), kAnyPartition);
  EXPECT_TRUE(LiveState::View(world.live, known->touched).PaymentSeen());
  const auto elsewhere = world.Score(Payment("p1", kNoon, 100), /*partition=*/1);
  EXPECT_FALSE(LiveState::View(world.live, elsewhere->touched).PaymentSeen());
  const auto other = world.Score(Payment("p2", kNoon, 100), kAnyPartition);
  EXPECT_FALSE(LiveState::View(world.live, other->touched).PaymentSeen());
}

TEST(View, WhereAnyPartitionMayHaveForgottenAnIdItIsNotSurelyNew) {
  LiveWorld world(/*partitions=*/3);
  world.live.StartAt(1, 0, /*ids_known_from_ms=*/kNoon);
  const auto scored = world.Score(Payment("p1", kNoon, 100), kAnyPartition);
  const LiveState::View view(world.live, scored->touched);
  EXPECT_FALSE(view.WithinDedupHorizon(kNoon));
  EXPECT_TRUE(view.WithinDedupHorizon(kNoon + kHourMs));
}

}  // namespace
}  // namespace verdict::counters
