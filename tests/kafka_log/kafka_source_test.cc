// The stream of a topic on a real broker: what is seen, what is not, and what is said of losses.
#include "kafka_log/kafka_source.h"

#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/metrics.h"
#include "kafka_log/kafka_world.h"
#include "wire/event_json.h"

namespace verdict::kafka_log {
namespace {

using eventlog::LogRecord;
using eventlog::Offset;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::IdsOf;
using ::testing::IsEmpty;
using testing::IsOk;
using testing::KafkaPayment;
using testing::KafkaTest;
using testing::NextTrouble;
using testing::PaymentRecord;
using testing::ReadWhole;
using testing::StatusIs;
using testing::TestProducer;

using Code = absl::StatusCode;
using KafkaSourceTest = KafkaTest;

TEST_F(KafkaSourceTest, ATopicThatIsNotThereIsToldWithHowToMakeIt) {
  const auto source = KafkaSource::Open(connection(), {.topic = "nowhere"});
  EXPECT_THAT(source, StatusIs(Code::kNotFound,
                               AllOf(HasSubstr("no topic nowhere"), HasSubstr("--create"),
                                     HasSubstr("LogAppendTime"), HasSubstr(kafka_->brokers()))));
}

TEST_F(KafkaSourceTest, BrokersThatAreNotThereAreTold) {
  KafkaSource::Options options;
  options.ask_timeout = milliseconds(500);
  const auto source = KafkaSource::Open({.brokers = "127.0.0.1:1", .properties = {}}, options);
  EXPECT_THAT(source, StatusIs(Code::kUnavailable,
                               AllOf(HasSubstr("127.0.0.1:1"), HasSubstr("Connection refused"))));
}

TEST_F(KafkaSourceTest, WhatATransactionAbortedIsNeverSeen) {
  const std::string topic = kafka_->MakeTopic(1);
  TestProducer producer(kafka_->brokers(), topic + "-writer");
  producer.Begin();
  producer.Write(topic, {PaymentRecord("a1"), PaymentRecord("a2")});
  producer.Commit();
  producer.Begin();
  producer.Write(topic, {PaymentRecord("lost1"), PaymentRecord("lost2")});
  producer.Abort();
  auto source = OpenWhole(topic);
  // Behind the aborted records nothing is left, though the log goes on to offset 6.
  EXPECT_THAT(IdsOf(ReadWhole(source.get())), ElementsAre("a1", "a2"));
  EXPECT_EQ(*source->End(0), 6);
  producer.Begin();
  producer.Write(topic, {PaymentRecord("b1")});
  producer.Commit();
  const std::vector<LogRecord> more = ReadWhole(source.get());
  ASSERT_THAT(IdsOf(more), ElementsAre("b1"));
  EXPECT_EQ(more[0].offset, 6);
  EXPECT_THAT(source->Identity(0, 3), StatusIs(Code::kNotFound));  // an aborted one
  EXPECT_THAT(source->Identity(0, 1), IsOk());
}

TEST_F(KafkaSourceTest, AnOpenTransactionHoldsRecordsBackAndTheCutWithThem) {
  const std::string topic = kafka_->MakeTopic(1);
  TestProducer producer(kafka_->brokers(), topic + "-writer");
  producer.Begin();
  producer.Write(topic, {PaymentRecord("a")});
  producer.Commit();
  auto source = OpenWhole(topic);
  const std::vector<LogRecord> seen = ReadWhole(source.get());
  ASSERT_THAT(IdsOf(seen), ElementsAre("a"));
  producer.Begin();
  producer.Write(topic, {PaymentRecord("held")});
  EXPECT_THAT(ReadWhole(source.get()), IsEmpty());
  EXPECT_EQ(*source->End(0), 3);
  const int64_t later = seen[0].record_time_ms + 1;
  EXPECT_EQ(*source->FirstAtOrAfter(0, seen[0].record_time_ms), std::optional<Offset>(0));
  EXPECT_THAT(source->FirstAtOrAfter(0, later),
              StatusIs(Code::kUnavailable, HasSubstr("transaction is open")));
  producer.Commit();
  EXPECT_THAT(IdsOf(ReadWhole(source.get())), ElementsAre("held"));
  EXPECT_EQ(*source->FirstAtOrAfter(0, later), std::optional<Offset>(2));
}

// The cut is the first *visible* record: the broker itself names a transaction's marker.
TEST_F(KafkaSourceTest, ACutLiesBehindWhatWasAborted) {
  const std::string topic = kafka_->MakeTopic(1, {{"message.timestamp.type", "CreateTime"}});
  TestProducer producer(kafka_->brokers(), topic + "-writer");
  constexpr int64_t kCut = 1'700'000'000'000;
  producer.Begin();
  producer.Write(topic, {PaymentRecord("before", 0, kCut - 1000)});
  producer.Commit();
  producer.Begin();
  producer.Write(topic, {PaymentRecord("aborted", 0, kCut + 10)});
  producer.Abort();
  producer.Begin();
  producer.Write(topic, {PaymentRecord("after", 0, kCut + 20)});
  producer.Commit();
  auto source = Open(topic);
  EXPECT_EQ(*source->FirstAtOrAfter(0, kCut), std::optional<Offset>(4));
  const auto client = Client::Make(connection(), Client::Kind::kReader);
  ASSERT_THAT(client, IsOk());
  EXPECT_EQ(*Topic(client->get(), topic, milliseconds(5000)).Near(0, kCut), 1);
}

// Why Near is asked a millisecond early: the fact, as this broker has it.
TEST_F(KafkaSourceTest, FindsTheFirstOfManyRecordsWithOneStamp) {
  const std::string topic = kafka_->MakeTopic(
      1, {{"message.timestamp.type", "CreateTime"}, {"index.interval.bytes", "64"}});
  TestProducer producer(kafka_->brokers());
  constexpr int64_t kTime = 1'700'000'000'000;
  std::vector<TestProducer::Record> records;
  for (int batch = 0; batch < 8; ++batch) {
    records.clear();
    for (int i = 0; i < 50; ++i) {
      records.push_back(PaymentRecord(absl::StrFormat("%d-%d", batch, i), 0,
                                      batch < 2 ? kTime - 2 + batch : kTime));
    }
    producer.Write(topic, records);
  }
  auto source = Open(topic);
  EXPECT_EQ(*source->FirstAtOrAfter(0, kTime - 2), std::optional<Offset>(0));
  EXPECT_EQ(*source->FirstAtOrAfter(0, kTime - 1), std::optional<Offset>(50));
  EXPECT_EQ(*source->FirstAtOrAfter(0, kTime), std::optional<Offset>(100));
  EXPECT_EQ(*source->FirstAtOrAfter(0, kTime + 1), std::optional<Offset>());
}

TEST_F(KafkaSourceTest, RecordTimeIsTheGreatestStampSoFar) {
  const std::string topic = kafka_->MakeTopic(1, {{"message.timestamp.type", "CreateTime"}});
  TestProducer producer(kafka_->brokers());
  constexpr int64_t kTime = 1'700'000'000'000;
  const std::vector<int64_t> stamps = {kTime, kTime + 50, kTime + 20, kTime - 900, kTime + 60};
  for (size_t i = 0; i < stamps.size(); ++i) {
    producer.Write(topic, {PaymentRecord(absl::StrFormat("%d", i), 0, stamps[i])});
  }
  auto source = OpenWhole(topic);
  std::vector<int64_t> times;
  for (const LogRecord& record : ReadWhole(source.get())) times.push_back(record.record_time_ms);
  EXPECT_THAT(times, ElementsAre(kTime, kTime + 50, kTime + 50, kTime + 50, kTime + 60));
  // Its own stamp names a record, however it is come upon.
  EXPECT_EQ(source->Identity(0, 2)->record_time_ms, kTime + 20);
  EXPECT_EQ(*source->FirstAtOrAfter(0, kTime + 51), std::optional<Offset>(4));
  EXPECT_EQ(*source->FirstAtOrAfter(0, kTime + 10), std::optional<Offset>(1));
  // From the middle, as a checkpoint would have it: the same times.
  ASSERT_THAT(source->Assign(0, 2, times[1]), IsOk());
  std::vector<int64_t> again;
  for (const LogRecord& record : ReadWhole(source.get())) again.push_back(record.record_time_ms);
  EXPECT_EQ(again, std::vector<int64_t>(times.begin() + 2, times.end()));
}

TEST_F(KafkaSourceTest, AProducersClockThatIsFarAheadMovesNothing) {
  const std::string topic = kafka_->MakeTopic(1, {{"message.timestamp.type", "CreateTime"}});
  TestProducer producer(kafka_->brokers());
  constexpr int64_t kTime = 1'700'000'000'000;
  constexpr int64_t kFarAhead = 4'000'000'000'000;
  producer.Write(topic, {PaymentRecord("a", 0, kTime)});
  producer.Write(topic, {PaymentRecord("b", 0, kFarAhead)});
  producer.Write(topic, {PaymentRecord("c", 0, kTime + 5)});
  auto source = OpenWhole(topic);
  const std::vector<LogRecord> records = ReadWhole(source.get());
  ASSERT_EQ(records.size(), 3u);
  EXPECT_THAT(records[1].unreadable, HasSubstr("past the real time"));
  EXPECT_EQ(records[1].record_time_ms, kTime);
  EXPECT_EQ(records[2].record_time_ms, kTime + 5);
  EXPECT_EQ(*source->FirstAtOrAfter(0, kTime + 1), std::optional<Offset>(2));
  // It tells the record again, and is nobody's time: not the newest, and not that of the head.
  EXPECT_EQ(source->Identity(0, 1)->record_time_ms, kFarAhead);
  EXPECT_FALSE(source->Identity(0, 1)->believed);
  EXPECT_EQ(*eventlog::NewestTimeBefore(source.get(), 0, 2), kTime);
  kafka_->DeleteRecords(topic, 0, 1);
  auto later = Open(topic);
  EXPECT_EQ(*later->FirstAtOrAfter(0, 0), std::optional<Offset>(2));
  EXPECT_EQ(*eventlog::NewestTimeBefore(later.get(), 0, 2), std::optional<int64_t>());
}

TEST_F(KafkaSourceTest, RetentionThatHasPassedWhatIsReadNextIsTold) {
  const std::string topic = kafka_->MakeTopic(2);
  TestProducer producer(kafka_->brokers());
  for (int i = 0; i < 10; ++i)
    producer.Write(topic, {PaymentRecord(absl::StrFormat("%d", i), i % 2)});
  auto source = OpenWhole(topic);
  kafka_->DeleteRecords(topic, 0, 3);  // before the first poll
  std::vector<LogRecord> batch;
  auto first = source->Poll(&batch, 100, seconds(5));
  ASSERT_THAT(first, IsOk());  // the other partition goes on
  EXPECT_EQ(batch[0].partition, 1);
  const absl::Status gone = NextTrouble(source.get(), seconds(20));
  EXPECT_THAT(gone,
              StatusIs(Code::kOutOfRange, AllOf(HasSubstr("partition 0"), HasSubstr("offset 0"),
                                                HasSubstr("below 3"), HasSubstr("retention.ms"))));
  // It is told again and again; the other partition goes on.
  EXPECT_THAT(source->Poll(&batch, 100, milliseconds(20)), StatusIs(Code::kOutOfRange));
  producer.Write(topic, {PaymentRecord("new", 1)});
  first = source->Poll(&batch, 100, seconds(5));
  ASSERT_THAT(first, IsOk());
  EXPECT_THAT(IdsOf(batch), ElementsAre("new"));
  EXPECT_THAT(source->Assign(0, 2), StatusIs(Code::kOutOfRange, HasSubstr("begins at 3")));
  EXPECT_EQ(*source->Low(0), 3);
  ASSERT_THAT(source->Assign(0, 3), IsOk());
  EXPECT_THAT(IdsOf(ReadWhole(source.get())), ElementsAre("6", "8"));
}

TEST_F(KafkaSourceTest, ALossIsToldThoughTheOtherPartitionsNeverPause) {
  const std::string topic = kafka_->MakeTopic(2);
  TestProducer producer(kafka_->brokers());
  for (int i = 0; i < 4; ++i) producer.Write(topic, {PaymentRecord("old", 0)});
  auto source = OpenWhole(topic);
  kafka_->DeleteRecords(topic, 0, 3);
  std::vector<LogRecord> batch;
  absl::Status told;
  for (int i = 0; i < 2'000 && told.ok(); ++i) {
    producer.Write(topic, {PaymentRecord("new", 1), PaymentRecord("new", 1)});
    const auto count = source->Poll(&batch, 1, seconds(5));
    told = count.status();
    if (count.ok()) {
      ASSERT_EQ(*count, 1u);  // there is always more
    }
  }
  EXPECT_THAT(told, StatusIs(Code::kOutOfRange, HasSubstr("partition 0")));
  EXPECT_THAT(source->Poll(&batch, 1, seconds(5)), IsOk());
}

TEST_F(KafkaSourceTest, RetentionThatRemovesWhatWasReadChangesNothing) {
  const std::string topic = kafka_->MakeTopic(1);
  TestProducer producer(kafka_->brokers());
  producer.Write(topic, {PaymentRecord("a"), PaymentRecord("b")});
  auto source = OpenWhole(topic);
  EXPECT_EQ(ReadWhole(source.get()).size(), 2u);
  kafka_->DeleteRecords(topic, 0, 2);
  producer.Write(topic, {PaymentRecord("c")});
  EXPECT_THAT(IdsOf(ReadWhole(source.get())), ElementsAre("c"));
  const auto other = Open(topic);
  EXPECT_THAT(other->Identity(0, 1), StatusIs(Code::kNotFound));
  EXPECT_EQ(other->Identity(0, -1)->log_id, source->log_id());
}

// As after an unclean leader election: the log ends before what was read.
TEST_F(KafkaSourceTest, ATailThatIsLostIsTold) {
  const std::string topic = kafka_->MakeTopic(1);
  {
    TestProducer producer(kafka_->brokers());
    for (int i = 0; i < 10; ++i) producer.Write(topic, {PaymentRecord("old")});
  }
  auto source = OpenWhole(topic);
  EXPECT_EQ(ReadWhole(source.get()).size(), 10u);
  kafka_->DeleteTopic(topic);
  kafka_->MakeTopicNamed(topic, 1);
  TestProducer producer(kafka_->brokers());
  for (int i = 0; i < 3; ++i) producer.Write(topic, {PaymentRecord("new")});
  std::vector<LogRecord> batch;
  absl::Status told;
  const auto deadline = std::chrono::steady_clock::now() + seconds(60);
  while (!absl::IsDataLoss(told) && std::chrono::steady_clock::now() < deadline) {
    const auto count = source->Poll(&batch, 100, milliseconds(20));
    told = count.status();  // Unavailable, until the new topic has its leader
    if (count.ok()) {
      EXPECT_EQ(*count, 0u);
    }
  }
  EXPECT_THAT(
      told, StatusIs(Code::kDataLoss, AllOf(HasSubstr("up to offset 10"), HasSubstr("ends at 3"))));
}

TEST_F(KafkaSourceTest, SaysThatPartitionsWereAdded) {
  const std::string topic = kafka_->MakeTopic(1);
  TestProducer producer(kafka_->brokers());
  producer.Write(topic, {PaymentRecord("a")});
  KafkaSource::Options options{.topic = topic};
  options.refresh_every = milliseconds(50);
  auto source = Open(options);
  ASSERT_THAT(source->Assign(0, 0), IsOk());
  EXPECT_EQ(ReadWhole(source.get()).size(), 1u);
  kafka_->AddPartitions(topic, 3);
  std::vector<LogRecord> batch;
  for (int i = 0; i < 500 && source->partitions() == 1; ++i) {
    ASSERT_THAT(source->Poll(&batch, 10, milliseconds(20)), IsOk());
  }
  ASSERT_EQ(source->partitions(), 3);
  TestProducer newer(kafka_->brokers());
  newer.Write(topic, {PaymentRecord("b", 2)});
  EXPECT_THAT(ReadWhole(source.get()), IsEmpty());  // not assigned
  ASSERT_THAT(source->Assign(2, 0), IsOk());
  EXPECT_THAT(IdsOf(ReadWhole(source.get())), ElementsAre("b"));
  EXPECT_EQ(source->Ends()->size(), 3u);
}

TEST_F(KafkaSourceTest, ReadsBothFormatsOfOneTopicByTheirHeaders) {
  const std::string topic = kafka_->MakeTopic(1);
  TestProducer producer(kafka_->brokers());
  TestProducer::Record json = PaymentRecord("json");
  json.value = wire::EventToJson(KafkaPayment("json"));
  json.headers = {{"trace", "x"}, {"content-type", "application/json"}};
  TestProducer::Record empty{.key = "m1"};
  producer.Write(topic, {PaymentRecord("protobuf"), json, empty});
  auto source = OpenWhole(topic);
  const std::vector<LogRecord> records = ReadWhole(source.get());
  ASSERT_EQ(records.size(), 3u);
  EXPECT_EQ(records[0].event, KafkaPayment("protobuf"));
  EXPECT_EQ(records[1].event, KafkaPayment("json"));
  EXPECT_THAT(records[2].unreadable, HasSubstr("no value"));
}

TEST_F(KafkaSourceTest, ShowsHowFarItHasCome) {
  const std::string topic = kafka_->MakeTopic(1);
  TestProducer producer(kafka_->brokers());
  producer.Write(topic, {PaymentRecord("a"), PaymentRecord("b"), PaymentRecord("c")});
  KafkaSource::Options options{.topic = topic};
  options.with_metrics = true;
  options.retention_ms = 1'000'000;
  auto source = Open(options);
  ASSERT_THAT(source->Assign(0, 0), IsOk());
  std::vector<LogRecord> batch;
  ASSERT_EQ(*source->Poll(&batch, 1, seconds(20)), 1u);
  const auto value = [](const std::string& name) {
    for (const base::MetricFamily& family : base::Metrics().Collect()) {
      if (family.name == name) return family.samples.at(0).value;
    }
    return -1.0;
  };
  EXPECT_EQ(value("verdict_agg_next_offset"), 1);
  EXPECT_EQ(value("verdict_agg_lag_records"), 2);
  EXPECT_GT(value("verdict_agg_lag_seconds"), 0);
  EXPECT_LT(value("verdict_agg_retention_margin_seconds"), 1000);
  EXPECT_EQ(value("verdict_dependency_up"), 1);
  ReadWhole(source.get());
  EXPECT_EQ(value("verdict_agg_lag_records"), 0);
  EXPECT_EQ(value("verdict_agg_lag_seconds"), 0);
  source.reset();
  EXPECT_EQ(value("verdict_agg_next_offset"), -1);
}

}  // namespace
}  // namespace verdict::kafka_log
