// The fake log keeps the promises of a real one.
#include "support/fake_log.h"

#include "gtest/gtest.h"
#include "support/event_source_contract.h"

namespace verdict::testing {
namespace {

struct FakeFixture {
  std::string why_not;
  eventlog::Offset Write(eventlog::Partition partition, const std::string& id) {
    return log.Append(partition, now_ms, ContractPayment(id, partition));
  }
  void LetTimePass() { now_ms += 1000; }
  std::unique_ptr<eventlog::EventSource> Open() { return std::make_unique<FakeLogReader>(log); }
  FakeLog log{kContractPartitions};
  int64_t now_ms = 1'700'000'000'000;
};
INSTANTIATE_TYPED_TEST_SUITE_P(Fake, EventSourceContract, FakeFixture);

}  // namespace
}  // namespace verdict::testing
