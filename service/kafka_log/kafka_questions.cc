// What is asked of the log beside the stream: its edges, its cuts, its identity.
#include <chrono>
#include <numeric>
#include <string>
#include <thread>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "kafka_log/kafka_source.h"

namespace verdict::kafka_log {
namespace {

constexpr int kOutOfRangeTries = 10;
constexpr std::chrono::milliseconds kOutOfRangePause{50};

}  // namespace

using eventlog::LogIdentity;
using eventlog::Offset;
using eventlog::Partition;

absl::StatusOr<Offset> KafkaSource::Low(Partition partition) {
  RETURN_IF_ERROR(CheckPartition(partition));
  ASSIGN_OR_RETURN(const std::vector<Offset> lows, written_->Lows({&partition, 1}));
  return lows.front();
}

absl::StatusOr<Offset> KafkaSource::End(Partition partition) {
  RETURN_IF_ERROR(CheckPartition(partition));
  ASSIGN_OR_RETURN(const std::vector<Offset> ends, written_->Ends({&partition, 1}));
  return ends.front();
}

absl::StatusOr<std::vector<Offset>> KafkaSource::Ends() {
  std::vector<Partition> all(readers_.size());
  std::iota(all.begin(), all.end(), 0);
  return written_->Ends(all);
}

// A broker may name an offset that it does not give out yet: a moment later it does.
absl::StatusOr<std::optional<Sighting>> KafkaSource::FirstFrom(Partition partition, Offset from,
                                                               Offset end, int64_t time_ms) {
  absl::StatusOr<std::optional<Sighting>> found;
  for (int tries = 0; tries < kOutOfRangeTries; ++tries) {
    found = finder_.First(partition, from, end, time_ms);
    if (!absl::IsOutOfRange(found.status())) return found;
    ASSIGN_OR_RETURN(const Offset low, Low(partition));
    if (from < low) {
      from = low;  // retention has passed it meanwhile
    } else {
      std::this_thread::sleep_for(kOutOfRangePause);
    }
  }
  return absl::UnavailableError(std::string(found.status().message()));
}

// The first record stamped so is also the first whose running maximum of stamps is as late.
absl::StatusOr<std::optional<Offset>> KafkaSource::FirstAtOrAfter(Partition partition,
                                                                  int64_t record_time_ms) {
  RETURN_IF_ERROR(CheckPartition(partition));
  ASSIGN_OR_RETURN(const std::vector<Offset> decided, committed_->Ends({&partition, 1}));
  Offset from = 0;
  if (record_time_ms > 0) {
    // A millisecond early: of several records with one stamp the broker may name the last.
    ASSIGN_OR_RETURN(from, committed_->Near(partition, record_time_ms - 1));
  } else {
    ASSIGN_OR_RETURN(from, Low(partition));
  }
  // Beyond the end lies no record: it is no answer, but the question come back.
  if (from >= 0 && from < decided.front()) {
    ASSIGN_OR_RETURN(const std::optional<Sighting> found,
                     FirstFrom(partition, from, decided.front(), record_time_ms));
    if (found) return std::optional<Offset>(found->offset);
  }
  // There is none, unless a transaction that is open still adds one.
  ASSIGN_OR_RETURN(const Offset end, End(partition));
  if (end == decided.front()) return std::optional<Offset>();
  return absl::UnavailableError(absl::StrFormat(
      "partition %d of topic %s: what is committed ends at offset %d, the log at %d: a producer's "
      "transaction is open, or records come in just now",
      partition, options_.topic, decided.front(), end));
}

absl::StatusOr<LogIdentity> KafkaSource::Identity(Partition partition, Offset last) {
  RETURN_IF_ERROR(CheckPartition(partition));
  LogIdentity identity{.log_id = log_id_, .partition = partition, .last = last};
  if (last < 0) return identity;
  Sighting seen = readers_[static_cast<size_t>(partition)].last;
  if (seen.offset != last) {
    const absl::StatusOr<std::optional<Sighting>> found =
        finder_.First(partition, last, /*end=*/0, INT64_MIN);
    const bool none = absl::IsOutOfRange(found.status()) ||
                      (found.ok() && (!found->has_value() || (*found)->offset != last));
    if (none) {
      return absl::NotFoundError(absl::StrFormat("partition %d of topic %s has no record %d",
                                                 partition, options_.topic, last));
    }
    RETURN_IF_ERROR(found.status());
    seen = **found;
  }
  identity.record_time_ms = seen.stamp_ms;
  identity.believed = seen.believed;
  identity.crc = seen.crc;
  return identity;
}

}  // namespace verdict::kafka_log
