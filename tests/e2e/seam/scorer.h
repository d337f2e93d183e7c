// One client of verdictd: scores the run's payments as they fall due, sends again what was lost,
// and asks now and then for an answer it has.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>

#include "base/mutex.h"
#include "e2e/seam/book.h"
#include "e2e/seam/conductor.h"
#include "e2e/seam/payment_system.h"
#include "e2e/seam/world.h"
#include "verdict/v1/fraud_decision.grpc.pb.h"

namespace verdict::seam {

// A life of verdictd, as clients see it. Each has an address of its own, so that an answer tells
// whose it is.
struct Life {
  int number = 0;
  std::string address = {};
  bool serving = false;
};

// Thread-safe. What all clients of a run share.
class Scoring {
 public:
  // All must outlive it.
  Scoring(const World* world, Conductor* conductor, PaymentSystem* payments, Book* book)
      : world(*world), conductor(*conductor), payment_system(*payments), book(*book) {}

  const World& world;
  Conductor& conductor;
  PaymentSystem& payment_system;
  Book& book;
  std::atomic<uint64_t> refused{0};         // errors that no death explains
  std::atomic<uint32_t> newest_payment{0};  // under way, perhaps
  std::atomic<bool> stopped{false};         // lost calls are not sent again any more
  std::atomic<int> under_way{0};            // calls, and what clients do around them
  std::atomic<int> clients{0};              // that have not ended

  void SetLife(const Life& life) EXCLUDES_LOCK(mutex_);
  Life life() const EXCLUDES_LOCK(mutex_);

 private:
  mutable base::Mutex mutex_;
  Life life_ GUARDED_BY(mutex_);
};

// Thread-compatible.
class Scorer {
 public:
  Scorer(Scoring* run, uint64_t seed) : run_(*run), random_(seed) {}
  // Until there are no more payments.
  void Run();

 private:
  struct Wish {
    uint32_t payment = 0;
    bool features = false;
    bool until_answered = false;  // else given up where the call is lost
  };
  std::optional<v1::Outcome> Score(const Wish& wish);
  // One call; false where it was lost.
  bool CallOnce(const Wish& wish, Call* call);
  bool AwaitLife();
  void RetryOne();

  Scoring& run_;
  std::mt19937_64 random_;
  Life life_;  // the one `stub_` is for
  std::unique_ptr<v1::FraudDecision::Stub> stub_;
};

}  // namespace verdict::seam
