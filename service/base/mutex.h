// std::mutex with clang's thread-safety annotations. Not absl::Mutex: the distribution's build of
// it is not instrumented, and ThreadSanitizer reports false races on it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "absl/base/thread_annotations.h"  // GUARDED_BY and PT_GUARDED_BY

#if defined(__clang__)
#define VERDICT_ANNOTATE(x) __attribute__((x))
#else
#define VERDICT_ANNOTATE(x)
#endif

#define REQUIRES_LOCK(...) VERDICT_ANNOTATE(requires_capability(__VA_ARGS__))
#define EXCLUDES_LOCK(...) VERDICT_ANNOTATE(locks_excluded(__VA_ARGS__))
#define ACQUIRES_LOCK(...) VERDICT_ANNOTATE(acquire_capability(__VA_ARGS__))
#define RELEASES_LOCK(...) VERDICT_ANNOTATE(release_capability(__VA_ARGS__))
#define NO_LOCK_ANALYSIS VERDICT_ANNOTATE(no_thread_safety_analysis)

namespace verdict::base {

// **Thread-safe.**
class VERDICT_ANNOTATE(capability("mutex")) Mutex {
 public:
  void Lock() ACQUIRES_LOCK() { mutex_.lock(); }
  void Unlock() RELEASES_LOCK() { mutex_.unlock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

// Holds a Mutex for a scope.
class VERDICT_ANNOTATE(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) ACQUIRES_LOCK(mutex) : mutex_(mutex) { mutex_.Lock(); }
  ~MutexLock() RELEASES_LOCK() { mutex_.Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// **Thread-safe.** Waits release the mutex and take it again; wake-ups may be spurious.
class CondVar {
 public:
  void Wait(Mutex& mutex) REQUIRES_LOCK(mutex) NO_LOCK_ANALYSIS {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    condition_.wait(lock);
    lock.release();
  }
  // False on time-out.
  template <typename Rep, typename Period>
  bool WaitFor(Mutex& mutex, std::chrono::duration<Rep, Period> timeout)
      REQUIRES_LOCK(mutex) NO_LOCK_ANALYSIS {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    const bool notified = condition_.wait_for(lock, timeout) == std::cv_status::no_timeout;
    lock.release();
    return notified;
  }
  void NotifyOne() { condition_.notify_one(); }
  void NotifyAll() { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

}  // namespace verdict::base
