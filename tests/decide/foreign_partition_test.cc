// A log whose writers place a merchant's events by a hash of their own.
#include <string>

#include "decide/world.h"
#include "eventlog/partitioner.h"
#include "gtest/gtest.h"
#include "support/status_matchers.h"

namespace verdict::decide {
namespace {

using eventlog::Partitioner;
using testing::kPartitions;
using testing::World;

// A merchant whom the two hashes put apart.
std::string MerchantApart() {
  for (int i = 0;; ++i) {
    std::string name = "merchant-" + std::to_string(i);
    if (eventlog::PartitionOf(name, kPartitions) !=
        eventlog::PartitionOf(name, kPartitions, Partitioner::kMurmur2)) {
      return name;
    }
  }
}

TEST(ForeignPartition, APaymentIsLookedForWhereItsWritersPutIt) {
  World world(World::DefaultRules(), {}, Partitioner::kMurmur2);
  model::Event event;
  event.txn = world.Payment("t", 70);
  event.txn.merchant_id = MerchantApart();
  event.txn.status = "approved";
  world.log.Append(eventlog::PartitionOf(event.txn.merchant_id, kPartitions, Partitioner::kMurmur2),
                   world.clock.NowMs(), event);
  world.Pump();
  auto call = world.Start(event.txn);
  ASSERT_THAT(call->status, testing::IsOk());
  EXPECT_EQ(call->result("merchant.volume_30d").integer, 70);  // once
}

}  // namespace
}  // namespace verdict::decide
