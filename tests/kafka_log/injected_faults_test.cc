// Faults that brokers answer with, under a reader: it goes on by itself, and skips nothing.
#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "kafka_log/kafka_world.h"
#include "kafka_log/mock_cluster.h"

namespace verdict::kafka_log {
namespace {

using eventlog::LogRecord;
using std::chrono::milliseconds;
using testing::IsOk;
using testing::MockCluster;
using testing::PaymentRecord;
using testing::StatusIs;
using testing::TestProducer;

constexpr char kTopic[] = "transactions";
constexpr int kPartitions = 2;
constexpr int kRecords = 400;

class InjectedFaultsTest : public ::testing::Test {
 protected:
  InjectedFaultsTest() {
    cluster_.MakeTopic(kTopic, kPartitions);
    for (int p = 0; p < kPartitions; ++p) cluster_.SetLeader(kTopic, p, 1);
    Write(0, kRecords);
    KafkaSource::Options options;
    options.ask_timeout = milliseconds(2'000);
    options.stall_timeout = milliseconds(2'000);
    auto source = KafkaSource::Open(
        {.brokers = cluster_.brokers(),
         .properties = {{"fetch.message.max.bytes", "4000"}, {"queued.min.messages", "10"}}},
        options);
    EXPECT_THAT(source, IsOk());
    source_ = *std::move(source);
    for (int p = 0; p < kPartitions; ++p) EXPECT_THAT(source_->Assign(p, 0), IsOk());
  }
  void Write(int from, int to) {
    TestProducer producer(cluster_.brokers());
    std::vector<TestProducer::Record> records;
    for (int i = from; i < to; ++i) {
      records.push_back(PaymentRecord(absl::StrFormat("%d", i), i % kPartitions));
    }
    producer.Write(kTopic, records);
  }
  // Reads up to `total`, each offset once; how many polls failed meanwhile.
  int ReadUpTo(int total) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    int failed = 0;
    while (read_ < total && std::chrono::steady_clock::now() < deadline) {
      const auto most = static_cast<size_t>(std::min(20, total - read_));
      const auto count = source_->Poll(&batch_, most, milliseconds(50));
      if (!count.ok()) {
        EXPECT_THAT(count, StatusIs(absl::StatusCode::kUnavailable));
        ++failed;
        continue;
      }
      EXPECT_GT(*count, 0u) << "the log is not read to its end";
      for (const LogRecord& record : batch_) {
        EXPECT_EQ(record.offset, next_[static_cast<size_t>(record.partition)]++);
        ++read_;
      }
      if (*count == 0) break;
    }
    EXPECT_EQ(read_, total);
    return failed;
  }
  MockCluster cluster_{3};
  std::unique_ptr<KafkaSource> source_;
  std::vector<LogRecord> batch_;
  std::vector<eventlog::Offset> next_ = std::vector<eventlog::Offset>(kPartitions, 0);
  int read_ = 0;
};

TEST_F(InjectedFaultsTest, FetchesThatFailAreTriedAgain) {
  ReadUpTo(40);
  for (const rd_kafka_resp_err_t error :
       {RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
        RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR, RD_KAFKA_RESP_ERR__TRANSPORT}) {
    cluster_.Fail(MockCluster::kFetch, error, 2);
    ReadUpTo(read_ + 80);
  }
  ReadUpTo(kRecords);
}

TEST_F(InjectedFaultsTest, AQuestionThatAReplacedLeaderRefusesIsPutAgain) {
  ReadUpTo(kRecords);
  cluster_.Fail(MockCluster::kListOffsets, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, 2);
  EXPECT_EQ(*source_->Poll(&batch_, 20, milliseconds(10)), 0u);
  cluster_.Fail(MockCluster::kListOffsets, RD_KAFKA_RESP_ERR__TRANSPORT, 1);
  EXPECT_EQ(*source_->End(0), kRecords / kPartitions);
}

TEST_F(InjectedFaultsTest, AnEndThatCannotBeAskedForIsAnErrorAndNotAnEnd) {
  ReadUpTo(kRecords);
  for (int broker = 1; broker <= 3; ++broker) cluster_.SetDown(broker);
  EXPECT_THAT(source_->Poll(&batch_, 20, milliseconds(10)),
              StatusIs(absl::StatusCode::kUnavailable));
  for (int broker = 1; broker <= 3; ++broker) cluster_.SetUp(broker);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  absl::StatusOr<size_t> count = source_->Poll(&batch_, 20, milliseconds(10));
  while (!count.ok() && std::chrono::steady_clock::now() < deadline) {
    count = source_->Poll(&batch_, 20, milliseconds(10));
  }
  ASSERT_THAT(count, IsOk());
  EXPECT_EQ(*count, 0u);
  Write(kRecords, kRecords + 10);
  ReadUpTo(kRecords + 10);
}

TEST_F(InjectedFaultsTest, ALeaderThatMovesIsFollowed) {
  ReadUpTo(100);
  for (int p = 0; p < kPartitions; ++p) cluster_.SetLeader(kTopic, p, 2);
  ReadUpTo(200);
  cluster_.SetLeader(kTopic, 0, 3);
  cluster_.SetDown(1);
  ReadUpTo(kRecords);
  Write(kRecords, kRecords + 10);
  ReadUpTo(kRecords + 10);
}

}  // namespace
}  // namespace verdict::kafka_log
