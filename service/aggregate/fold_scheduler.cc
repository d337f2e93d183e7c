#include "aggregate/fold_scheduler.h"

#include <utility>

#include "base/thread_role.h"

namespace verdict::aggregate {
FoldScheduler::FoldScheduler(std::unique_ptr<Folder> folder, Options options)
    : folder_(std::move(folder)), options_(std::move(options)) {
  const auto counter = [](const char* result) {
    return base::Metrics().AddCounter("verdict_agg_folds_total", "Folds, by how they ended.",
                                      {{"result", result}});
  };
  published_ = counter("published");
  failed_ = counter("failed");
}

FoldScheduler::~FoldScheduler() { Stop(); }

void FoldScheduler::Start() {
  thread_ = std::thread([this] { Run(); });
}

void FoldScheduler::Stop() {
  {
    base::MutexLock lock(mutex_);
    stopping_ = true;
  }
  folder_->Cancel();
  wake_.NotifyAll();
  if (thread_.joinable()) thread_.join();
}

bool FoldScheduler::stopping() const {
  base::MutexLock lock(mutex_);
  return stopping_;
}

void FoldScheduler::Run() {
  base::BeginThread("verdict-fold", base::ThreadRole::kBackground);
  while (!stopping()) {
    const std::chrono::milliseconds pause = FoldWhatIsDue();
    base::MutexLock lock(mutex_);
    if (!stopping_) wake_.WaitFor(mutex_, pause);
  }
}

// Steps until nothing is due; returns how long to wait before the next look.
std::chrono::milliseconds FoldScheduler::FoldWhatIsDue() {
  while (!stopping()) {
    const FoldProgress before = folder_->progress();
    const auto step = folder_->Step();
    if (!step.ok()) {
      failed_.Add();
      if (options_.report != nullptr) options_.report(before.cut, step.status());
      return options_.retry_after;
    }
    if (!*step) break;
    if (before.phase == FoldProgress::Phase::kPublish) {
      published_.Add();
      published_since_ = true;
      if (options_.report != nullptr) options_.report(before.cut, absl::OkStatus());
    }
  }
  if (published_since_ && !stopping() && options_.after_publish != nullptr) {
    options_.after_publish([this] { return stopping(); });
    published_since_ = false;
  }
  return options_.look_every;
}

}  // namespace verdict::aggregate
