// A topic of a real broker keeps the promises of every log.
#include <chrono>
#include <optional>
#include <thread>

#include "gtest/gtest.h"
#include "kafka_log/kafka_source.h"
#include "support/event_source_contract.h"
#include "support/local_kafka.h"
#include "wire/event_bytes.h"

namespace verdict::testing {
namespace {

struct KafkaFixture {
  KafkaFixture() : kafka(LocalKafka::Get(&why_not)) {
    if (kafka == nullptr) return;
    topic = kafka->MakeTopic(kContractPartitions);
    producer.emplace(kafka->brokers());
  }
  eventlog::Offset Write(eventlog::Partition partition, const std::string& id) {
    TestProducer::Record record{.partition = partition, .key = MerchantOf(partition)};
    wire::EventToBytes(ContractPayment(id, partition), &record.value.emplace());
    return producer->Write(topic, {record});
  }
  void LetTimePass() { std::this_thread::sleep_for(std::chrono::milliseconds(5)); }
  std::unique_ptr<eventlog::EventSource> Open() {
    auto source = kafka_log::KafkaSource::Open({.brokers = kafka->brokers(), .properties = {}},
                                               {.topic = topic});
    EXPECT_THAT(source, IsOk());
    return *std::move(source);
  }

  std::string why_not;
  LocalKafka* kafka;
  std::string topic;
  std::optional<TestProducer> producer;
};
INSTANTIATE_TYPED_TEST_SUITE_P(Kafka, EventSourceContract, KafkaFixture);

}  // namespace
}  // namespace verdict::testing
