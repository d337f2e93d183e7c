#include "ingest/drop_thread.h"

#include <utility>

#include "base/metrics.h"
#include "base/status.h"
#include "base/thread_role.h"

namespace verdict::ingest {
namespace {
constexpr char kFailing[] = "verdict_agg_drop_failing";
}  // namespace

DropThread::DropThread(std::unique_ptr<Dropper> dropper, std::unique_ptr<LogTrim> trim,
                       Options options)
    : dropper_(std::move(dropper)), trim_(std::move(trim)), options_(std::move(options)) {
  base::Metrics().AddGauge(
      kFailing, "1: epochs are not dropped, since the store cannot be asked; all stays in memory.",
      {}, [this] { return failing_.load(std::memory_order_relaxed) ? 1 : 0; });
}

DropThread::~DropThread() {
  Stop();
  base::Metrics().RemoveGauge(kFailing, {});
}

void DropThread::Start() {
  thread_ = std::thread([this] { Run(); });
}

void DropThread::Stop() {
  {
    base::MutexLock lock(mutex_);
    stopping_ = true;
  }
  wake_.NotifyAll();
  if (thread_.joinable()) thread_.join();
}

bool DropThread::stopping() const {
  base::MutexLock lock(mutex_);
  return stopping_;
}

absl::StatusOr<bool> DropThread::Step() {
  ASSIGN_OR_RETURN(const bool more, dropper_->Step());
  if (!more && trim_ != nullptr) RETURN_IF_ERROR(trim_->Step());
  return more;
}

void DropThread::Run() {
  base::BeginThread("verdict-drop", base::ThreadRole::kCounting);
  absl::Status last;
  while (!stopping()) {
    const absl::StatusOr<bool> more = Step();
    if (more.status() != last && options_.report) options_.report(more.status());
    last = more.status();
    failing_.store(!more.ok(), std::memory_order_relaxed);
    std::chrono::milliseconds pause = options_.retry_after;
    if (more.ok()) pause = *more ? options_.breath : options_.pause;
    base::MutexLock lock(mutex_);
    if (!stopping_) wake_.WaitFor(mutex_, pause);
  }
}

}  // namespace verdict::ingest
