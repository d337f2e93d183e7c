// Answers over epochs that were dropped: a blob too old is read anew, once; a value that is lost is
// said, never served as whole.
#include "decide/world.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "support/drop_epochs.h"
#include "support/status_matchers.h"

namespace verdict::decide {
namespace {

using testing::IsOk;
using testing::World;
using Reads = testing::FakeAggregateStore::Reads;

constexpr const char* kVolume = "merchant.volume_30d";

// Merchant m: 10,000 of old, cut today; 500 today. The blob is cached. Then a day goes by, the
// batch takes today over, and the epoch is dropped.
struct DroppedWorld : World {
  explicit DroppedWorld(bool value_is_lost = false) {
    PutBlob(kToday, kToday - 3, 10'000, 5);
    Log(Payment("log", 500));
    Pump();
    EXPECT_EQ(Start(Payment("before", 1))->result(kVolume).integer, 10'501);
    appender.SetMode(testing::FakeAppender::Mode::kAtOnce);
    Pump();
    clock.Set(clock.NowMs() + kDayMs);
    Log(Payment("new", 70));
    Pump();
    if (!value_is_lost) FoldToday();
    testing::Drop(&*live, {MeasureOf(kVolume), kToday, kToday + 1});
  }
  void FoldToday() {
    aggregate::BlobWrite write;
    write.key = {MeasureOf(kVolume), KeyOf("merchant", "m")};
    write.blob.measure_hash = write.key.measure_hash;
    write.blob.cut = kToday + 1;
    write.blob.tiles = {{kToday - 3, {.sum = 10'000, .count = 5}},
                        {kToday, {.sum = 501, .count = 2}}};
    CHECK(store.PutIfNewer({&write, 1}).ok());
  }
};

TEST(Guard, ABlobCachedBeforeTheDropIsReadAnew) {
  DroppedWorld world;
  auto call = world.Start(world.Payment("t", 1));
  ASSERT_EQ(call->done, 1);
  EXPECT_EQ(call->result(kVolume).integer, 10'501 + 70 + 1);
  EXPECT_EQ(call->decision.provenance, model::Provenance::kFull);
  // The new value is cached now.
  world.store.SetReads(Reads::kHold);
  auto next = world.Start(world.Payment("u", 1));
  EXPECT_EQ(next->done, 1);
  EXPECT_EQ(next->decision.provenance, model::Provenance::kFull);
}

TEST(Guard, AValueThatTheStoreLostIsSaidAfterOneMoreRead) {
  DroppedWorld world(/*value_is_lost=*/true);
  const uint64_t before = base::Metrics().CounterValue("verdict_agg_guard_suspect_total", {});
  auto call = world.Start(world.Payment("t", 1));
  ASSERT_EQ(call->done, 1);
  ASSERT_THAT(call->status, IsOk());
  EXPECT_EQ(call->result(kVolume).reasons, model::kPartialSuspect);
  EXPECT_EQ(call->result(kVolume).provenance, model::Provenance::kPartial);
  EXPECT_TRUE(call->result(kVolume).reads_as_missing);
  EXPECT_EQ(base::Metrics().CounterValue("verdict_agg_guard_suspect_total", {}), before + 1);
}

TEST(Guard, ParksTheCallOnceWhileItReadsAnew) {
  DroppedWorld world;
  world.store.SetReads(Reads::kHold);
  auto call = world.Start(world.Payment("t", 1));
  EXPECT_EQ(call->done, 0);
  EXPECT_EQ(world.store.held_reads(), 1u);
  world.store.ReleaseReads();
  EXPECT_EQ(call->done, 1);
  EXPECT_EQ(call->result(kVolume).integer, 10'572);
  EXPECT_EQ(call->decision.provenance, model::Provenance::kFull);
  world.timer.RingAll();
  EXPECT_EQ(call->done, 1);
}

TEST(Guard, WhereTheStoreIsSilentTheOldValueIsSuspect) {
  DroppedWorld world;
  world.store.SetReads(Reads::kHold);
  auto call = world.Start(world.Payment("t", 1));
  world.timer.RingAll();
  ASSERT_EQ(call->done, 1);
  EXPECT_EQ(call->result(kVolume).reasons, model::kPartialSuspect);
}

TEST(Guard, AQuietKeyIsNotReadAnew) {
  DroppedWorld world;
  model::Transaction other = world.Payment("t", 1);
  other.merchant_id = "quiet";
  world.Start(other);  // caches that there is nothing
  world.store.SetReads(Reads::kHold);
  other.id = "u";
  auto call = world.Start(other);
  EXPECT_EQ(call->done, 1);
  EXPECT_EQ(call->result(kVolume).provenance, model::Provenance::kFull);
}

TEST(Guard, AStripeWhoseProofFailedIsSuspectWithoutAnotherRead) {
  World world;
  world.PutBlob(World::kToday, World::kToday - 3, 10'000, 5);
  world.Start(world.Payment("cached", 1));
  counters::StripeBits stripes;
  stripes[world.KeyOf("merchant", "m").stripe()] = true;
  counters::EpochDrops(&*world.live)
      .Suspect({world.MeasureOf(kVolume), World::kToday - 1, World::kToday}, stripes);
  world.store.SetReads(Reads::kHold);
  auto call = world.Start(world.Payment("t", 1));
  ASSERT_EQ(call->done, 1);
  EXPECT_EQ(call->result(kVolume).reasons, model::kPartialSuspect);
}

TEST(Guard, ARetryIsReplayedWhateverTheGuardSays) {
  DroppedWorld world(/*value_is_lost=*/true);
  const model::Transaction txn = world.Payment("t", 1);
  auto first = world.Start(txn);
  auto again = world.Start(txn);
  EXPECT_TRUE(again->replayed);
  EXPECT_EQ(again->decision, first->decision);
}

}  // namespace
}  // namespace verdict::decide
