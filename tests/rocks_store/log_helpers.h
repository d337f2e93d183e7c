// Short ways to fill an embedded log and to read it.
#pragma once

#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "rocks_store/rocks_log.h"
#include "support/status_matchers.h"

namespace verdict::rocks_store {

using eventlog::AppendRequest;
using eventlog::LogRecord;
using std::chrono::milliseconds;
using ::verdict::testing::IsOk;

inline constexpr int64_t kNow = 1'700'000'000'000;

inline AppendRequest Request(int n, int64_t event_time_ms = kNow) {
  AppendRequest request;
  request.event.txn.id = "t" + std::to_string(n);
  request.event.txn.merchant_id = "m" + std::to_string(n % 50);
  request.event.txn.event_time_ms = event_time_ms;
  request.event.txn.amount_minor = n;
  return request;
}

inline void Append(RocksLog& log, AppendRequest request) {
  log.Append(request.event, request.decision ? &*request.decision : nullptr,
             std::move(request.done));
}

inline absl::Status AppendAndWait(RocksLog* log, AppendRequest request) {
  std::promise<absl::Status> done;
  request.done = [&done](const absl::Status& status) { done.set_value(status); };
  Append(*log, std::move(request));
  return done.get_future().get();
}

inline std::unique_ptr<RocksLog> OpenLog(const std::string& path, base::Clock* clock,
                                         const RocksLog::Options& options = {}) {
  auto log = RocksLog::Open(path, clock, options);
  EXPECT_THAT(log, IsOk());
  return *std::move(log);
}

// Everything in the log, from the beginning.
inline std::vector<LogRecord> ReadAll(RocksLog* log, size_t max = 100) {
  const auto source = log->MakeSource();
  for (int p = 0; p < source->partitions(); ++p) EXPECT_THAT(source->Assign(p, 0), IsOk());
  std::vector<LogRecord> all, some;
  while (true) {
    const auto n = source->Poll(&some, max, milliseconds(0));
    EXPECT_THAT(n, IsOk());
    if (!n.ok() || *n == 0) return all;
    EXPECT_EQ(some.size(), *n);
    all.insert(all.end(), some.begin(), some.end());
  }
}

}  // namespace verdict::rocks_store
