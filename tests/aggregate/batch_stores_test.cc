// A fold with a base of its own beside a store that loses values: broken off at every step and
// between any two writes, the base is always exact, and the store, too, or the fold says what to
// do.
#include "aggregate/batch_stores.h"

#include <memory>
#include <random>

#include "aggregate/upload_all.h"
#include "base/failpoint.h"
#include "support/fold_world.h"
#include "support/status_matchers.h"

namespace verdict::aggregate {
namespace {

using ::testing::HasSubstr;
using ::verdict::testing::FakeAggregateStore;
using ::verdict::testing::FoldWorld;
using ::verdict::testing::IsOk;
using ::verdict::testing::StatusIs;
using Phase = FoldProgress::Phase;

class BatchStoresTest : public ::testing::Test {
 protected:
  ~BatchStoresTest() override { EXPECT_THAT(base::ArmFailpoints("", ""), IsOk()); }

  absl::Status Fold() { return world_.Fold(&base_, &store_); }
  void ExpectExact(int day) {
    const FoldWorld::Blobs expected = world_.Expected();
    // Not EXPECT_EQ: it would print pages.
    EXPECT_TRUE(world_.TilesOf(&base_) == expected) << "base, day " << day;
    EXPECT_TRUE(world_.TilesOf(&store_) == expected) << "store, day " << day;
    for (const uint64_t measure : world_.measures()) {
      const Manifest manifest = *store_.GetManifest(measure);
      EXPECT_EQ(manifest, *base_.GetManifest(measure));
      EXPECT_EQ(manifest.state, Manifest::State::kPublished);
      EXPECT_EQ(manifest.published, FoldWorld::kFirstDay + day);
    }
  }
  absl::StatusOr<UploadProgress> Upload() {
    return UploadAll(&base_, &store_, world_.measures(), nullptr);
  }

  FoldWorld world_;
  FakeAggregateStore base_, store_;
};

TEST_F(BatchStoresTest, AFoldWritesBoth) {
  for (int day = 1; day <= 4; ++day) {
    world_.FillToCut(day);
    ASSERT_THAT(Fold(), IsOk());
    ExpectExact(day);
  }
}

TEST_F(BatchStoresTest, GoesOnAfterDyingAtAnyStep) {
  for (int day = 1; day <= 4; ++day) {
    world_.FillToCut(day);
    for (int steps = 1;; ++steps) {
      const auto folder = world_.MakeFolder(&base_, &store_);
      bool more = true;
      for (int i = 0; i < steps && more; ++i) {
        const auto step = folder->Step();
        ASSERT_THAT(step, IsOk());
        more = *step;
      }
      if (!more) break;
    }
    ExpectExact(day);
  }
}

// The base has a key's blob of the new cut, and the store has not: it is not folded twice, and is
// uploaded all the same. So with announcements and publications.
TEST_F(BatchStoresTest, GoesOnAfterDyingBetweenBaseAndStore) {
  int died = 0, last_day = 0;
  for (const char* place : {"fold.base_written", "fold.store_announced", "fold.base_published"}) {
    SCOPED_TRACE(place);
    base_.Restore({});
    store_.Restore({});
    for (const int first = last_day; last_day < first + 4;) {
      world_.FillToCut(++last_day);
      for (int seed = 1;; ++seed) {
        ASSERT_THAT(
            base::ArmFailpoints(std::string(place) + "=error:0.3:" + std::to_string(seed), ""),
            IsOk());
        const absl::Status status = Fold();
        if (status.ok()) break;
        ASSERT_THAT(status, StatusIs(absl::StatusCode::kUnavailable, HasSubstr(place)));
        ++died;
      }
      ASSERT_THAT(base::ArmFailpoints("", ""), IsOk());
      ExpectExact(last_day);
    }
  }
  EXPECT_GT(died, 10);
}

TEST_F(BatchStoresTest, GoesOnWhereEitherBreaksOffOrLosesAcknowledgements) {
  for (int day = 1; day <= 5; ++day) {
    world_.FillToCut(day);
    for (FakeAggregateStore* one : {&store_, &base_}) {
      one->FailPutsAfter(static_cast<size_t>(day));
      EXPECT_THAT(Fold(), StatusIs(absl::StatusCode::kUnavailable));
      one->Heal();
      one->LoseNextAcknowledgement();
      EXPECT_THAT(Fold(), StatusIs(absl::StatusCode::kUnavailable));
      one->Heal();
    }
    store_.LoseNextSwapAcknowledgement();
    EXPECT_THAT(Fold(), StatusIs(absl::StatusCode::kUnavailable));
    base_.LoseNextSwapAcknowledgement();
    EXPECT_THAT(Fold(), StatusIs(absl::StatusCode::kUnavailable));
    ASSERT_THAT(Fold(), IsOk());
    ExpectExact(day);
  }
}

// Values alone, at any step: what the fold touches is whole again, the rest comes with an upload.
TEST_F(BatchStoresTest, StaysExactWhileTheStoreLosesValuesAtEveryStep) {
  std::mt19937_64 random(5);
  size_t lost = 0, refused = 0;
  for (int day = 1; day <= 6; ++day) {
    world_.FillToCut(day);
    auto folder = world_.MakeFolder(&base_, &store_);
    for (bool more = true; more;) {
      const Phase phase = folder->progress().phase;
      const auto step = folder->Step();
      // It keeps losing what is written: not published, begun anew.
      if (absl::IsDataLoss(step.status())) ++refused;
      ASSERT_TRUE(step.ok() || absl::IsDataLoss(step.status())) << step.status();
      more = !step.ok() || *step;
      if (phase == Phase::kRead || phase == Phase::kUpload) {
        lost += store_.LoseBlobs([&](const auto&) { return random() % 20 == 0; });
      }
      if (random() % 30 == 0) folder = world_.MakeFolder(&base_, &store_);  // and it dies
    }
    const FoldWorld::Blobs expected = world_.Expected();
    EXPECT_TRUE(world_.TilesOf(&base_) == expected) << "day " << day;
    const auto stored = store_.blobs();
    for (const auto& [key, blob] : world_.lossless()) {
      if (blob.cut != FoldWorld::kFirstDay + day) continue;  // not touched by this cut
      ASSERT_TRUE(stored.contains(key)) << "day " << day;
      EXPECT_TRUE(stored.at(key).tiles == blob.tiles);
    }
    ASSERT_THAT(Upload(), IsOk());
    ExpectExact(day);
  }
  EXPECT_GT(lost, 100u);
  EXPECT_GT(refused, 0u);
}

// A server that restarts from an older snapshot, at any step before the proof.
TEST_F(BatchStoresTest, StaysExactWhereTheStoreComesBackFromASnapshot) {
  std::mt19937_64 random(6);
  int restored = 0, uploaded = 0;
  FakeAggregateStore::Contents snapshot;
  for (int day = 1; day <= 40; ++day) {
    world_.FillToCut(day);
    auto folder = world_.MakeFolder(&base_, &store_);
    for (bool more = true; more;) {
      if (random() % 25 == 0) snapshot = store_.Snapshot();
      const Phase phase = folder->progress().phase;
      if (random() % 40 == 0 && phase != Phase::kProve && phase != Phase::kPublish) {
        store_.Restore(snapshot);
        ++restored;
      }
      if (random() % 40 == 0) folder = world_.MakeFolder(&base_, &store_);
      const auto step = folder->Step();
      if (absl::IsFailedPrecondition(step.status())) {
        ASSERT_THAT(step.status(), StatusIs(absl::StatusCode::kFailedPrecondition,
                                            HasSubstr("upload the base to it")));
        ASSERT_THAT(Upload(), IsOk());
        ++uploaded;
        continue;
      }
      // Aborted: its announcement is gone.
      ASSERT_TRUE(step.ok() || absl::IsAborted(step.status())) << step.status();
      more = !step.ok() || *step;
    }
    ExpectExact(day);
  }
  EXPECT_GT(restored, 10);
  EXPECT_GT(uploaded, 2);
}

TEST_F(BatchStoresTest, RefusesAStoreThatHasLostAllUntilItIsUploaded) {
  for (int day = 1; day <= 3; ++day) {
    world_.FillToCut(day);
    ASSERT_THAT(Fold(), IsOk());
  }
  store_.Restore({});
  world_.FillToCut(4);
  EXPECT_THAT(Fold(), StatusIs(absl::StatusCode::kFailedPrecondition,
                               HasSubstr("the store has lost what was published")));
  EXPECT_TRUE(store_.blobs().empty()) << "nothing half-done is written";
  const auto uploaded = Upload();
  ASSERT_THAT(uploaded, IsOk());
  EXPECT_EQ(uploaded->blobs, base_.blobs().size());
  EXPECT_EQ(store_.blobs(), base_.blobs());
  ASSERT_THAT(Fold(), IsOk());
  ExpectExact(4);
}

TEST_F(BatchStoresTest, RefusesALostBaseUntilItIsFilledFromTheStore) {
  for (int day = 1; day <= 3; ++day) {
    world_.FillToCut(day);
    ASSERT_THAT(Fold(), IsOk());
  }
  base_.Restore({});
  world_.FillToCut(4);
  EXPECT_THAT(Fold(),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("the base is behind")));
  ASSERT_THAT(UploadAll(&store_, &base_, world_.measures(), nullptr), IsOk());
  ASSERT_THAT(Fold(), IsOk());
  ExpectExact(4);
}

TEST_F(BatchStoresTest, UploadsInTheMiddleOfAFoldThatThenGoesOn) {
  world_.FillToCut(1);
  ASSERT_THAT(Fold(), IsOk());
  world_.FillToCut(2);
  auto folder = world_.MakeFolder(&base_, &store_);
  while (folder->progress().phase != Phase::kProve) ASSERT_THAT(folder->Step(), IsOk());
  folder.reset();
  store_.Restore({});
  EXPECT_THAT(Fold(), StatusIs(absl::StatusCode::kFailedPrecondition));
  ASSERT_THAT(Upload(), IsOk());
  EXPECT_EQ(store_.GetManifest(world_.measures()[0])->state, Manifest::State::kAnnounced)
      << "blobs of this cut are there before it is published: it must be finished first";
  world_.FillToCut(5);
  ASSERT_THAT(Fold(), IsOk());
  ExpectExact(5);
}

TEST_F(BatchStoresTest, LetsOneOfTwoRunsWinAndHarmsNothing) {
  world_.FillToCut(3);
  const auto one = world_.MakeFolder(&base_, &store_);
  const auto other = world_.MakeFolder(&base_, &store_);
  for (bool more = true; more;) {
    more = false;
    for (Folder* folder : {one.get(), other.get()}) {
      const auto step = folder->Step();
      EXPECT_TRUE(step.ok() || absl::IsAborted(step.status())) << step.status();
      more = more || !step.ok() || *step;
    }
  }
  ExpectExact(3);
}

TEST_F(BatchStoresTest, RefusesABaseOfAnotherDeployment) {
  world_.FillToCut(1);
  ASSERT_THAT(Fold(), IsOk());
  const uint64_t measure = world_.measures()[0];
  const Manifest stored = *store_.GetManifest(measure);
  const auto refusal_with = [&](const Manifest& in_base) {
    EXPECT_THAT(base_.CompareAndSwapManifest(measure, *base_.GetManifest(measure), in_base),
                IsOk());
    return Fold();
  };
  Manifest other_log = stored;
  other_log.log_id = "another";
  EXPECT_THAT(refusal_with(other_log),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("of different logs")));
  Manifest other_offsets = stored;
  other_offsets.published_offsets[0] += 1;
  EXPECT_THAT(refusal_with(other_offsets),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("other offsets")));
  EXPECT_EQ(*store_.GetManifest(measure), stored);
}

// The base is what is healed; what only the store lacks is put back beside it.
TEST_F(BatchStoresTest, AHealingRecomputeMendsBaseAndStoreAlike) {
  for (int day = 1; day <= 4; ++day) {
    world_.FillToCut(day);
    ASSERT_THAT(Fold(), IsOk());
  }
  const FoldWorld::Blobs expected = world_.Expected();
  const auto damaged = base_.blobs().begin()->first;
  const auto lost = base_.blobs().rbegin()->first;
  feature::Blob wrong = base_.blobs().begin()->second;
  wrong.tiles.front().tile.sum += 1;
  base_.Overwrite(damaged, wrong);
  store_.Overwrite(damaged, wrong);
  ASSERT_EQ(store_.LoseBlobs([&](const FakeAggregateStore::Key& key) { return key == lost; }), 1u);
  for (int run = 1; run <= 2; ++run) {
    const auto folder = world_.MakeFolder(&base_, &store_);
    ASSERT_THAT(folder->AnnounceHeal(), IsOk());
    ASSERT_THAT(folder->Run(nullptr), IsOk());
    for (FakeAggregateStore* one : {&base_, &store_}) {
      EXPECT_TRUE(world_.TilesOf(one) == expected) << "run " << run;
      for (const uint64_t measure : world_.measures()) {
        const Manifest manifest = *one->GetManifest(measure);
        EXPECT_EQ(manifest.state, Manifest::State::kPublished);
        EXPECT_EQ(manifest.rev, run);
        EXPECT_EQ(manifest, *base_.GetManifest(measure));
      }
    }
  }
  world_.FillToCut(5);
  ASSERT_THAT(Fold(), IsOk());
  EXPECT_TRUE(world_.TilesOf(&store_) == world_.Expected());
}

// It was started anew from a snapshot that was made before.
TEST_F(BatchStoresTest, AStoreThatForgotWhatWasHealedIsToldAndFilledAgain) {
  world_.FillToCut(3);
  ASSERT_THAT(Fold(), IsOk());
  const FoldWorld::Blobs expected = world_.Expected();
  const auto damaged = base_.blobs().begin()->first;
  feature::Blob wrong = base_.blobs().begin()->second;
  wrong.tiles.front().tile.sum += 1;
  base_.Overwrite(damaged, wrong);
  store_.Overwrite(damaged, wrong);
  const FakeAggregateStore::Contents before = store_.Snapshot();
  const auto folder = world_.MakeFolder(&base_, &store_);
  ASSERT_THAT(folder->AnnounceHeal(), IsOk());
  ASSERT_THAT(folder->Run(nullptr), IsOk());
  store_.Restore(before);
  world_.FillToCut(4);
  EXPECT_THAT(Fold(), StatusIs(absl::StatusCode::kFailedPrecondition,
                               HasSubstr("has lost what was healed")));
  for (const uint64_t measure : world_.measures()) EXPECT_EQ(base_.GetManifest(measure)->rev, 1);
  ASSERT_THAT(UploadAll(&base_, &store_, world_.measures(), nullptr), IsOk());
  EXPECT_TRUE(world_.TilesOf(&store_) == expected);
  ASSERT_THAT(Fold(), IsOk());
  EXPECT_TRUE(world_.TilesOf(&store_) == world_.Expected());
}

TEST_F(BatchStoresTest, AHealingRecomputeThatIsBrokenOffGoesOn) {
  world_.FillToCut(3);
  ASSERT_THAT(Fold(), IsOk());
  const FoldWorld::Blobs expected = world_.Expected();
  for (const char* place : {"fold.base_written", "fold.store_announced", "fold.base_published",
                            "fold.mid_upload", "fold.before_publish"}) {
    ASSERT_THAT(base::ArmFailpoints(std::string(place) + "=error:0.5:3", ""), IsOk());
    for (int attempt = 0; attempt < 100; ++attempt) {
      if (world_.MakeFolder(&base_, &store_)->AnnounceHeal().ok()) break;
    }
    for (int attempt = 0; attempt < 200; ++attempt) {
      if (Fold().ok()) break;
    }
    ASSERT_THAT(base::ArmFailpoints("", ""), IsOk());
    ASSERT_THAT(Fold(), IsOk()) << place;
    EXPECT_TRUE(world_.TilesOf(&base_) == expected) << place;
    EXPECT_TRUE(world_.TilesOf(&store_) == expected) << place;
    for (const uint64_t measure : world_.measures()) {
      EXPECT_EQ(*base_.GetManifest(measure), *store_.GetManifest(measure)) << place;
    }
  }
}

}  // namespace
}  // namespace verdict::aggregate
