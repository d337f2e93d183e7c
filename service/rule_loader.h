// Watches the rules folder: a good new set is published, a bad one is refused and the old one
// stays.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "base/published.h"
#include "feature/feature_set.h"
#include "ruleset/rule_set.h"

namespace verdict {

// **Thread-safe.** A thread of its own looks at the folder by polling: inotify is silent on some
// file systems, and a look costs a stat a file.
class RuleLoader {
 public:
  struct Options {
    std::string folder;
    feature::FeatureOptions deployment;
    std::chrono::milliseconds poll{1000};
  };
  // May this set take over from the one that serves? Its error refuses the set.
  using Fits = std::function<absl::Status(const ruleset::RuleSet&)>;

  RuleLoader(Options options, base::Published<ruleset::RuleSet>* rules);  // `rules` must outlive it
  ~RuleLoader();
  void Start();
  void Stop() EXCLUDES_LOCK(mutex_);
  // After the first set, no further one is looked at until this.
  void SetFits(Fits fits) EXCLUDES_LOCK(mutex_);
  // One line a diagnostic of the last refused set; empty once a set was loaded after it.
  std::vector<std::string> last_refusal() const EXCLUDES_LOCK(mutex_);

 private:
  void Run() EXCLUDES_LOCK(mutex_);
  void Look() EXCLUDES_LOCK(mutex_);
  void Load() EXCLUDES_LOCK(mutex_);
  void Refuse(const char* result, std::vector<std::string> lines, const std::string& shown)
      EXCLUDES_LOCK(mutex_);
  void Accept(const ruleset::LoadResult& loaded) EXCLUDES_LOCK(mutex_);
  void ShowRuleSet(const std::string& short_hash);
  // Names, sizes, times and inodes of all files: another one means that something changed.
  std::string Signature() const;

  const Options options_;
  base::Published<ruleset::RuleSet>* const rules_;
  base::Counter loaded_, invalid_, unfit_;
  std::atomic<bool> last_ok_{false};
  std::atomic<int64_t> generation_{0};
  std::atomic<int64_t> loaded_at_ms_{0};

  // Of the thread.
  std::string seen_;      // signature that was loaded or refused
  std::string changing_;  // signature at the last look, where it is another one
  bool first_look_ = true;
  std::string shown_;  // the rule set that the metrics name

  mutable base::Mutex mutex_;
  base::CondVar wake_;
  bool stopping_ GUARDED_BY(mutex_) = false;
  Fits fits_ GUARDED_BY(mutex_);
  std::vector<std::string> refusal_ GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace verdict
