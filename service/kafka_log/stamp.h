// The time that a record is stamped with, by the broker or by its producer.
#pragma once

#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <optional>

#include "base/clock.h"

namespace verdict::kafka_log {

// How far past the real time a producer's stamp may lie.
inline constexpr int64_t kStampSkewMs = int64_t{5} * 60 * 1000;

// Nothing where a producer stamped the record past the real time and kStampSkewMs: believed, it
// would make all records behind it late. Brokers are believed.
inline std::optional<int64_t> StampOf(const rd_kafka_message_t& message) {
  rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
  const int64_t stamp_ms = rd_kafka_message_timestamp(&message, &type);
  const bool ahead =
      type == RD_KAFKA_TIMESTAMP_CREATE_TIME && stamp_ms > base::WallClock().NowMs() + kStampSkewMs;
  if (ahead) return std::nullopt;
  return stamp_ms;
}

}  // namespace verdict::kafka_log
