// A broker that is killed and comes back, under a reader.
#include <chrono>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "kafka_log/kafka_world.h"

namespace verdict::kafka_log {
namespace {

using eventlog::LogRecord;
using std::chrono::milliseconds;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::KafkaTest;
using testing::PaymentRecord;
using testing::ReadWhole;
using testing::StatusIs;
using testing::TestProducer;

using BrokerLossTest = KafkaTest;

TEST_F(BrokerLossTest, NothingIsSkippedNorReadTwiceThroughAKillInTheMiddle) {
  constexpr int kRecords = 20'000;
  const std::string topic = kafka_->MakeTopic(4);
  {
    TestProducer producer(kafka_->brokers());
    std::vector<TestProducer::Record> records;
    for (int i = 0; i < kRecords; ++i) {
      records.push_back(PaymentRecord(absl::StrFormat("%d", i), i % 4));
    }
    producer.Write(topic, records);
  }
  KafkaSource::Options options{.topic = topic};
  options.ask_timeout = milliseconds(1'000);
  options.stall_timeout = milliseconds(1'000);
  // Little is fetched ahead, so that most is still to be asked for.
  auto opened = KafkaSource::Open(
      {.brokers = kafka_->brokers(),
       .properties = {{"queued.min.messages", "100"}, {"fetch.message.max.bytes", "20000"}}},
      options);
  ASSERT_THAT(opened, IsOk());
  KafkaSource& source = **opened;
  for (int p = 0; p < 4; ++p) ASSERT_THAT(source.Assign(p, 0), IsOk());

  std::vector<eventlog::Offset> next(4, 0);
  std::vector<LogRecord> batch;
  int read = 0;
  const auto take = [&](size_t count) {
    for (size_t i = 0; i < count; ++i) {
      const LogRecord& record = batch[i];
      EXPECT_EQ(record.offset, next[static_cast<size_t>(record.partition)]++);
      ++read;
    }
  };
  while (read < 2'000) {
    const auto count = source.Poll(&batch, 50, milliseconds(100));
    ASSERT_THAT(count, IsOk());
    take(*count);
  }
  kafka_->Kill();
  absl::Status trouble;
  while (trouble.ok()) {  // what was fetched comes, then the truth
    const auto count = source.Poll(&batch, 50, milliseconds(100));
    trouble = count.status();
    if (count.ok()) {
      ASSERT_GT(*count, 0u) << "a dead broker was taken for an empty log";
      take(*count);
    }
  }
  EXPECT_THAT(trouble, StatusIs(absl::StatusCode::kUnavailable, HasSubstr(kafka_->brokers())));
  EXPECT_LT(read, kRecords);
  EXPECT_THAT(source.End(0), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(source.Identity(0, 0), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(source.FirstAtOrAfter(0, 1), StatusIs(absl::StatusCode::kUnavailable));
  kafka_->Up();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  for (bool all = false; !all && std::chrono::steady_clock::now() < deadline;) {
    const auto count = source.Poll(&batch, 50, milliseconds(100));
    if (!count.ok()) continue;  // it heals by itself
    take(*count);
    all = *count == 0;
  }
  EXPECT_EQ(read, kRecords);
}

}  // namespace
}  // namespace verdict::kafka_log
