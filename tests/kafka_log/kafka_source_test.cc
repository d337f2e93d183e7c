#include "kafka_log/kafka_source.h"

#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "support/local_kafka.h"
#include "support/status_matchers.h"
#include "wire/event_bytes.h"

namespace verdict::kafka_log {
namespace {

using eventlog::LogRecord;
using std::chrono::milliseconds;
using testing::IsOk;
using testing::LocalKafka;
using testing::StatusIs;
using testing::TestProducer;

model::Event Payment(const std::string& id) {
  model::Event event;
  event.txn.id = id;
  event.txn.event_time_ms = 1'700'000'000'000;
  event.txn.amount_minor = 1234;
  event.txn.currency = "EUR";
  event.txn.merchant_id = "m1";
  return event;
}

TestProducer::Record RecordOf(const model::Event& event, int32_t partition) {
  TestProducer::Record record{.partition = partition, .key = event.txn.merchant_id};
  wire::EventToBytes(event, &record.value.emplace());
  return record;
}

class KafkaSourceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string why;
    kafka_ = LocalKafka::Get(&why);
    if (kafka_ == nullptr) GTEST_SKIP() << why;
  }
  std::unique_ptr<KafkaSource> Open(const std::string& topic) {
    KafkaSource::Options options;
    options.topic = topic;
    auto source = KafkaSource::Open({.brokers = kafka_->brokers(), .properties = {}}, options);
    EXPECT_THAT(source, IsOk());
    return *std::move(source);
  }
  static std::vector<LogRecord> ReadAll(KafkaSource* source) {
    std::vector<LogRecord> all;
    std::vector<LogRecord> batch;
    while (true) {
      const auto count = source->Poll(&batch, 100, milliseconds(20));
      EXPECT_THAT(count, IsOk());
      if (!count.ok() || *count == 0) return all;
      all.insert(all.end(), batch.begin(), batch.end());
    }
  }
  LocalKafka* kafka_ = nullptr;
};

TEST_F(KafkaSourceTest, ReadsWhatWasWrittenInTheOrderOfEachPartition) {
  const std::string topic = kafka_->MakeTopic(3);
  TestProducer producer(kafka_->brokers());
  for (int i = 0; i < 300; ++i) {
    producer.Write(topic, {RecordOf(Payment(absl::StrFormat("p%d", i)), i % 3)});
  }
  auto source = Open(topic);
  ASSERT_EQ(source->partitions(), 3);
  for (int p = 0; p < 3; ++p) ASSERT_THAT(source->Assign(p, 0), IsOk());
  const std::vector<LogRecord> records = ReadAll(source.get());
  ASSERT_EQ(records.size(), 300u);
  std::vector<eventlog::Offset> next(3, 0);
  std::set<std::string> ids;
  for (const LogRecord& record : records) {
    EXPECT_EQ(record.offset, next[static_cast<size_t>(record.partition)]++);
    EXPECT_EQ(record.unreadable, "");
    EXPECT_EQ(record.event, Payment(absl::StrFormat("p%d", 3 * record.offset + record.partition)));
    ids.insert(record.event.txn.id);
  }
  EXPECT_EQ(ids.size(), 300u);
}

}  // namespace
}  // namespace verdict::kafka_log
