// The healing recompute: whatever the store had come to say, afterwards it says what the log says,
// and every key that changed was told.
#include <algorithm>
#include <set>
#include <vector>

#include "aggregate/folder_world.h"
#include "aggregate/sweep.h"
#include "base/status.h"

namespace verdict::aggregate {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class HealTest : public FolderTest {
 protected:
  void FoldDays(int days) {
    for (int day = 1; day <= days; ++day) {
      FillTo((kFirstDay + day) * kDayMs + 20 * kMinuteMs);
      ASSERT_THAT(FoldAll(), IsOk());
    }
  }
  std::unique_ptr<Folder> MakeHealer() {
    readers_.push_back(std::make_unique<FakeLogReader>(log_));
    FolderParts parts = Parts(readers_.back().get());
    parts.healed = [this](const HealedKey& one) {
      changed_.insert({one.key.measure_hash, one.key.entity});
    };
    return std::make_unique<Folder>(parts,
                                    FolderOptions{.records_per_step = 7, .keys_per_step = 2});
  }
  absl::Status Heal() {
    auto folder = MakeHealer();
    RETURN_IF_ERROR(folder->AnnounceHeal());
    return folder->Run(nullptr);
  }
  void ExpectWhole(feature::CutId cut, uint16_t rev) {
    EXPECT_EQ(Stored(), Reference(cut));
    ExpectPublished(cut);
    std::vector<uint64_t> hashes;
    for (const feature::Measure& measure : compiled_.set->measures()) {
      hashes.push_back(measure.hash);
      EXPECT_EQ(store_.GetManifest(measure.hash)->rev, rev);
    }
    const auto swept = SweepStore(&store_, hashes, nullptr);
    ASSERT_TRUE(swept.ok());
    for (const SweepResult& one : *swept) {
      EXPECT_TRUE(one.compared);
      EXPECT_THAT(one.differences, IsEmpty());
    }
  }

  std::set<FakeAggregateStore::Key> changed_;
};

TEST_F(HealTest, ChangesNothingWhereNothingIsWrong) {
  FoldDays(9);
  const auto before = store_.blobs();
  std::vector<std::vector<EpochProof>> proofs;
  for (const feature::Measure& measure : compiled_.set->measures()) {
    proofs.push_back(store_.GetManifest(measure.hash)->proofs);
    EXPECT_THAT(proofs.back(), SizeIs(kProofsKept));
  }
  clock_.Set(clock_.NowMs() + kMinuteMs);
  ASSERT_THAT(Heal(), IsOk());
  EXPECT_THAT(changed_, IsEmpty());
  for (size_t m = 0; m < proofs.size(); ++m) {
    EXPECT_EQ(store_.GetManifest(compiled_.set->measures()[m].hash)->proofs, proofs[m]);
  }
  ExpectWhole(kFirstDay + 9, 1);
  for (const auto& [key, blob] : store_.blobs()) {
    EXPECT_EQ(blob.tiles, before.at(key).tiles);
    EXPECT_EQ(blob.cut, kFirstDay + 9);
    EXPECT_EQ(blob.rev, 1);
  }
  ASSERT_THAT(Heal(), IsOk());
  ExpectWhole(kFirstDay + 9, 2);
  FoldDays(11);  // and later cuts go on
  ExpectWhole(kFirstDay + 11, 0);
}

// As of a fold that counted a payment otherwise, where the day's value hides it.
TEST_F(HealTest, CountsProofsAnewThoughNoValueIsWrong) {
  FoldDays(6);
  const uint64_t hash = compiled_.set->measures()[1].hash;
  const Manifest right = store_.GetManifest(hash).value();
  ASSERT_THAT(right.proofs, SizeIs(6));
  Manifest wrong = right;
  wrong.proofs[4].digest.stripes.front().digest.low ^= 1;
  ASSERT_THAT(store_.CompareAndSwapManifest(hash, right, wrong), IsOk());
  clock_.Set(clock_.NowMs() + kMinuteMs);
  ASSERT_THAT(Heal(), IsOk());
  EXPECT_THAT(changed_, IsEmpty());
  std::vector<EpochProof> expected = right.proofs;
  expected[4].published_ms = clock_.NowMs();  // the grace begins anew
  EXPECT_EQ(store_.GetManifest(hash)->proofs, expected);
}

TEST_F(HealTest, PutsBackWhatTheStoreHasLostAndTellsIt) {
  FoldDays(6);
  std::set<FakeAggregateStore::Key> lost;
  for (const auto& [key, blob] : store_.blobs()) {
    if (lost.size() < 4) lost.insert(key);
  }
  store_.FailOver({lost.begin(), lost.end()});
  ASSERT_THAT(Heal(), IsOk());
  EXPECT_EQ(changed_, lost);
  ExpectWhole(kFirstDay + 6, 1);
  for (const feature::Measure& measure : compiled_.set->measures()) {
    const Manifest manifest = store_.GetManifest(measure.hash).value();
    const bool changed = std::any_of(lost.begin(), lost.end(), [&](const auto& key) {
      return key.measure_hash == measure.hash;
    });
    EXPECT_EQ(manifest.proofs.empty(), changed) << "their folds may have been wrong";
    for (const EpochProof& proof : manifest.proofs) {
      EXPECT_EQ(proof.incarnation, *store_.Incarnation()) << "every value was seen since";
    }
  }
}

TEST_F(HealTest, MendsWrongDaysTooManyDaysAndKeysThatNobodyPaidWith) {
  FoldDays(6);
  const auto blobs = store_.blobs();
  auto at = blobs.begin();
  std::set<FakeAggregateStore::Key> wrong;
  feature::Blob blob = at->second;
  blob.tiles.front().tile.sum += 1;
  store_.Overwrite(at->first, blob);
  wrong.insert((at++)->first);
  blob = at->second;
  blob.tiles.push_back({kFirstDay + 30, {.sum = 5, .count = 1}});
  store_.Overwrite(at->first, blob);
  wrong.insert((at++)->first);
  blob = at->second;
  blob.tiles.pop_back();
  store_.Overwrite(at->first, blob);
  wrong.insert(at->first);
  FakeAggregateStore::Key nobody = at->first;
  nobody.entity.bytes.fill(7);
  store_.Overwrite(nobody, at->second);
  wrong.insert(nobody);
  ASSERT_THAT(Heal(), IsOk());
  EXPECT_EQ(changed_, wrong);
  ExpectWhole(kFirstDay + 6, 1);
}

TEST_F(HealTest, GoesOnWhereItWasBrokenOff) {
  FoldDays(6);
  store_.FailOver({store_.blobs().begin()->first});
  for (int steps = 1;; steps += 3) {
    auto folder = MakeHealer();
    if (steps == 1) {
      ASSERT_THAT(folder->AnnounceHeal(), IsOk());
    }
    bool more = true;
    for (int i = 0; i < steps && more; ++i) {
      const auto step = folder->Step();
      ASSERT_THAT(step, IsOk());
      more = *step;
    }
    if (!more) break;
  }
  ASSERT_THAT(changed_, SizeIs(1));
  ExpectWhole(kFirstDay + 6, 1);
  EXPECT_THAT(store_.GetManifest(changed_.begin()->measure_hash)->proofs, IsEmpty());
}

TEST_F(HealTest, IsFinishedBeforeALaterCutIsTaken) {
  FoldDays(4);
  {
    auto folder = MakeHealer();
    ASSERT_THAT(folder->AnnounceHeal(), IsOk());
    for (int i = 0; i < 40; ++i) ASSERT_THAT(folder->Step(), IsOk());
  }
  FillTo((kFirstDay + 5) * kDayMs + 20 * kMinuteMs);
  ASSERT_THAT(FoldAll(), IsOk());
  ExpectWhole(kFirstDay + 5, 0);
}

TEST_F(HealTest, WaitsForAFoldThatIsUnderWay) {
  FoldDays(2);
  FillTo((kFirstDay + 3) * kDayMs + 20 * kMinuteMs);
  auto folder = MakeFolder();
  ASSERT_THAT(folder->Step(), IsOk());
  EXPECT_THAT(MakeHealer()->AnnounceHeal(),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("let its fold finish")));
}

TEST_F(HealTest, KeepsTheDaysThatTheLogNoLongerHas) {
  FoldDays(12);
  const Totals whole = Stored();
  eventlog::Offset removed = 0;
  for (eventlog::Partition p = 0; p < 3; ++p) {
    const auto low = log_.FirstAtOrAfter(p, (kFirstDay + 8) * kDayMs);
    log_.Retain(p, *low);
    removed += *low;
  }
  ASSERT_GT(removed, 0);
  // One value loses a day that can be recomputed, one a day that cannot.
  const auto blobs = store_.blobs();
  std::set<FakeAggregateStore::Key> mendable;
  for (const auto& [key, blob] : blobs) {
    if (blob.tiles.back().day < kFirstDay + 11 || !mendable.empty()) continue;
    feature::Blob shorter = blob;
    shorter.tiles.pop_back();
    store_.Overwrite(key, shorter);
    mendable.insert(key);
  }
  ASSERT_THAT(Heal(), IsOk());
  EXPECT_EQ(changed_, mendable);
  EXPECT_EQ(Stored(), whole);
  const auto missing = [this](uint64_t hash) { return store_.GetManifest(hash)->oldest_day; };
  for (const feature::Measure& measure : compiled_.set->measures()) {
    EXPECT_EQ(missing(measure.hash), kNothingTrimmed) << "what the log lacks the store still has";
    std::vector<feature::CutId> proved;
    const Manifest manifest = store_.GetManifest(measure.hash).value();
    for (const EpochProof& proof : manifest.proofs) proved.push_back(proof.to);
    if (measure.hash == mendable.begin()->measure_hash) {
      EXPECT_THAT(proved, IsEmpty());
    } else {
      EXPECT_THAT(proved, ElementsAre(kFirstDay + 10, kFirstDay + 11, kFirstDay + 12))
          << "of what lies before, with the ids that came first, the log has lost its part";
    }
  }

  // Until a value loses a day that nobody can give again.
  FakeAggregateStore::Key poor;
  for (const auto& [key, blob] : store_.blobs()) {
    if (blob.tiles.front().day > kFirstDay + 6) continue;
    feature::Blob shorter = blob;
    shorter.tiles.erase(shorter.tiles.begin());
    store_.Overwrite(key, shorter);
    poor = key;
    break;
  }
  ASSERT_THAT(Heal(), IsOk());
  for (const feature::Measure& measure : compiled_.set->measures()) {
    if (measure.hash == poor.measure_hash) {
      EXPECT_GE(missing(measure.hash), kFirstDay + 8);
      EXPECT_LE(missing(measure.hash), kFirstDay + 11);
    } else {
      EXPECT_EQ(missing(measure.hash), kNothingTrimmed);
    }
  }
}

TEST_F(HealTest, WhatCannotBeHealedDoesNotKeepLaterCutsFromBeingFolded) {
  FoldDays(3);
  auto folder = MakeHealer();
  ASSERT_THAT(folder->AnnounceHeal(), IsOk());
  while (folder->progress().phase != FoldProgress::Phase::kScan) {
    ASSERT_THAT(folder->Step(), IsOk());
  }
  // A value that comes from nowhere while it runs.
  const auto [key, blob] = *store_.blobs().begin();
  FakeAggregateStore::Key nobody = key;
  nobody.entity.bytes.fill(7);
  feature::Blob wrong = blob;
  wrong.rev = 9;
  store_.Overwrite(nobody, wrong);
  EXPECT_THAT(folder->Run(nullptr), StatusIs(absl::StatusCode::kDataLoss));
  for (const feature::Measure& measure : compiled_.set->measures()) {
    EXPECT_EQ(store_.GetManifest(measure.hash)->state, Manifest::State::kPublished);
    EXPECT_FALSE(store_.GetManifest(measure.hash)->census.known);
  }
  FillTo((kFirstDay + 4) * kDayMs + 20 * kMinuteMs);
  EXPECT_THAT(FoldAll(), IsOk());
}

}  // namespace
}  // namespace verdict::aggregate
