// Records that could not be read, written to a topic of their own with the reason.
#pragma once

#include <string>
#include <string_view>

#include "base/metrics.h"
#include "kafka_log/producer.h"

namespace verdict::kafka_log {

// Thread-safe. A letter has key, value and headers of its record, and headers verdict.topic,
// verdict.partition, verdict.offset, verdict.reason. Written at least once: who starts again from a
// checkpoint, and every instance, writes it again; (topic, partition, offset) names it. One that
// cannot be written is counted; its record stays in its topic until retention removes it.
class DeadLetters {
 public:
  // `producer` must outlive it, and all that was sent.
  DeadLetters(Producer* producer, std::string topic);
  // Never blocks. `reason` holds no card number.
  void Send(const rd_kafka_message_t& record, std::string_view reason);

 private:
  Producer* const producer_;
  const std::string topic_;
  const base::Counter sent_;
  const base::Counter failed_;
};

}  // namespace verdict::kafka_log
