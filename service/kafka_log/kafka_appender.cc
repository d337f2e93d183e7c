#include "kafka_log/kafka_appender.h"

#include <utility>

#include "wire/event_bytes.h"

namespace verdict::kafka_log {
namespace {

base::Counter CounterOf(const char* result) {
  return base::Metrics().AddCounter("verdict_log_appends_total",
                                    "Appends to the event log by result.", {{"result", result}});
}

}  // namespace

KafkaAppender::KafkaAppender(Producer* producer, std::string topic, bool stamp_events)
    : producer_(producer),
      topic_(std::move(topic)),
      stamp_events_(stamp_events),
      appended_(CounterOf("ok")),
      failed_(CounterOf("failed")) {}

void KafkaAppender::Append(const model::Event& event, const model::Decision*,
                           eventlog::OnAppended done) {
  thread_local std::string value;
  wire::EventToBytes(event, &value);
  producer_->Send(
      {.topic = topic_,
       .key = event.txn.merchant_id,
       .value = value,
       .headers = {{"content-type", "application/x-protobuf"}},
       .stamp_ms = stamp_events_ ? event.txn.event_time_ms : 0},
      [appended = appended_, failed = failed_, done = std::move(done)](const absl::Status& status) {
        (status.ok() ? appended : failed).Add();
        if (done) done(status);
      });
}

}  // namespace verdict::kafka_log
