// The lives of verdictd: begun, ended by kill -9 or from within, each with what it said of itself.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "e2e/seam/faults.h"
#include "e2e/seam/metrics_page.h"
#include "e2e/seam/scorer.h"
#include "e2e/seam/setup.h"
#include "e2e/verdictd_process.h"

namespace verdict::seam {

enum class Death : uint8_t { kTimer, kFailpoint, kQuiet, kEnd };

// What is known of one life.
struct LifeRecord {
  int number = 0;
  std::string failpoint = {};  // that was to kill it; empty: none
  Death death = Death::kEnd;
  int64_t serving_ns = 0;  // the steady clock's; 0: it never served
  int64_t ended_ns = 0;
  std::optional<MetricsPage> first_page = {};  // the first that counts events
  std::optional<MetricsPage> last_page = {};
  bool quiet = false;  // nothing was under way when last_page was read
};

// Thread-compatible, but for what its own thread reads. All its calls on one thread.
class Lives {
 public:
  // All must outlive it.
  Lives(const Setup* setup, Scoring* scoring, Faults* faults);
  ~Lives();

  // Starts verdictd; with `failpoint` ("checkpoint.before_write") it kills itself there.
  void Begin(const std::string& failpoint);
  // Notices what has happened since: it serves, or it has ended. False where that is a defect,
  // which is printed.
  bool Tick();
  bool serving() const { return serving_; }
  bool running() const { return process_ != nullptr; }
  // kill -9 now. REQUIRES: running.
  void Kill(Death death);
  // SIGTERM; false where it did not end as it should.
  bool Stop();
  // Reads /metrics now and keeps it as the last page, of a moment at which nothing is under way.
  void NoteQuiet();
  std::optional<MetricsPage> Metrics() const;

  const std::vector<LifeRecord>& records() const { return records_; }

 private:
  void Poll();
  void Ended(Death death);

  const Setup& setup_;
  Scoring& scoring_;
  Faults& faults_;
  std::unique_ptr<testing::VerdictdProcess> process_;
  bool serving_ = false;
  int64_t begun_ns_ = 0;
  std::vector<LifeRecord> records_;

  std::atomic<int> polled_port_{0};  // of /metrics; 0: nobody
  std::atomic<bool> done_{false};
  mutable base::Mutex mutex_;
  std::optional<MetricsPage> first_page_ GUARDED_BY(mutex_), last_page_ GUARDED_BY(mutex_);
  std::thread poller_;
};

// Of verdict_agg_events_total by class; nothing where the page has none.
std::optional<std::vector<int64_t>> EventsByClass(const MetricsPage& page);

}  // namespace verdict::seam
