// One client thread of the kill test: records, scores, retries, and writes everything into the
// ledger.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "e2e/ledger.h"
#include "verdict/v1/fraud_decision.grpc.pb.h"

namespace verdict::testing {

// The payments' numbers and event times. What is promised to a retry ends with the log's time, so
// the time stands still where it would leave a retry under way too far behind, however long that
// one takes.
//
// Thread-safe.
class RunClock {
 public:
  RunClock(int64_t start_ms, int64_t step_ms) : start_ms_(start_ms), step_ms_(step_ms) {}

  // The next payment's number; may wait for a retry.
  uint64_t NextNumber() EXCLUDES_LOCK(mutex_);
  int64_t TimeMs(uint64_t number) const;
  uint64_t sent() const EXCLUDES_LOCK(mutex_);  // how many numbers were given
  int64_t now_ms() const { return TimeMs(sent()); }

  // False where the payment is too old to be sent again; else EndRetry follows.
  bool BeginRetry(const Payment& payment) EXCLUDES_LOCK(mutex_);
  void EndRetry(const Payment& payment) EXCLUDES_LOCK(mutex_);

 private:
  const int64_t start_ms_;
  const int64_t step_ms_;
  mutable base::Mutex mutex_;
  base::CondVar retry_ended_;
  uint64_t next_ GUARDED_BY(mutex_) = 0;
  std::multiset<int64_t> retried_ms_ GUARDED_BY(mutex_);  // event times of retries under way
};

// Shared by all clients of a run. Thread-safe.
struct KillRun {
  std::string address;
  int merchants = 160;  // so many that few payments of one are in doubt
  RunClock clock;
  std::atomic<int> life{0};          // of verdictd; the next one begins before it is started
  std::atomic<bool> serving{false};  // false while verdictd is being started again
  std::atomic<bool> hurried{false};  // no pause between calls, and more Scores
  std::atomic<int> last_life{0};     // after the last kill: a lost connection is a defect too
  std::atomic<bool> done{false};
  std::atomic<uint64_t> replayed{0};       // retries that got their first decision
  std::atomic<uint64_t> across_kill{0};    // of these, from another life than decided it
  std::atomic<uint64_t> found_decided{0};  // Scores in doubt whose retry found a decision
  std::atomic<uint64_t> forgotten{0};      // retries that were decided anew or otherwise: a defect
  std::atomic<uint64_t> not_full{0};       // answers that were not FULL
  std::atomic<uint64_t> refused{0};        // errors that no kill explains: a defect
};

// Thread-compatible.
class KillClient {
 public:
  KillClient(KillRun* run, Ledger* ledger, uint64_t seed);
  // Until the run is done.
  void Run();

 private:
  // A call whose answer never came, to be sent again with the same ids.
  struct LostCall {
    bool is_score = false;
    std::vector<Payment> payments;
  };

  void BeginLife(int life);
  void MakeCall();
  Payment NextPayment();
  v1::Transaction ToTransaction(const Payment& payment) const;

  grpc::Status Score(const Payment& payment, v1::ScoreResponse* response);
  void ScorePayment(const Payment& payment);
  void RetryAnswered(const Retriable& wanted);
  void TakeFirstAnswer(const Payment& payment, const v1::ScoreResponse& response);
  void RecordPayments(const std::vector<Payment>& payments);

  void Lose(const LostCall& call, const grpc::Status& status);
  void RetryLost();
  void NoteLoss(const grpc::Status& status);
  void Reconnect();

  KillRun* run_;
  Ledger* ledger_;
  std::mt19937_64 random_;
  std::unique_ptr<v1::FraudDecision::Stub> stub_;
  int life_ = 0;  // the one `stub_` was made in
  bool connected_ = false;
  uint64_t scores_lost_ = 0;
  uint64_t records_lost_ = 0;
  std::vector<LostCall> to_retry_;
};

}  // namespace verdict::testing
