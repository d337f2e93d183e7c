// Which partition a merchant's events lie in: the same in every build, process and year. And what
// any source can be asked.
#include "eventlog/event_source.h"

#include <algorithm>

#include "base/check.h"
#include "base/hash.h"
#include "base/status.h"

namespace verdict::eventlog {

// Fixed for ever: another key would send a retry to another partition, where it is no duplicate.
constexpr base::SipKey kPartitionKey = {0x76657264696374ULL, 0x706172746974696fULL};

// The last offsets of a partition may be a transaction's markers, which bear no record.
constexpr Offset kLookBack = 16;

Partition PartitionOf(std::string_view merchant_id, int partitions) {
  CHECK(partitions > 0);
  const uint64_t hash = base::SipHash128(kPartitionKey, merchant_id).high;
  return static_cast<Partition>(hash % static_cast<uint64_t>(partitions));
}

absl::StatusOr<std::vector<Offset>> EventSource::Ends() {
  std::vector<Offset> ends;
  for (Partition p = 0; p < partitions(); ++p) {
    ASSIGN_OR_RETURN(ends.emplace_back(), End(p));
  }
  return ends;
}

absl::StatusOr<std::optional<int64_t>> NewestTimeBefore(EventSource* source, Partition partition,
                                                        Offset end) {
  ASSIGN_OR_RETURN(const Offset low, source->Low(partition));
  for (Offset at = end - 1; at >= std::max(low, end - kLookBack); --at) {
    const absl::StatusOr<LogIdentity> record = source->Identity(partition, at);
    if (!record.ok() && !absl::IsNotFound(record.status())) return record.status();
    if (record.ok() && record->believed) return std::optional<int64_t>(record->record_time_ms);
  }
  return std::optional<int64_t>();
}

}  // namespace verdict::eventlog
