#include "e2e/seam/scorer.h"

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdio>
#include <thread>
#include <utility>

#include "e2e/seam/decode.h"

namespace verdict::seam {
namespace {

// Ten times the budget: what takes longer shows in the percentiles.
constexpr std::chrono::seconds kDeadline{2};
// A decision is kept for two hours of business time; this leaves time for the retry itself.
constexpr int64_t kRetryWithinMs = 75 * 60'000;

bool DiedUnderway(grpc::StatusCode code) {
  return code == grpc::StatusCode::UNAVAILABLE || code == grpc::StatusCode::CANCELLED;
}

}  // namespace

void Scoring::SetLife(const Life& life) {
  base::MutexLock lock(mutex_);
  life_ = life;
}

Life Scoring::life() const {
  base::MutexLock lock(mutex_);
  return life_;
}

void Scorer::Run() {
  while (const std::optional<uint32_t> number = run_.conductor.Next(&run_.under_way)) {
    run_.payment_system.BeforeScore(*number);
    run_.newest_payment.store(*number);
    const bool features = run_.world.payments[*number].sampled;
    const auto outcome = Score({.payment = *number, .features = features, .until_answered = true});
    if (outcome) run_.payment_system.OnDecision(*number, *outcome);
    const uint64_t choice = random_() % 100;
    if (choice < 8) RetryOne();
    // A sibling of a call that may be under way: one of the two is decided, the other waits for it.
    if (choice >= 98) Score({.payment = run_.newest_payment.load()});
    run_.under_way.fetch_sub(1);
  }
  run_.clients.fetch_sub(1);
}

void Scorer::RetryOne() {
  const std::optional<uint32_t> number = run_.book.SomeAnswered(random_());
  if (!number) return;
  const int64_t time_ms = run_.world.payments[*number].fact.time_ms;
  if (time_ms < run_.conductor.now_ms() - kRetryWithinMs) return;
  Score({.payment = *number, .features = random_() % 2 == 0});
}

std::optional<v1::Outcome> Scorer::Score(const Wish& wish) {
  while (AwaitLife()) {
    Call call{.payment = wish.payment, .life = life_.number, .asked_features = wish.features};
    const bool answered = CallOnce(wish, &call);
    const v1::Outcome outcome = call.response.decision();
    run_.book.Add(std::move(call));
    if (answered) return outcome;
    if (!wish.until_answered) return std::nullopt;
  }
  return std::nullopt;
}

bool Scorer::AwaitLife() {
  while (true) {
    const Life life = run_.life();
    if (life.serving) {
      if (life.number == life_.number) return true;
      life_ = life;
      stub_ = v1::FraudDecision::NewStub(
          grpc::CreateChannel(life.address, grpc::InsecureChannelCredentials()));
      return true;
    }
    if (run_.stopped.load()) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

bool Scorer::CallOnce(const Wish& wish, Call* call) {
  v1::ScoreRequest request;
  *request.mutable_transaction() = ToEvent(run_.world.payments[wish.payment].fact).transaction();
  request.set_include_features(wish.features);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kDeadline);
  call->sent_ns = NowNs();
  const grpc::Status status = stub_->Score(&context, request, &call->response);
  call->ended_ns = NowNs();
  call->answered = status.ok();
  if (status.ok()) return true;
  const bool died = DiedUnderway(status.error_code());
  if (!died) {
    run_.refused.fetch_add(1);
    std::fprintf(stderr, "Score of payment %u in life %d: code %d %s\n", wish.payment, life_.number,
                 status.error_code(), status.error_message().c_str());
  }
  // Until the director has noticed.
  std::this_thread::sleep_for(std::chrono::milliseconds(died ? 5 : 50));
  return false;
}

}  // namespace verdict::seam
