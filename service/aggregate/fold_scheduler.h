// The fold thread of verdictd: takes each cut when it is due, and tries again what failed.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <thread>

#include "absl/status/status.h"
#include "aggregate/folder.h"
#include "base/metrics.h"
#include "base/mutex.h"

namespace verdict::aggregate {

// Thread-safe. Runs from Start() until destroyed or Stop(); stops between two steps of a fold,
// which goes on at the next start.
class FoldScheduler {
 public:
  struct Options {
    std::chrono::milliseconds look_every{1000};   // whether a cut is due
    std::chrono::milliseconds retry_after{5000};  // after an error
    // Called on the fold thread: after a cut is published, with OK, and after each error.
    std::function<void(feature::CutId, const absl::Status&)> report = {};
    // Called on the fold thread once a cut was published and no other is due; to end early where
    // `stopping` says so. May be empty.
    std::function<void(const std::function<bool()>& stopping)> after_publish = {};
  };
  FoldScheduler(std::unique_ptr<Folder> folder, Options options);
  ~FoldScheduler();
  void Start();
  void Stop() EXCLUDES_LOCK(mutex_);

 private:
  void Run() EXCLUDES_LOCK(mutex_);
  std::chrono::milliseconds FoldWhatIsDue() EXCLUDES_LOCK(mutex_);
  bool stopping() const EXCLUDES_LOCK(mutex_);

  std::unique_ptr<Folder> folder_;  // the fold thread's alone
  Options options_;
  base::Counter published_, failed_;
  bool published_since_ = false;  // the fold thread's: since after_publish
  mutable base::Mutex mutex_;
  base::CondVar wake_;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace verdict::aggregate
