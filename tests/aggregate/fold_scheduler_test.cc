// The fold thread: takes a cut when it is due, tries again after an error, stops between two steps.
#include "aggregate/fold_scheduler.h"

#include <future>
#include <memory>
#include <optional>
#include <string>

#include "feature/compiled_set.h"
#include "support/fake_aggregate_store.h"
#include "support/fake_log.h"
#include "support/status_matchers.h"

namespace verdict::aggregate {
namespace {

using ::verdict::testing::FakeAggregateStore;
using ::verdict::testing::FakeLog;
using ::verdict::testing::FakeLogReader;
using ::verdict::testing::IsOk;
using ::verdict::testing::StatusIs;

constexpr int64_t kDayMs = 86'400'000;

struct Report {
  feature::CutId cut;
  absl::Status status;
};

class FoldSchedulerTest : public ::testing::Test {
 protected:
  FoldSchedulerTest() : compiled_(feature::Compile({{.name = "count", .aggregate = "count"}})) {
    schedule_.emplace(compiled_.set->calendar());
    for (int i = 0; i < 500; ++i) {
      model::Event event;
      event.txn.id = std::to_string(i);
      event.txn.event_time_ms = 20'000 * kDayMs + i;
      event.txn.merchant_id = "m" + std::to_string(i);
      log_.Append(0, event.txn.event_time_ms, event);
    }
  }
  std::unique_ptr<FoldScheduler> Start() {
    auto folder = std::make_unique<Folder>(
        FolderParts{&reader_, &store_, compiled_.set, &*schedule_, &hasher_, &clock_, "log"},
        FolderOptions{.keys_per_step = 10});
    auto scheduler = std::make_unique<FoldScheduler>(
        std::move(folder),
        FoldScheduler::Options{.look_every = std::chrono::milliseconds(1),
                               .retry_after = std::chrono::milliseconds(1),
                               .report = [this](feature::CutId cut, const absl::Status& status) {
                                 base::MutexLock lock(mutex_);
                                 reports_.push_back({cut, status});
                                 wake_.NotifyAll();
                               }});
    scheduler->Start();
    return scheduler;
  }
  Report AwaitReport(size_t number) {
    base::MutexLock lock(mutex_);
    while (reports_.size() <= number) wake_.Wait(mutex_);
    return reports_[number];
  }

  feature::CompiledSet compiled_;
  std::optional<eventlog::CutSchedule> schedule_;
  FakeLog log_{1};
  FakeLogReader reader_{log_};
  model::KeyHasher hasher_{{1, 2}};
  base::ManualClock clock_{20'000 * kDayMs + 10 * 60'000};
  FakeAggregateStore store_;
  base::Mutex mutex_;
  base::CondVar wake_;
  std::vector<Report> reports_ GUARDED_BY(mutex_);
};

TEST_F(FoldSchedulerTest, TakesEachCutWhenTheClockHasPassedIt) {
  auto scheduler = Start();
  EXPECT_EQ(AwaitReport(0).cut, 19'999);  // nothing was recorded before it, and that is published
  clock_.Set(20'001 * kDayMs + 15 * 60'000);
  const Report report = AwaitReport(1);
  EXPECT_EQ(report.cut, 20'001);
  EXPECT_THAT(report.status, IsOk());
  EXPECT_EQ(store_.GetManifest(compiled_.set->measures().front().hash)->keys, 500u);
}

TEST_F(FoldSchedulerTest, ReportsAnErrorAndTriesAgain) {
  store_.FailPutsAfter(30);
  clock_.Set(20'001 * kDayMs + 15 * 60'000);
  auto scheduler = Start();
  EXPECT_THAT(AwaitReport(0).status, StatusIs(absl::StatusCode::kUnavailable));
  store_.Heal();
  for (size_t i = 1;; ++i) {
    if (AwaitReport(i).status.ok()) break;
  }
  EXPECT_EQ(store_.GetManifest(compiled_.set->measures().front().hash)->published, 20'001);
}

TEST_F(FoldSchedulerTest, StopsAtOnceAndMayNeverHaveStarted) {
  FoldScheduler idle(std::make_unique<Folder>(FolderParts{&reader_, &store_, compiled_.set,
                                                          &*schedule_, &hasher_, &clock_, "log"},
                                              FolderOptions{}),
                     {});
  Start()->Stop();
}

}  // namespace
}  // namespace verdict::aggregate
