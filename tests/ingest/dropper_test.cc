// Epochs are let go of only once the batch provably has them, long enough ago, in a store that has
// not failed over since; what is unequal stays and is told.
#include "ingest/dropper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "counters/checkpoint.h"
#include "ingest/drop_thread.h"
#include "ingest/dropper_world.h"
#include "support/drop_epochs.h"

namespace verdict::ingest {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_F(DropperTest, DropsAnEpochOnceItsProofIsADayOld) {
  DayAndFold();
  Run();
  EXPECT_THAT(Epochs(), ElementsAre(kFirst, kFirst + 1)) << "within the grace";
  PassGrace();
  Run();
  EXPECT_THAT(Epochs(), ElementsAre(kFirst + 1));
  EXPECT_THAT(Kinds(), ElementsAre(Kind::kDropped));
  EXPECT_EQ(events_[0].measure, "merchant.volume_30d");
  EXPECT_EQ(events_[0].to, kFirst + 1);
  EXPECT_THAT(counters::EpochDrops(&live_).Guards(), SizeIs(1));
  for (int day = 0; day < 5; ++day) {
    DayAndFold();
    Run();
    EXPECT_LE(Epochs().size(), 3u) << "memory no longer grows by the day";
  }
  EXPECT_EQ(Mismatches(), 0u);
}

TEST_F(DropperTest, DropsTheDaysOfALateBatchTogether) {
  for (int day = 0; day < 6; ++day) Day();
  Apply();
  Fold();
  EXPECT_THAT(Epochs(), SizeIs(7));
  PassGrace();
  Run();
  EXPECT_THAT(Epochs(), ElementsAre(kFirst + 6));
  EXPECT_EQ(Mismatches(), 0u);
}

TEST_F(DropperTest, WaitsUntilItHasCountedTheWholeEpoch) {
  Day();
  Fold();
  PassGrace();
  std::vector<eventlog::LogRecord> records;
  ASSERT_THAT(reader_.Poll(&records, 10, std::chrono::milliseconds(0)), IsOk());
  live_.ApplyAll(records);
  Run();
  EXPECT_THAT(Kinds(), IsEmpty());
  EXPECT_THAT(Epochs(), ElementsAre(kFirst));
  Apply();
  Run();
  EXPECT_THAT(Kinds(), ElementsAre(Kind::kDropped));
}

TEST_F(DropperTest, KeepsWhatDiffersFromTheFoldAndSaysSoOnce) {
  const uint64_t before = Mismatches();
  Day();
  Apply();
  // This replica alone has counted a payment that stands in no log.
  eventlog::LogRecord record;
  record.record_time_ms = clock_.NowMs() - kDayMs + kHourMs;
  record.offset = log_.AppendAborted(0, record.record_time_ms);
  record.event = EventOf(Payment("phantom", record.record_time_ms, 5, "mx"));
  live_.Apply(record);
  Fold();
  PassGrace();
  Run();
  Run();
  ASSERT_THAT(Kinds(), ElementsAre(Kind::kUnequal));
  EXPECT_THAT(events_[0].detail, HasSubstr("stripes differ"));
  EXPECT_EQ(Mismatches(), before + 1);
  EXPECT_THAT(Epochs(), ::testing::Contains(kFirst)) << "the evidence stays";
  const auto suspects = counters::EpochDrops(&live_).Suspects();
  ASSERT_THAT(suspects, SizeIs(1));
  EXPECT_TRUE(suspects[0].stripes[hasher_.Entity("merchant", "mx").stripe()]);
  // The days after are compared for themselves.
  DayAndFold();
  PassGrace();
  Run();
  EXPECT_THAT(Kinds(), ElementsAre(Kind::kUnequal, Kind::kDropped));
}

TEST_F(DropperTest, KeepsWhatTheFoldHasCountedWrong) {
  const uint64_t before = Mismatches();
  DayAndFold();
  aggregate::Manifest wrong = manifest();
  wrong.proofs.back().digest.stripes.front().digest.low ^= 1;
  const uint16_t stripe = wrong.proofs.back().digest.stripes.front().stripe;
  PutManifest(wrong);
  PassGrace();
  Run();
  ASSERT_THAT(Kinds(), ElementsAre(Kind::kUnequal));
  EXPECT_EQ(Mismatches(), before + 1);
  const auto suspects = counters::EpochDrops(&live_).Suspects();
  ASSERT_THAT(suspects, SizeIs(1));
  EXPECT_EQ(suspects[0].stripes.count(), 1u);
  EXPECT_TRUE(suspects[0].stripes[stripe]);
  // Another proof of the same epochs is another question.
  wrong.proofs.back().digest.stripes.front().digest.low ^= 1;
  PutManifest(wrong);
  Run();
  EXPECT_THAT(Kinds(), ElementsAre(Kind::kUnequal, Kind::kEqualAgain, Kind::kDropped));
  EXPECT_THAT(counters::EpochDrops(&live_).Suspects(), IsEmpty());
}

TEST_F(DropperTest, KeepsWhatWasCutElsewhere) {
  DayAndFold();
  aggregate::Manifest wrong = manifest();
  wrong.proofs.back().offsets[0] -= 1;
  PutManifest(wrong);
  PassGrace();
  Run();
  ASSERT_THAT(Kinds(), ElementsAre(Kind::kUnequal));
  EXPECT_THAT(events_[0].detail, HasSubstr("other offsets"));
}

TEST_F(DropperTest, AfterAFailOverReadsEveryValueBackFirst) {
  DayAndFold();
  PassGrace();
  store_.FailOver({});
  Run();
  EXPECT_THAT(Kinds(), ElementsAre(Kind::kDropped)) << "nothing was lost";

  DayAndFold();
  PassGrace();
  const auto lost = *std::find_if(store_.blobs().begin(), store_.blobs().end(),
                                  [&](const auto&) { return true; });
  std::vector<FakeAggregateStore::Key> keys;
  const auto blobs = store_.blobs();
  for (const auto& [key, blob] : blobs) {
    if (blob.cut == manifest().published && keys.empty()) keys.push_back(key);
  }
  store_.FailOver(keys);
  const std::vector<CutId> held = Epochs();
  Run();
  ASSERT_THAT(Kinds(), ElementsAre(Kind::kDropped, Kind::kLost));
  EXPECT_THAT(events_[1].detail, HasSubstr("1 of"));
  EXPECT_EQ(Epochs(), held) << "nobody else has them any more";
  // Somebody puts the value back.
  aggregate::BlobWrite write{{keys[0].measure_hash, keys[0].entity}, blobs.at(keys[0])};
  ASSERT_THAT(store_.PutIfNewer({&write, 1}), IsOk());
  Run();
  EXPECT_THAT(Kinds(), SizeIs(2)) << "it asks again after a while";
  clock_.Set(clock_.NowMs() + 11 * kMinuteMs);
  Run();
  EXPECT_THAT(Kinds(), ElementsAre(Kind::kDropped, Kind::kLost, Kind::kDropped));
}

TEST_F(DropperTest, ForgetsAGuardAfterAWeek) {
  DayAndFold();
  PassGrace();
  Run();
  ASSERT_THAT(counters::EpochDrops(&live_).Guards(), SizeIs(1));
  clock_.Set(clock_.NowMs() + 7 * kDayMs - kMinuteMs);
  Run();
  EXPECT_THAT(counters::EpochDrops(&live_).Guards(), SizeIs(1));
  clock_.Set(clock_.NowMs() + kMinuteMs);
  Run();
  EXPECT_THAT(counters::EpochDrops(&live_).Guards(), IsEmpty());
  EXPECT_EQ(counters::EpochDrops(&live_).DroppedTo(hash()), kFirst + 1);
}

// An event clock may run through a week while a cached blob lives.
TEST_F(DropperTest, AGuardOutlivesWhatMayBeCached) {
  int64_t steady_ms = 0;
  Dropper::Options options;
  options.steady_ms = [&] { return steady_ms; };
  Dropper fast(Dropper::Parts{&live_, &store_, &clock_, &schedule_}, std::move(options));
  const auto guards = [&] {
    steady_ms += 31'000;
    while (fast.Step().value()) {
    }
    return counters::EpochDrops(&live_).Guards().size();
  };
  DayAndFold();
  PassGrace();
  ASSERT_EQ(guards(), 1u);
  clock_.Set(clock_.NowMs() + 30 * kDayMs);
  EXPECT_EQ(guards(), 1u);
  steady_ms += 3'600'000;
  EXPECT_EQ(guards(), 0u);
}

TEST_F(DropperTest, LetsGoOfWhatNoWindowReachesThoughItWasNeverProved) {
  Day();
  Apply();
  clock_.Set(clock_.NowMs() + (features_->kept_days() + 5) * kDayMs);
  Append(clock_.NowMs(), "m1", 1);
  Apply();
  Run();
  EXPECT_THAT(Kinds(), ElementsAre(Kind::kOutOfReach, Kind::kOutOfReach));
  EXPECT_THAT(counters::EpochDrops(&live_).Guards(), IsEmpty());
  EXPECT_THAT(Epochs(), SizeIs(1));
}

TEST_F(DropperTest, JudgesNoEpochThatItHasNotWhollyCounted) {
  Day();
  Fold();
  Day();
  Fold();
  // It begins behind the second cut, as after a cold start.
  const std::vector<eventlog::Offset> offsets = manifest().published_offsets;
  for (int p = 0; p < 2; ++p) {
    live_.StartAt(p, offsets[static_cast<size_t>(p)], INT64_MIN);
    ASSERT_THAT(reader_.Assign(p, offsets[static_cast<size_t>(p)]), IsOk());
  }
  counters::EpochDrops(&live_).SetBeginning(hash(), {.cut = manifest().published});
  DayAndFold();
  PassGrace();
  Run();
  EXPECT_THAT(Kinds(), ElementsAre(Kind::kDropped));
  EXPECT_EQ(events_[0].from, kFirst + 2);
}

class TightDropperTest : public DropperTest {
 protected:
  TightDropperTest() : DropperTest({.cells_bytes_max = 2'000}) {}
};

TEST_F(TightDropperTest, CallsNoStripeEqualThatRefusedCellsAndLetsTheBatchStandForIt) {
  Day(400);
  Apply();
  ASSERT_GT(live_.sizes().cells_refused, 0u);
  Fold();
  PassGrace();
  Run();
  ASSERT_THAT(Kinds(), ElementsAre(Kind::kDropped));
  EXPECT_THAT(events_[0].detail, HasSubstr("refused cells"));
  const auto guards = counters::EpochDrops(&live_).Guards();
  ASSERT_THAT(guards, SizeIs(1));
  EXPECT_GT(guards[0]->limited.count(), 0u);
}

TEST_F(DropperTest, TheThreadDropsByItself) {
  DayAndFold();
  PassGrace();
  Dropper::Options options;
  base::Mutex mutex;
  base::CondVar dropped;
  bool done = false;
  options.report = [&](const DropEvent& event) {
    base::MutexLock lock(mutex);
    done = event.kind == Kind::kDropped;
    dropped.NotifyAll();
  };
  DropThread thread(std::make_unique<Dropper>(Dropper::Parts{&live_, &store_, &clock_, &schedule_},
                                              std::move(options)),
                    nullptr, {});
  thread.Start();
  base::MutexLock lock(mutex);
  while (!done) dropped.Wait(mutex);
}

}  // namespace
}  // namespace verdict::ingest
