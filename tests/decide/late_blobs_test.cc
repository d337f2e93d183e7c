// The store answers some of what was asked, or answers later than a payment can wait.
#include <gtest/gtest.h>

#include "decide/world.h"

namespace verdict::decide {
namespace {

using testing::World;

constexpr const char* kVolume = "merchant.volume_30d";

TEST(LateBlobs, TakesWhatCameInTimeThoughTheRestDidNot) {
  World world;
  world.PutBlob(World::kToday, World::kToday - 3, 10'000, 5);
  world.store.SetReads(testing::FakeAggregateStore::Reads::kHold);
  world.cache.Fetch({{world.MeasureOf("merchant.volume_30d"), world.KeyOf("merchant", "m")}},
                    [](const auto&) {});
  auto call = world.Start(world.Payment("t", 1));
  ASSERT_EQ(world.store.held_reads(), 2u) << "the merchant is being asked for already";
  world.store.ReleaseReads(1);
  ASSERT_EQ(call->done, 0) << "the card is not there";
  world.timer.RingAll();
  ASSERT_EQ(call->done, 1);
  EXPECT_EQ(call->result(kVolume).integer, 10'001);
  EXPECT_EQ(call->result(kVolume).provenance, model::Provenance::kFull);
  EXPECT_EQ(call->decision.partial_reasons, model::kPartialBatch);
}

TEST(LateBlobs, WhatComesTooLateForOneIsThereForTheNext) {
  World world;
  world.PutBlob(World::kToday, World::kToday - 3, 10'000, 5);
  world.store.SetReads(testing::FakeAggregateStore::Reads::kHold);
  auto late = world.Start(world.Payment("t", 1));
  world.timer.RingAll();
  ASSERT_EQ(late->decision.partial_reasons, model::kPartialBatch);
  world.store.ReleaseReads();
  auto next = world.Start(world.Payment("u", 1));
  ASSERT_EQ(next->done, 1);
  EXPECT_EQ(next->decision.provenance, model::Provenance::kFull);
}

}  // namespace
}  // namespace verdict::decide
