// One client thread of the kill test: records, scores, retries, and writes everything into the
// ledger.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <random>
#include <string>

#include "e2e/ledger.h"
#include "verdict/v1/fraud_decision.grpc.pb.h"

namespace verdict::testing {

// Shared by all clients of a run. Thread-safe.
struct KillRun {
  std::string address;
  int merchants = 40;
  uint64_t events_wanted = 100'000;
  int64_t start_ms = 0;
  int64_t step_ms = 0;               // event time from one payment to the next
  std::atomic<uint64_t> next{0};     // number of the next payment
  std::atomic<bool> serving{false};  // false while verdictd is being started again
  std::atomic<bool> hurried{false};  // no pause between calls: all kills are done
  std::atomic<bool> done{false};
  std::atomic<uint64_t> replayed{0};   // retries that got their first decision
  std::atomic<uint64_t> forgotten{0};  // retries that were decided anew or otherwise: a defect
  std::atomic<uint64_t> not_full{0};   // answers that were not FULL
  std::atomic<uint64_t> refused{0};    // errors other than a lost connection: a defect
};

// Thread-compatible.
class KillClient {
 public:
  KillClient(KillRun* run, Ledger* ledger, uint64_t seed);
  // Until the run is done.
  void Run();

 private:
  Payment NextPayment();
  v1::Transaction ToTransaction(const Payment& payment) const;
  bool ScorePayment(const Payment& payment);  // false where the connection was lost
  bool RecordPayments(int count);
  void RetryScore();
  void Reconnect();
  bool IsLoss(const grpc::Status& status);

  KillRun* run_;
  Ledger* ledger_;
  std::mt19937_64 random_;
  std::unique_ptr<v1::FraudDecision::Stub> stub_;
};

}  // namespace verdict::testing
