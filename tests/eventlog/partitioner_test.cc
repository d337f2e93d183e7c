// Partitions as other producers choose them.
#include "eventlog/partitioner.h"

#include <string>

#include "gtest/gtest.h"

namespace verdict::eventlog {
namespace {

// Of Kafka's own tests of its Java producer: the hashes of these keys, made positive.
TEST(Partitioner, HashesAsTheJavaProducerDoes) {
  const struct {
    std::string key;
    int64_t hash;
  } known[] = {{"21", -973932308},
               {"foobar", -790332482},
               {"a-little-bit-long-string", -985981536},
               {"a-little-bit-longer-string", -1486304829},
               {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
               {"abc", 479470107}};
  for (const auto& [key, hash] : known) {
    constexpr int kMany = 1'000'003;
    EXPECT_EQ(PartitionOf(key, kMany, Partitioner::kMurmur2), (hash & 0x7fffffff) % kMany) << key;
  }
}

TEST(Partitioner, KnowsCrc32) {
  constexpr int kMany = 1'000'003;
  EXPECT_EQ(PartitionOf("123456789", kMany, Partitioner::kCrc32), 0xcbf43926U % kMany);
  EXPECT_EQ(PartitionOf("", kMany, Partitioner::kCrc32), 0);
}

TEST(Partitioner, TheEmbeddedLogKeepsItsOwn) {
  for (const std::string merchant : {"m1", "m2", "a longer one"}) {
    EXPECT_EQ(PartitionOf(merchant, 8, Partitioner::kVerdict), PartitionOf(merchant, 8));
  }
}

}  // namespace
}  // namespace verdict::eventlog
