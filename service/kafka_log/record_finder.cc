// A client of its own, so that the stream's prefetched records are not thrown away.
#include "kafka_log/record_finder.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/hash.h"
#include "base/status.h"
#include "kafka_log/stamp.h"

namespace verdict::kafka_log {

using eventlog::Offset;
using eventlog::Partition;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

constexpr milliseconds kNudgeAfter{5};

}  // namespace

Sighting Sight(const rd_kafka_message_t& message) {
  const std::string_view key(static_cast<const char*>(message.key), message.key_len);
  const std::string_view value(static_cast<const char*>(message.payload), message.len);
  rd_kafka_timestamp_type_t type;
  return {.offset = message.offset,
          .stamp_ms = rd_kafka_message_timestamp(&message, &type),
          .believed = StampOf(message).has_value(),
          .crc = base::Crc32c(value, base::Crc32c(key))};
}

RecordFinder::RecordFinder(Connection connection, std::string topic, milliseconds timeout)
    : connection_(std::move(connection)), topic_(std::move(topic)), timeout_(timeout) {}

RecordFinder::~RecordFinder() = default;

absl::Status RecordFinder::Open() {
  if (client_ != nullptr) return absl::OkStatus();
  // One record is wanted, not a megabyte.
  ASSIGN_OR_RETURN(
      client_, Client::Make(connection_, Client::Kind::kReader,
                            {{"fetch.message.max.bytes", "65536"}, {"queued.min.messages", "1"}}));
  rd_kafka_poll_set_consumer(client_->handle());
  queue_.reset(rd_kafka_queue_get_consumer(client_->handle()));
  return absl::OkStatus();
}

absl::Status RecordFinder::Point(Partition partition, Offset from) {
  const PartitionList list(rd_kafka_topic_partition_list_new(1));
  if (from >= 0) {
    rd_kafka_topic_partition_list_add(list.get(), topic_.c_str(), partition)->offset = from;
  }
  const rd_kafka_resp_err_t error = rd_kafka_assign(client_->handle(), list.get());
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return absl::OkStatus();
  return client_->Trouble(absl::StrFormat("partition %d of topic %s", partition, topic_), error);
}

// librdkafka's thread may sleep on, up to a second, though it has been given something to fetch. It
// wakes to carry a question; what comes back is of no interest.
void RecordFinder::Nudge(Partition partition) {
  int64_t low = 0;
  int64_t high = 0;
  static_cast<void>(rd_kafka_query_watermark_offsets(client_->handle(), topic_.c_str(), partition,
                                                     &low, &high,
                                                     static_cast<int>(timeout_.count())));
}

absl::StatusOr<std::optional<Sighting>> RecordFinder::First(Partition partition, Offset from,
                                                            Offset end, int64_t time_ms) {
  RETURN_IF_ERROR(Open());
  RETURN_IF_ERROR(Point(partition, from));
  absl::StatusOr<std::optional<Sighting>> found = Search(partition, end, time_ms);
  RETURN_IF_ERROR(Point(partition, -1));
  return found;
}

absl::StatusOr<std::optional<Sighting>> RecordFinder::Search(Partition partition, Offset end,
                                                             int64_t time_ms) {
  auto deadline = steady_clock::now() + timeout_;  // of the next record, not of all
  for (auto now = steady_clock::now(); now < deadline; now = steady_clock::now()) {
    const auto left = std::min(std::chrono::ceil<milliseconds>(deadline - now), kNudgeAfter);
    const Message message(rd_kafka_consume_queue(queue_.get(), static_cast<int>(left.count())));
    if (message == nullptr) Nudge(partition);
    if (message == nullptr || message->partition != partition) continue;
    switch (message->err) {
      case RD_KAFKA_RESP_ERR_NO_ERROR: {
        client_->NoteAnswer();
        if (StampOf(*message).value_or(INT64_MIN) >= time_ms) {
          return std::optional<Sighting>(Sight(*message));
        }
        deadline = steady_clock::now() + timeout_;
        break;
      }
      case RD_KAFKA_RESP_ERR__PARTITION_EOF:
        client_->NoteAnswer();
        if (message->offset < end) break;  // of an earlier moment
        return std::optional<Sighting>();
      case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
        return absl::OutOfRangeError(absl::StrFormat("partition %d of topic %s: %s", partition,
                                                     topic_,
                                                     rd_kafka_message_errstr(message.get())));
      default:
        return client_->Trouble(absl::StrFormat("partition %d of topic %s", partition, topic_),
                                message->err);
    }
  }
  return client_->Trouble(
      absl::StrFormat("a record of partition %d of topic %s", partition, topic_),
      RD_KAFKA_RESP_ERR__TIMED_OUT);
}

}  // namespace verdict::kafka_log
