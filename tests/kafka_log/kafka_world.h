// What tests against a broker share: payments, and a source that reads all there is.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kafka_log/kafka_source.h"
#include "support/local_kafka.h"
#include "support/status_matchers.h"
#include "wire/event_bytes.h"

namespace verdict::testing {

inline model::Event KafkaPayment(const std::string& id) {
  model::Event event;
  event.txn.id = id;
  event.txn.event_time_ms = 1'700'000'000'000;
  event.txn.amount_minor = 1234;
  event.txn.currency = "EUR";
  event.txn.merchant_id = "m1";
  return event;
}

inline TestProducer::Record PaymentRecord(const std::string& id, int32_t partition = 0,
                                          int64_t timestamp_ms = 0) {
  TestProducer::Record record{.partition = partition, .key = "m1", .timestamp_ms = timestamp_ms};
  wire::EventToBytes(KafkaPayment(id), &record.value.emplace());
  return record;
}

// A broker where one can be had here; else the test says why it was skipped.
class KafkaTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string why;
    kafka_ = LocalKafka::Get(&why);
    if (kafka_ == nullptr) GTEST_SKIP() << why;
  }
  kafka_log::Connection connection() const {
    return {.brokers = kafka_->brokers(), .properties = {}};
  }
  std::unique_ptr<kafka_log::KafkaSource> Open(kafka_log::KafkaSource::Options options) const {
    auto source = kafka_log::KafkaSource::Open(connection(), options);
    EXPECT_THAT(source, IsOk());
    return *std::move(source);
  }
  std::unique_ptr<kafka_log::KafkaSource> Open(const std::string& topic) const {
    return Open(kafka_log::KafkaSource::Options{.topic = topic});
  }
  // The same, all partitions from offset 0.
  std::unique_ptr<kafka_log::KafkaSource> OpenWhole(const std::string& topic) const {
    auto source = Open(topic);
    for (int p = 0; p < source->partitions(); ++p) EXPECT_THAT(source->Assign(p, 0), IsOk());
    return source;
  }
  LocalKafka* kafka_ = nullptr;
};

// Until Poll says that nothing is left, or fails.
inline std::vector<eventlog::LogRecord> ReadWhole(eventlog::EventSource* source) {
  std::vector<eventlog::LogRecord> all, batch;
  while (true) {
    const auto count = source->Poll(&batch, 100, std::chrono::milliseconds(20));
    EXPECT_THAT(count, IsOk());
    if (!count.ok() || *count == 0) return all;
    all.insert(all.end(), batch.begin(), batch.end());
  }
}

inline std::vector<std::string> IdsOf(const std::vector<eventlog::LogRecord>& records) {
  std::vector<std::string> ids;
  for (const eventlog::LogRecord& record : records) ids.push_back(record.event.txn.id);
  return ids;
}

// The first poll that does not say 0: its status.
inline absl::Status NextTrouble(eventlog::EventSource* source, std::chrono::seconds within) {
  const auto deadline = std::chrono::steady_clock::now() + within;
  std::vector<eventlog::LogRecord> batch;
  while (std::chrono::steady_clock::now() < deadline) {
    const auto count = source->Poll(&batch, 100, std::chrono::milliseconds(20));
    if (!count.ok()) return count.status();
  }
  return absl::OkStatus();
}

}  // namespace verdict::testing
