// The thread that keeps rule sets: it looks at the folder of rules, and does what RuleAdmin is
// asked for. What becomes of a set is ruleset::Publisher's; here it is logged and counted.
#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "base/published.h"
#include "grpc_api/rule_admin.h"
#include "ruleset/folder_watch.h"
#include "ruleset/publisher.h"

namespace verdict {

// **Thread-safe.**
class RuleLoader {
 public:
  struct Options {
    ruleset::Publisher::Options publisher;
    std::chrono::milliseconds poll{1000};  // looks by itself: some file systems never tell
  };
  // Errors: those of Publisher::Open. `rules` must outlive it.
  static absl::StatusOr<std::unique_ptr<RuleLoader>> Open(Options options,
                                                          base::Published<ruleset::RuleSet>* rules);
  ~RuleLoader();
  void Start();
  // Calls that wait are answered with Unavailable, and those that come later.
  void Stop() EXCLUDES_LOCK(mutex_);
  // After the first set, no further one is looked at until this.
  void SetChecks(ruleset::Publisher::Fits fits, ruleset::Publisher::Guard guard,
                 ruleset::Publisher::Prepare prepare) EXCLUDES_LOCK(mutex_);
  // One line a diagnostic of the last refused set; empty once a set was loaded after it.
  std::vector<std::string> last_refusal() const EXCLUDES_LOCK(mutex_);
  // Of RuleAdmin: done on the thread, one after the other.
  void Ask(grpc_api::AdminCall call, std::function<void(const grpc_api::AdminAnswer&)> done)
      EXCLUDES_LOCK(mutex_);

 private:
  using Done = std::function<void(const grpc_api::AdminAnswer&)>;
  RuleLoader(const Options& options, base::Published<ruleset::RuleSet>* rules,
             std::unique_ptr<ruleset::Publisher> publisher);
  void Run() EXCLUDES_LOCK(mutex_);
  bool Stopping() const EXCLUDES_LOCK(mutex_);
  void Look(bool settled) EXCLUDES_LOCK(mutex_);
  ruleset::PublishResult LoadFolder();
  void AnswerCalls() EXCLUDES_LOCK(mutex_);
  grpc_api::AdminAnswer Do(const grpc_api::AdminCall& call) EXCLUDES_LOCK(mutex_);
  // What became of the folder, or of what was asked for by `caller`.
  void NoteFolder(const ruleset::PublishResult& result, double max_deny_shift)
      EXCLUDES_LOCK(mutex_);
  void NoteAsked(const ruleset::PublishResult& result, const std::string& asked,
                 const std::string& caller) EXCLUDES_LOCK(mutex_);
  // Notices that another set is live.
  void NoteLive(const ruleset::PublishResult& result, const std::string& asked,
                const std::string& caller);
  void SetRefusal(std::vector<std::string> lines) EXCLUDES_LOCK(mutex_);
  void ShowRuleSet(const std::string& short_hash);
  void FreeRetired();
  double MaxDenyShift() const;
  int64_t ExpiringRules() const;
  // Names, sizes, times and inodes of all files: another one means that something changed.
  std::string Signature() const;

  const Options options_;
  base::Published<ruleset::RuleSet>* const rules_;
  const std::unique_ptr<ruleset::Publisher> publisher_;
  ruleset::FolderWatch watch_;
  std::atomic<bool> last_ok_{false};
  std::atomic<int64_t> generation_{0};
  std::atomic<int64_t> loaded_at_ms_{0};

  // Of the thread.
  std::string seen_;      // signature that was loaded or refused
  std::string changing_;  // signature at the last look, where it is another one
  std::string folder_;    // RuleSet::hash of what the folder held when it was loaded last
  std::string shown_;     // the rule set that the metrics name
  std::shared_ptr<const ruleset::RuleSet> current_;
  // Sets that were live and are still in use somewhere: they are freed here, not by a Score.
  std::vector<std::shared_ptr<const ruleset::RuleSet>> retired_;

  mutable base::Mutex mutex_;
  bool started_ GUARDED_BY(mutex_) = false;
  bool stopping_ GUARDED_BY(mutex_) = false;
  bool checked_ GUARDED_BY(mutex_) = false;  // SetChecks was called
  std::deque<std::pair<grpc_api::AdminCall, Done>> calls_ GUARDED_BY(mutex_);
  std::vector<std::string> refusal_ GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace verdict
