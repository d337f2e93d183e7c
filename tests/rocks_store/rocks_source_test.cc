// The embedded log keeps the promises of every log.
#include "rocks_store/rocks_source.h"

#include <future>

#include "base/clock.h"
#include "gtest/gtest.h"
#include "rocks_store/rocks_log.h"
#include "support/event_source_contract.h"
#include "support/temp_dir.h"

namespace verdict::testing {
namespace {

struct RocksFixture {
  RocksFixture() {
    rocks_store::RocksLog::Options options;
    options.db.partitions = kContractPartitions;
    auto opened = rocks_store::RocksLog::Open(dir.path(), &clock, options);
    EXPECT_THAT(opened, IsOk());
    log = *std::move(opened);
  }
  eventlog::Offset Write(eventlog::Partition partition, const std::string& id) {
    std::promise<absl::Status> done;
    log->Append(ContractPayment(id, partition), nullptr,
                [&done](const absl::Status& status) { done.set_value(status); });
    EXPECT_THAT(done.get_future().get(), IsOk());
    return log->db().end(partition) - 1;
  }
  void LetTimePass() { clock.Set(clock.NowMs() + 1000); }
  std::unique_ptr<eventlog::EventSource> Open() { return log->MakeSource(); }

  std::string why_not;
  TempDir dir;
  base::ManualClock clock{1'700'000'000'000};
  std::unique_ptr<rocks_store::RocksLog> log;
};
INSTANTIATE_TYPED_TEST_SUITE_P(Rocks, EventSourceContract, RocksFixture);

}  // namespace
}  // namespace verdict::testing
