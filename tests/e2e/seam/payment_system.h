// The payment system beside Verdict: it writes one PAYMENT a transaction to the topic, sooner or
// later, before or never; then refunds, reversals and labels; some records twice, some unreadable.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <thread>

#include "base/mutex.h"
#include "e2e/seam/conductor.h"
#include "e2e/seam/kafka_topic.h"
#include "e2e/seam/world.h"
#include "verdict/v1/decision.pb.h"

namespace verdict::seam {

// Thread-safe. Its thread produces what is due by the conductor's clock.
class PaymentSystem {
 public:
  // All must outlive it.
  PaymentSystem(const World* world, const Conductor* conductor, Producer* producer);
  ~PaymentSystem();

  void Start();
  // Just before a payment is scored: writes its event where the plan says so.
  void BeforeScore(uint32_t payment);
  // The first answer to a payment: plans its event and what follows it.
  void OnDecision(uint32_t payment, v1::Outcome outcome) EXCLUDES_LOCK(mutex_);
  // Produces nothing while it is held, from when this returns.
  void Hold(bool held) EXCLUDES_LOCK(producing_);
  // Produces what is due by now, drops the rest, and ends its thread.
  void Finish();

  // How many records were produced, by what they are: "payment", "repeat", "refund" ...
  std::map<std::string, uint64_t> produced() const EXCLUDES_LOCK(mutex_);

 private:
  struct Due {
    Message message;
    const char* what;
  };
  void Run() EXCLUDES_LOCK(producing_);
  void ProduceDue() EXCLUDES_LOCK(mutex_);
  void PlanExtras() EXCLUDES_LOCK(mutex_);
  void Plan(int64_t due_ms, const Message& message, const char* what) REQUIRES_LOCK(mutex_);
  void PlanEvent(const PlannedPayment& payment, const std::string& status, int64_t due_ms)
      REQUIRES_LOCK(mutex_);

  const World& world_;
  const Conductor& conductor_;
  Producer& producer_;
  std::atomic<bool> stopping_{false};
  base::Mutex producing_;  // before mutex_
  bool held_ GUARDED_BY(producing_) = false;
  mutable base::Mutex mutex_;
  std::multimap<int64_t, Due> due_ GUARDED_BY(mutex_);  // by business time
  std::map<std::string, uint64_t> produced_ GUARDED_BY(mutex_);
  std::thread thread_;
};

// A fact as a record of the topic: keyed by merchant, stamped with its event time.
Message MessageOf(const Fact& fact, bool json);

}  // namespace verdict::seam
