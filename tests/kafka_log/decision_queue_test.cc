// What waits to be sent comes out in order, in batches.
#include "kafka_log/decision_queue.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace verdict::kafka_log {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

constexpr size_t kPlenty = size_t{8} << 20;

std::vector<std::string> KeysOf(const std::vector<SpooledRecord>& records) {
  std::vector<std::string> keys;
  for (const SpooledRecord& record : records) keys.push_back(record.key);
  return keys;
}

TEST(DecisionQueue, TheFirstWaitsForOthers) {
  DecisionQueue queue(kPlenty, hours(1));
  std::vector<SpooledRecord> taken;
  ASSERT_TRUE(queue.Put("a", "1"));
  std::thread taker([&] { taken = queue.Take(hours(1)); });
  std::this_thread::sleep_for(milliseconds(20));  // so that a hasty one is seen
  ASSERT_TRUE(queue.Put("b", "2"));
  queue.Stop();
  taker.join();
  EXPECT_EQ(KeysOf(taken), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(queue.bytes(), 0u);
}

TEST(DecisionQueue, AFullBlockWaitsForNobody) {
  DecisionQueue queue(kPlenty, hours(1));
  std::vector<SpooledRecord> first;
  std::thread taker([&] { first = queue.Take(hours(1)); });
  const std::string value(1000, 'x');
  int put = 1;
  ASSERT_TRUE(queue.Put("0", value));
  std::this_thread::sleep_for(milliseconds(20));  // so that it waits for more
  for (; put < 400; ++put) ASSERT_TRUE(queue.Put(std::to_string(put), value));
  taker.join();  // without Stop()
  queue.Stop();
  std::vector<std::string> keys = KeysOf(first);
  EXPECT_LT(keys.size(), 400u);
  for (const std::string& key : KeysOf(queue.Take(milliseconds(0)))) keys.push_back(key);
  ASSERT_EQ(keys.size(), static_cast<size_t>(put));
  for (int i = 0; i < put; ++i) EXPECT_EQ(keys[static_cast<size_t>(i)], std::to_string(i));
}

TEST(DecisionQueue, NothingComesOfNothing) {
  DecisionQueue queue(kPlenty, hours(1));
  EXPECT_TRUE(queue.Take(milliseconds(1)).empty());
  queue.Stop();
  EXPECT_TRUE(queue.Take(hours(1)).empty());
}

TEST(DecisionQueue, RefusesWhatFindsNoRoom) {
  DecisionQueue queue(30, milliseconds(0));
  EXPECT_TRUE(queue.Put("a", "1"));
  EXPECT_FALSE(queue.Put("b", std::string(30, 'x')));
  EXPECT_EQ(KeysOf(queue.Take(milliseconds(0))), (std::vector<std::string>{"a"}));
  EXPECT_TRUE(queue.Put("c", "3"));
}

}  // namespace
}  // namespace verdict::kafka_log
