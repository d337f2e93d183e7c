// Places at which a crash test kills the process: FAILPOINT("log.append.after_commit").
#pragma once

#include <signal.h>

#include <atomic>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

#include "base/mutex.h"

namespace verdict::base {

// Thread-safe. Which failpoints kill, from VERDICT_FAILPOINTS="name[=n],...": the n-th passage
// (default the first) dies by SIGKILL. Unset, a passage costs one relaxed load.
class Failpoints {
 public:
  static Failpoints& Get() {
    static Failpoints failpoints;
    return failpoints;
  }
  // Replaces what is armed; empty disarms all. For tests that fork.
  void Arm(std::string_view spec) EXCLUDES_LOCK(mutex_) {
    MutexLock lock(mutex_);
    passages_left_.clear();
    while (!spec.empty()) {
      const std::string_view item = spec.substr(0, spec.find(','));
      spec.remove_prefix(item.size() < spec.size() ? item.size() + 1 : spec.size());
      const size_t equals = item.find('=');
      const bool counted = equals != std::string_view::npos;
      passages_left_[std::string(item.substr(0, equals))] =
          counted ? std::atoi(std::string(item.substr(equals + 1)).c_str()) : 1;
    }
    armed_.store(!passages_left_.empty(), std::memory_order_relaxed);
  }
  void Pass(const char* name) EXCLUDES_LOCK(mutex_) {
    if (__builtin_expect(!armed_.load(std::memory_order_relaxed), 1)) return;
    MutexLock lock(mutex_);
    const auto it = passages_left_.find(name);
    if (it != passages_left_.end() && --it->second <= 0) raise(SIGKILL);
  }

 private:
  Failpoints() {
    if (const char* spec = std::getenv("VERDICT_FAILPOINTS"); spec != nullptr) Arm(spec);
  }
  std::atomic<bool> armed_{false};
  Mutex mutex_;
  std::map<std::string, int> passages_left_ GUARDED_BY(mutex_);
};

}  // namespace verdict::base

#define FAILPOINT(name) ::verdict::base::Failpoints::Get().Pass(name)
