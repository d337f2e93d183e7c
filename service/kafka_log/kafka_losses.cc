// What of a partition is gone, and how that is told.
#include <utility>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "kafka_log/kafka_source.h"

namespace verdict::kafka_log {
namespace {

// How often a partition that cannot be read on is told of while others can.
constexpr std::chrono::milliseconds kTellEvery{1'000};
constexpr std::chrono::seconds kExamineEvery{10};

}  // namespace

using eventlog::Offset;
using eventlog::Partition;
using std::chrono::steady_clock;

// librdkafka found no record where reading was to go on. Why?
absl::Status KafkaSource::ExamineDoubtful() {
  if (!std::exchange(any_doubtful_, false)) return absl::OkStatus();
  for (Partition p = 0; p < partitions(); ++p) {
    Reader& reader = readers_[static_cast<size_t>(p)];
    if (!reader.doubtful) continue;
    any_doubtful_ = true;  // until both are answered
    ASSIGN_OR_RETURN(const Offset low, Low(p));
    ASSIGN_OR_RETURN(const Offset end, End(p));
    reader.doubtful = false;
    any_doubtful_ = false;
    if (reader.next < low) {
      reader.lost = Removed(p, reader.next, low);
    } else if (reader.next > end) {
      reader.lost = absl::DataLossError(absl::StrFormat(
          "partition %d of topic %s was read up to offset %d, but ends at %d: its tail was lost "
          "(an unclean leader election?); start again",
          p, options_.topic, reader.next, end));
    } else {
      assignment_changed_ = true;  // it is there after all
    }
  }
  return absl::OkStatus();
}

// While others are read. What the brokers do not answer now is asked again, but not with each
// batch: a leader that is away would hold up all the others.
void KafkaSource::ExamineBetween() {
  if (!any_doubtful_ || steady_clock::now() < next_examination_) return;
  static_cast<void>(ExamineDoubtful().ok());
  next_examination_ = steady_clock::now() + kExamineEvery;
}

// A gap is what transactions leave, as a rule. It is a loss where the log's first offset lies
// within it: then somebody has moved on past what retention removed.
bool KafkaSource::RetentionLiesBetween(Partition partition, Offset offset) {
  Reader& reader = readers_[static_cast<size_t>(partition)];
  int64_t low = 0;
  int64_t high = 0;
  if (rd_kafka_get_watermark_offsets(reader_client_->handle(), options_.topic.c_str(), partition,
                                     &low, &high) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return false;
  }
  if (low <= reader.next || low > offset) return false;
  reader.lost = Removed(partition, reader.next, low);
  return true;
}

absl::Status KafkaSource::Removed(Partition partition, Offset next, Offset low) const {
  return absl::OutOfRangeError(absl::StrFormat(
      "partition %d of topic %s: offset %d was to be read next, but retention has removed the log "
      "below %d: events are missing; start again, and lengthen the topic's retention.ms",
      partition, options_.topic, next, low));
}

// Also where the other partitions never pause. They go on in between.
absl::Status KafkaSource::TellLoss() {
  const auto now = steady_clock::now();
  if (now < next_tell_) return absl::OkStatus();
  for (const Reader& reader : readers_) {
    if (reader.lost.ok()) continue;
    next_tell_ = now + kTellEvery;
    return reader.lost;
  }
  return absl::OkStatus();
}

}  // namespace verdict::kafka_log
