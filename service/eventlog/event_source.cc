// Which partition a merchant's events lie in: the same in every build, process and year.
#include "eventlog/event_source.h"

#include "base/check.h"
#include "base/hash.h"
#include "base/status.h"

namespace verdict::eventlog {

// Fixed for ever: another key would send a retry to another partition, where it is no duplicate.
constexpr base::SipKey kPartitionKey = {0x76657264696374ULL, 0x706172746974696fULL};

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

}  // namespace verdict::eventlog
