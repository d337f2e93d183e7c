// One thread applies while others score: nothing is lost, nothing counts twice. Run under
// ThreadSanitizer too.
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "counters/live_world.h"
#include "support/fake_checkpoint_store.h"

namespace verdict::counters {
namespace {

using namespace verdict::testing;  // NOLINT: the test's own words

constexpr int kScorers = 3;
constexpr int kPayments = 400;

std::string IdOf(int scorer, int i) { return std::to_string(scorer) + "/" + std::to_string(i); }

// Scores payments of 1 minor unit each to one merchant, and looks at its total, which must never
// fall.
void ScoreAll(LiveWorld* world, int scorer, std::atomic<int>* failures) {
  int64_t before = 0;
  for (int i = 0; i < kPayments; ++i) {
    const auto scored =
        world->Score(Payment(IdOf(scorer, i), kNoon, 1, "m1", "c" + std::to_string(i % 7)));
    bool opened = false;
    {
      LiveState::View view(world->live, scored->touched);
      model::Decision stored;
      opened = view.FindOrOpen({7, 1}, &stored) == SlotState::kOpened;
      if (opened) view.PutProvisional(*world->features, scored->contributions);
      const auto total = static_cast<int64_t>(world->Tile(view, *scored, "volume_30d").sum);
      if (total < before || total > kScorers * kPayments) failures->fetch_add(1);
      before = total;
    }
    if (!opened) continue;
    std::vector<Waiter> waiters;
    {
      LiveState::View view(world->live, scored->touched);
      view.ReplaceProvisional(*world->features, scored->contributions);
      view.Answer(DecisionFor(scored->txn), &waiters);
    }
    for (const Waiter& waiter : waiters) waiter();
  }
}

TEST(Threads, TotalsNeverFallWhileEventsTakeThePlaceOfProvisionals) {
  LiveWorld world;
  Checkpoint checkpoint(&world.live);
  FakeCheckpointStore store;
  std::atomic<int> failures{0};
  std::vector<std::thread> scorers;
  for (int s = 0; s < kScorers; ++s) {
    scorers.emplace_back([&world, s, &failures] { ScoreAll(&world, s, &failures); });
  }
  // The apply thread: every payment twice, some long before their Score.
  for (int i = 0; i < kPayments; ++i) {
    for (int s = 0; s < kScorers; ++s) {
      const auto event = EventOf(Payment(IdOf(s, i), kNoon, 1, "m1", "c" + std::to_string(i % 7)));
      world.Apply(event);
      world.Apply(event);
    }
    world.live.Expire();
    world.live.NoteComplete(world.live.LagNowMs(), world.schedule.EpochOf(kNoon));
    if (i % 50 == 0) {
      const CheckpointBatch batch = checkpoint.Collect(std::vector<eventlog::LogIdentity>(1));
      EXPECT_TRUE(
          store.Write([&](CheckpointStore::Put put) { Checkpoint::Encode(batch, put); }).ok());
      EXPECT_GT(world.live.sizes().cells, 0u);
    }
  }
  for (std::thread& scorer : scorers) scorer.join();
  EXPECT_EQ(failures.load(), 0);
  EXPECT_EQ(world.Sum("volume_30d", kNoon), kScorers * kPayments);
  EXPECT_EQ(world.live.sizes().decisions, size_t{kScorers * kPayments});
  EXPECT_EQ(world.live.sizes().provisionals, 0u);
  world.clock.Set(world.clock.NowMs() + LiveOptions().provisional_ttl_ms);
  world.ExpireAll();
  EXPECT_EQ(world.live.sizes().overlay_bytes, 0u) << "parts of what has ended go too";
}

TEST(Threads, OfTwoConcurrentScoresOfOneEntityAtLeastOneSeesTheOther) {
  for (int round = 0; round < 200; ++round) {
    LiveWorld world;
    int64_t seen[2] = {0, 0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; ++i) {
      threads.emplace_back([&world, &seen, i] {
        const auto scored =
            world.Score(Payment("t" + std::to_string(i), kNoon, 1, "m1", "c" + std::to_string(i)));
        LiveState::View view(world.live, scored->touched);
        view.PutProvisional(*world.features, scored->contributions);
        seen[i] = static_cast<int64_t>(world.Tile(view, *scored, "volume_30d").sum);
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(seen[0] + seen[1], 3) << "one saw one payment, the other both";
  }
}

// The drop thread reads and frees yesterday while the apply thread counts today, checkpoints are
// collected, and others score: each answer has yesterday's cells, or its guard.
TEST(Threads, AnEpochGoesWhileOthersCountAndScore) {
  LiveWorld world;
  Checkpoint checkpoint(&world.live);
  constexpr int kMerchants = 50;
  for (int i = 0; i < kMerchants; ++i) {
    world.Apply(EventOf(Payment("y" + std::to_string(i), kNoon, 1, "m" + std::to_string(i))));
  }
  const uint64_t hash = world.features->measures()[world.FeatureNamed("volume_30d").measure].hash;
  const feature::CutId yesterday = world.schedule.EpochOf(kNoon);
  const Stretch stretch{hash, yesterday, yesterday + 1};
  checkpoint.Collect(std::vector<eventlog::LogIdentity>(1));
  std::atomic<bool> done{false};
  std::atomic<int> failures{0};
  std::vector<std::thread> scorers;
  for (int s = 0; s < kScorers; ++s) {
    scorers.emplace_back([&, s] {
      for (int i = 0; !done.load(); ++i) {
        const auto scored = world.Score(
            Payment("ask", kNoon + kDayMs, 0, "m" + std::to_string((i + s) % kMerchants)));
        LiveState::View view(world.live, scored->touched);
        const auto doubts = view.FindDoubts(hash, *scored->keys[0], yesterday, yesterday - 20);
        const bool whole = world.Tile(view, *scored, "volume_30d").sum >= 1;
        const bool guarded = (doubts.reasons & model::kPartialSuspect) != 0;
        if (whole == guarded) failures.fetch_add(1);
      }
    });
  }
  std::thread dropper([&] { Drop(&world.live, stretch); });
  for (int i = 0; i < 300; ++i) {
    world.Apply(EventOf(Payment("t" + std::to_string(i), kNoon + kDayMs, 0, "other")));
    if (i % 20 == 0) checkpoint.Collect(std::vector<eventlog::LogIdentity>(1));
  }
  dropper.join();
  done = true;
  for (std::thread& scorer : scorers) scorer.join();
  EXPECT_EQ(failures.load(), 0);
  EXPECT_EQ(EpochDrops(&world.live).Epochs(hash).size(), 1u);
}

}  // namespace
}  // namespace verdict::counters
