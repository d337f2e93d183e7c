#include "rocks_store/rocks_threads.h"

#include <mutex>
#include <thread>

#include "base/thread_role.h"
#include "rocksdb/env.h"

namespace verdict::rocks_store {
namespace {

// What max_background_jobs = 2 of each database comes to: one flush, one compaction.
constexpr int kFlushes = 1;
constexpr int kCompactions = 1;

}  // namespace

void StartRocksThreads() {
  static std::once_flag once;
  std::call_once(once, [] {
    std::thread([] {
      base::TakeRole(base::ThreadRole::kBackground);
      rocksdb::Env::Default()->SetBackgroundThreads(kFlushes, rocksdb::Env::HIGH);
      rocksdb::Env::Default()->SetBackgroundThreads(kCompactions, rocksdb::Env::LOW);
    }).join();
  });
}

}  // namespace verdict::rocks_store
