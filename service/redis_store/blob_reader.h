// The thread `verdict-redis`: gathers the keys of many Gets, asks for them in one pipeline, and
// answers each Get once.
#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <thread>
#include <vector>

#include "aggregate/aggregate_store.h"
#include "base/mutex.h"
#include "redis_store/breaker.h"
#include "redis_store/connection.h"
#include "redis_store/redis_key.h"
#include "redis_store/redis_options.h"
#include "redis_store/store_metrics.h"

namespace verdict::redis_store {

// Thread-safe. Holds a connection of its own, makes it anew when it breaks, with or without
// anybody asking.
class BlobReader {
 public:
  BlobReader(const RedisOptions& options, const KeyNames* names);  // both must outlive it
  // Answers what is under way with kFailed.
  ~BlobReader();

  // Never blocks. `done` is called once: on the reader's thread, within `timeout`; at once, on the
  // caller's, where Redis is known to be away or `queue_max` Gets are under way.
  void Get(std::vector<aggregate::BlobKey> keys, std::chrono::milliseconds timeout,
           aggregate::OnBlobs done) EXCLUDES_LOCK(mutex_);

 private:
  using Clock = std::chrono::steady_clock;
  struct Request;
  using ByDeadline = std::multimap<Clock::time_point, std::shared_ptr<Request>>;
  struct Request {
    std::vector<aggregate::BlobKey> keys;
    std::vector<aggregate::BlobResult> results;  // kFailed until its reply has come
    size_t missing = 0;                          // replies
    Clock::time_point begun, deadline;
    aggregate::OnBlobs done;
    bool answered = false;
    ByDeadline::iterator place;  // in waiting_
  };
  struct Ask {  // one command; without a request: a PING
    std::shared_ptr<Request> request;
    size_t key = 0;
    Clock::time_point sent{};
  };

  bool Admit();
  void Run();
  bool TakeQueued() EXCLUDES_LOCK(mutex_);  // false: stopping
  void Accept(std::shared_ptr<Request> request, Clock::time_point now);
  void Expire(Clock::time_point now);
  void Resolve(const Ask& ask, aggregate::BlobResult result);
  void Answer(const std::shared_ptr<Request>& request);
  void TendConnection(Clock::time_point now);
  void Connect(Clock::time_point now);
  void SendGathered(Clock::time_point now);
  void Work(short revents);
  void BecomeReady();
  absl::Status TakeReplies();
  void SkipOversized();
  void GiveUp(const absl::Status& why);
  void FailAll();
  absl::Status TookTooLong(const char* what, std::chrono::milliseconds limit) const;
  Clock::time_point NextEvent() const;
  void Sleep(Clock::time_point until);
  void Export();

  const RedisOptions& options_;
  const KeyNames* const names_;
  const OperationMetrics get_{"get"}, connect_{"connect"};
  const int wake_fd_;
  std::atomic<bool> accepting_{true};  // until the first attempt fails: nobody knows yet
  std::atomic<size_t> under_way_{0};   // Gets
  std::atomic<int> up_{0}, breaker_state_{0};

  base::Mutex mutex_;
  std::vector<std::shared_ptr<Request>> queued_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  bool woken_ GUARDED_BY(mutex_) = false;

  // The thread's alone.
  Breaker breaker_;
  std::unique_ptr<Connection> connection_;
  bool was_ready_ = false;  // this connection
  bool told_ = false;       // of this outage
  Clock::time_point connect_begun_{}, connect_until_{};
  Clock::time_point last_reply_{};
  Clock::time_point gather_until_{};
  std::deque<Ask> asks_;  // not sent yet; the back goes first
  std::deque<Ask> owed_;  // sent; replies come in this order
  ByDeadline waiting_;

  std::thread thread_;  // last: it begins when all else stands
};

}  // namespace verdict::redis_store
