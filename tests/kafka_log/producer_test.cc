// Events and dead letters on their way to a broker.
#include "kafka_log/producer.h"

#include <atomic>
#include <fstream>
#include <future>
#include <map>
#include <string>

#include "kafka_log/dead_letters.h"
#include "kafka_log/kafka_appender.h"
#include "kafka_log/kafka_log.h"
#include "kafka_log/kafka_world.h"
#include "kafka_log/mock_cluster.h"
#include "support/temp_dir.h"

namespace verdict::kafka_log {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOk;
using testing::KafkaPayment;
using testing::KafkaTest;
using testing::MockCluster;
using testing::PaymentRecord;
using testing::ReadWhole;
using testing::StatusIs;
using testing::TestProducer;

using Code = absl::StatusCode;
using ProducerBrokerTest = KafkaTest;

absl::Status AppendAndWait(eventlog::EventAppender* appender, const model::Event& event) {
  std::promise<absl::Status> done;
  appender->Append(event, nullptr, [&done](const absl::Status& status) { done.set_value(status); });
  return done.get_future().get();
}

TEST_F(ProducerBrokerTest, AnEventIsInTheLogOnceItIsAcknowledged) {
  KafkaOptions options;
  options.brokers = kafka_->brokers();
  options.topic = kafka_->MakeTopic(4);
  options.record = true;
  const auto log = KafkaLog::Configure(options);
  ASSERT_THAT(log, IsOk());
  const auto producer = log->MakeProducer();
  ASSERT_THAT(producer, IsOk());
  const auto appender = log->MakeAppender(producer->get());
  ASSERT_THAT(appender, IsOk());
  auto source = log->OpenQuietSource();
  ASSERT_THAT(source, IsOk());
  for (int p = 0; p < 4; ++p) ASSERT_THAT((*source)->Assign(p, 0), IsOk());
  const uint64_t misplaced = base::Metrics().CounterValue("verdict_kafka_misplaced_total", {});
  for (int i = 0; i < 20; ++i) {
    model::Event event = KafkaPayment(std::to_string(i));
    event.txn.merchant_id = "m" + std::to_string(i % 7);
    ASSERT_THAT(AppendAndWait(appender->get(), event), IsOk());
    std::vector<eventlog::LogRecord> batch;
    ASSERT_EQ(*(*source)->Poll(&batch, 10, milliseconds(0)), 1u);
    EXPECT_EQ(batch[0].event, event);
    EXPECT_EQ(batch[0].partition,
              eventlog::PartitionOf(event.txn.merchant_id, 4, eventlog::Partitioner::kMurmur2));
  }
  EXPECT_EQ(base::Metrics().CounterValue("verdict_kafka_misplaced_total", {}), misplaced);
}

TEST_F(ProducerBrokerTest, WhatCannotBeReadGoesToTheDeadLettersWithItsReason) {
  KafkaOptions options;
  options.brokers = kafka_->brokers();
  options.topic = kafka_->MakeTopic(2);
  options.dead_topic = kafka_->MakeTopic(1);
  const auto log = KafkaLog::Configure(options);
  ASSERT_THAT(log, IsOk());
  const auto producer = log->MakeProducer();
  ASSERT_THAT(producer, IsOk());
  const auto letters = log->MakeDeadLetters(producer->get());
  TestProducer writer(kafka_->brokers());
  TestProducer::Record bad{.partition = 1, .key = "merchant", .value = "{\"nonsense\": 1}"};
  bad.headers = {{"content-type", "application/json"}, {"trace", "abc"}};
  writer.Write(options.topic, {PaymentRecord("good", 1), bad});
  TestProducer::Record tombstone{.partition = 0, .key = "k"};
  writer.Write(options.topic, {tombstone});
  {
    auto source = log->OpenSource(letters.get(), std::nullopt);
    ASSERT_THAT(source, IsOk());
    for (int p = 0; p < 2; ++p) ASSERT_THAT((*source)->Assign(p, 0), IsOk());
    EXPECT_EQ(ReadWhole(source->get()).size(), 3u);
  }
  ASSERT_THAT((*producer)->Flush(seconds(30)), IsOk());
  std::map<std::string, testing::ReadBack> dead;
  for (testing::ReadBack& letter : testing::ReadTopic(kafka_->brokers(), options.dead_topic)) {
    const std::string key = letter.key;
    dead.emplace(key, std::move(letter));
  }
  ASSERT_EQ(dead.size(), 2u);
  const testing::ReadBack& letter = dead.at("merchant");
  EXPECT_EQ(letter.value, *bad.value);
  EXPECT_EQ(letter.headers.at("content-type"), "application/json");
  EXPECT_EQ(letter.headers.at("trace"), "abc");
  EXPECT_EQ(letter.headers.at("verdict.topic"), options.topic);
  EXPECT_EQ(letter.headers.at("verdict.partition"), "1");
  EXPECT_EQ(letter.headers.at("verdict.offset"), "1");
  EXPECT_THAT(letter.headers.at("verdict.reason"), HasSubstr("nonsense"));
  EXPECT_THAT(dead.at("k").headers.at("verdict.reason"), HasSubstr("no value"));
  EXPECT_THAT(dead.at("k").value, IsEmpty());
}

TEST_F(ProducerBrokerTest, MisplacedEventsAreCounted) {
  const std::string topic = kafka_->MakeTopic(2);
  const eventlog::Partition right = eventlog::PartitionOf("m1", 2, eventlog::Partitioner::kMurmur2);
  TestProducer writer(kafka_->brokers());
  writer.Write(topic, {PaymentRecord("a", right), PaymentRecord("b", 1 - right)});
  const uint64_t before = base::Metrics().CounterValue("verdict_kafka_misplaced_total", {});
  ReadWhole(OpenWhole(topic).get());
  EXPECT_EQ(base::Metrics().CounterValue("verdict_kafka_misplaced_total", {}), before + 1);
}

TEST(ProducerTest, SaysWhatWasNotAcknowledged) {
  Producer::Options options;
  options.give_up_after = milliseconds(300);
  const auto producer = Producer::Make({.brokers = "127.0.0.1:1", .properties = {}}, options);
  ASSERT_THAT(producer, IsOk());
  KafkaAppender appender(producer->get(), "t");
  EXPECT_THAT(AppendAndWait(&appender, KafkaPayment("a")),
              StatusIs(Code::kUnavailable, HasSubstr("127.0.0.1:1")));
}

TEST(ProducerTest, IsBoundedAndAnswersEachOnce) {
  Producer::Options options;
  options.records_max = 10;
  options.give_up_after = milliseconds(60'000);
  options.close_within = milliseconds(100);
  std::atomic<int> full{0}, unavailable{0};
  {
    const auto producer = Producer::Make({.brokers = "127.0.0.1:1", .properties = {}}, options);
    ASSERT_THAT(producer, IsOk());
    KafkaAppender appender(producer->get(), "t");
    for (int i = 0; i < 30; ++i) {
      appender.Append(KafkaPayment("a"), nullptr, [&](const absl::Status& status) {
        (absl::IsResourceExhausted(status) ? full : unavailable).fetch_add(1);
      });
    }
    EXPECT_EQ(full, 20);
  }
  EXPECT_EQ(unavailable, 10);  // told when it was closed
}

TEST(ProducerTest, WritesOnceThoughAcknowledgementsGetLost) {
  MockCluster cluster(1);
  cluster.MakeTopic("t", 1);
  const auto producer = Producer::Make({.brokers = cluster.brokers(), .properties = {}}, {});
  ASSERT_THAT(producer, IsOk());
  KafkaAppender appender(producer->get(), "t");
  ASSERT_THAT(AppendAndWait(&appender, KafkaPayment("a")), IsOk());
  cluster.Fail(MockCluster::kProduce, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, 2);
  ASSERT_THAT(AppendAndWait(&appender, KafkaPayment("b")), IsOk());
  EXPECT_EQ(testing::ReadTopic(cluster.brokers(), "t").size(), 2u);
}

class ConfigureTest : public ::testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(dir_ / name) << text;
    return dir_ / name;
  }
  static absl::Status Error(const KafkaOptions& options) {
    return KafkaLog::Configure(options).status();
  }
  testing::TempDir dir_;
  ConfigureTest() { options_.brokers = "127.0.0.1:1"; }
  KafkaOptions options_;
};

TEST_F(ConfigureTest, NamesTheFileThatIsWrongAndHowToMendIt) {
  EXPECT_THAT(Error(options_), IsOk());
  options_.properties = Write("bad.properties", "no.such.property=1\n");
  EXPECT_THAT(Error(options_),
              StatusIs(Code::kInvalidArgument,
                       AllOf(HasSubstr("bad.properties"), HasSubstr("no.such.property"))));
  options_.properties = Write("fixed.properties", "isolation.level=read_uncommitted\n");
  EXPECT_THAT(Error(options_), StatusIs(Code::kInvalidArgument, HasSubstr("fixed.properties:1")));
  options_.properties.clear();
  options_.format = ValueFormat::kMapping;
  options_.mapping = dir_ / "none.json";
  EXPECT_THAT(Error(options_), StatusIs(Code::kNotFound, HasSubstr("none.json")));
  options_.mapping = Write("label.json", R"({"fields": {"id": "a", "event_time_ms": "b",
      "amount_minor": "c", "currency": "d", "merchant_id": "e"}, "label": {"column": "f"}})");
  EXPECT_THAT(Error(options_),
              StatusIs(Code::kInvalidArgument, AllOf(HasSubstr("label.json"), HasSubstr("LABEL"))));
  options_ = {};
  EXPECT_THAT(Error(options_), StatusIs(Code::kInvalidArgument, HasSubstr("log.kafka.brokers")));
}

TEST_F(ConfigureTest, RecordMayNotWriteWhereConfigurationDoesNotLetIt) {
  const auto log = KafkaLog::Configure(options_);
  ASSERT_THAT(log, IsOk());
  EXPECT_THAT(log->MakeAppender(nullptr),
              StatusIs(Code::kFailedPrecondition, HasSubstr("log.kafka.record")));
}

}  // namespace
}  // namespace verdict::kafka_log
