// Reads single records of a topic again, beside the stream: by offset, or the first of some time.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "eventlog/event_source.h"
#include "kafka_log/client.h"

namespace verdict::kafka_log {

// What a record is known again by.
struct Sighting {
  eventlog::Offset offset = -1;
  int64_t stamp_ms = 0;
  bool believed = true;  // StampOf
  uint32_t crc = 0;      // crc32c of key and value
};
Sighting Sight(const rd_kafka_message_t& message);

// **Thread-compatible.** Its client is made with the first question.
class RecordFinder {
 public:
  RecordFinder(Connection connection, std::string topic, std::chrono::milliseconds timeout);
  ~RecordFinder();

  // The first visible record from `from` on that is stamped `time_ms` or later, and believed
  // (StampOf); INT64_MIN: whatever its stamp. Nothing where the log's end comes first, which lies
  // at `end` or behind it as the caller has seen it. Errors: OutOfRange where `from` is no offset
  // of the partition; Unavailable.
  absl::StatusOr<std::optional<Sighting>> First(eventlog::Partition partition,
                                                eventlog::Offset from, eventlog::Offset end,
                                                int64_t time_ms);

 private:
  absl::Status Open();
  absl::Status Point(eventlog::Partition partition, eventlog::Offset from);
  void Nudge(eventlog::Partition partition);
  absl::StatusOr<std::optional<Sighting>> Search(eventlog::Partition partition,
                                                 eventlog::Offset end, int64_t time_ms);

  const Connection connection_;
  const std::string topic_;
  const std::chrono::milliseconds timeout_;
  std::unique_ptr<Client> client_;
  Queue queue_;
};

}  // namespace verdict::kafka_log
