// EventAppender over a Kafka topic, where configuration lets Record write there.
#pragma once

#include <string>

#include "base/metrics.h"
#include "eventlog/event_source.h"
#include "kafka_log/producer.h"

namespace verdict::kafka_log {

// Thread-safe. Key: the merchant's id; value: protobuf, told by content-type. A decision is not
// written beside its payment: decisions have a topic of their own.
class KafkaAppender : public eventlog::EventAppender {
 public:
  // `producer` must outlive it. `stamp_events`: records bear the times of their events, for a topic
  // that is replayed by them; else now.
  KafkaAppender(Producer* producer, std::string topic, bool stamp_events = false);
  // `done` gets OK once all replicas have the event.
  void Append(const model::Event& event, const model::Decision* decision,
              eventlog::OnAppended done) override;

 private:
  Producer* const producer_;
  const std::string topic_;
  const bool stamp_events_;
  const base::Counter appended_;
  const base::Counter failed_;
};

}  // namespace verdict::kafka_log
