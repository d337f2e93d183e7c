#include "e2e/kill_client.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>
#include <vector>

namespace verdict::testing {
namespace {

// Between two calls of a client, so that 100,000 payments last for thirty lives of verdictd.
constexpr std::chrono::milliseconds kPause{8};
// A retry is told from a new payment for two hours of the log's time (less the five minutes by
// which an event may run ahead). It begins within this time ...
constexpr int64_t kRetryWithinMs = 75 * 60'000;
// ... and new payments wait for it beyond this one.
constexpr int64_t kRetryEndsWithinMs = 100 * 60'000;
// How many answers a client asks for again before all else, once verdictd was started again.
constexpr int kRetriesAfterKill = 4;

void SetDeadline(grpc::ClientContext* context) {
  context->set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
}

}  // namespace

int64_t RunClock::TimeMs(uint64_t number) const {
  return start_ms_ + static_cast<int64_t>(number) * step_ms_;
}

uint64_t RunClock::NextNumber() {
  base::MutexLock lock(mutex_);
  while (!retried_ms_.empty() && TimeMs(next_) > *retried_ms_.begin() + kRetryEndsWithinMs) {
    retry_ended_.Wait(mutex_);
  }
  return next_++;
}

uint64_t RunClock::sent() const {
  base::MutexLock lock(mutex_);
  return next_;
}

bool RunClock::BeginRetry(const Payment& payment) {
  base::MutexLock lock(mutex_);
  if (TimeMs(next_) > payment.event_time_ms + kRetryWithinMs) return false;
  retried_ms_.insert(payment.event_time_ms);
  return true;
}

void RunClock::EndRetry(const Payment& payment) {
  base::MutexLock lock(mutex_);
  retried_ms_.erase(retried_ms_.find(payment.event_time_ms));
  retry_ended_.NotifyAll();
}

KillClient::KillClient(KillRun* run, Ledger* ledger, uint64_t seed)
    : run_(run), ledger_(ledger), random_(seed) {}

void KillClient::Reconnect() {
  grpc::ChannelArguments arguments;
  arguments.SetInt("verdict.client", static_cast<int>(random_() & 0xffffff));
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  stub_ = v1::FraudDecision::NewStub(
      grpc::CreateCustomChannel(run_->address, grpc::InsecureChannelCredentials(), arguments));
}

void KillClient::Run() {
  while (!run_->done.load()) {
    if (!run_->hurried.load()) std::this_thread::sleep_for(kPause);
    const int life = run_->life.load();  // before `serving`: a life that is begun here serves
    if (!run_->serving.load()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    } else if (life != life_) {
      BeginLife(life);
    } else if (connected_) {
      MakeCall();
    } else {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));  // until it is started again
    }
  }
}

// What the kill left open comes first: the sooner, the less the checkpoint holds of it.
void KillClient::BeginLife(int life) {
  life_ = life;
  connected_ = true;
  Reconnect();
  RetryLost();
  for (int i = 0; i < kRetriesAfterKill && connected_; ++i) {
    RetryAnswered({.from_ms = run_->clock.now_ms() - kRetryWithinMs, .before_life = life});
  }
}

void KillClient::MakeCall() {
  const uint64_t choice = random_() % 100;
  if (choice < (run_->hurried.load() ? 70 : 55)) {
    ScorePayment(NextPayment());
  } else if (choice < 90) {
    std::vector<Payment> payments(1 + random_() % 16);
    for (Payment& payment : payments) payment = NextPayment();
    RecordPayments(payments);
  } else {
    RetryAnswered({.from_ms = run_->clock.now_ms() - kRetryWithinMs});
  }
}

Payment KillClient::NextPayment() {
  const uint64_t number = run_->clock.NextNumber();
  Payment payment;
  payment.id = "p" + std::to_string(number);
  payment.merchant = static_cast<int>(random_() % run_->merchants);
  payment.amount_minor = 1 + static_cast<int64_t>(random_() % 10'000'000);
  payment.event_time_ms = run_->clock.TimeMs(number);
  return payment;
}

v1::Transaction KillClient::ToTransaction(const Payment& payment) const {
  v1::Transaction txn;
  txn.set_id(payment.id);
  txn.set_event_time_ms(payment.event_time_ms);
  txn.set_amount_minor(payment.amount_minor);
  txn.set_currency("EUR");
  txn.set_merchant_id("m" + std::to_string(payment.merchant));
  txn.set_card_id("c" + std::to_string(payment.amount_minor % 1000));
  return txn;
}

grpc::Status KillClient::Score(const Payment& payment, v1::ScoreResponse* response) {
  v1::ScoreRequest request;
  *request.mutable_transaction() = ToTransaction(payment);
  grpc::ClientContext context;
  SetDeadline(&context);
  return stub_->Score(&context, request, response);
}

void KillClient::ScorePayment(const Payment& payment) {
  v1::ScoreResponse response;
  const grpc::Status status = Score(payment, &response);
  if (!status.ok()) {
    Lose({.is_score = true, .payments = {payment}}, status);
    return;
  }
  if (response.replayed()) run_->found_decided.fetch_add(1);  // in doubt until now
  TakeFirstAnswer(payment, response);
}

void KillClient::TakeFirstAnswer(const Payment& payment, const v1::ScoreResponse& response) {
  if (response.provenance() != v1::PROVENANCE_FULL) run_->not_full.fetch_add(1);
  const auto& reasons = response.partial_reasons();
  if (std::find(reasons.begin(), reasons.end(), "log") != reasons.end()) {
    ledger_->Doubt(payment);  // the log was slow: nobody says that it holds the payment
    return;
  }
  ledger_->Acknowledge(payment);
  // Read after the answer, and before a retry is sent: a retry that seems to have crossed a kill
  // did.
  ledger_->RememberAnswer({payment, run_->life.load(), response.decision(), response.score()});
}

void KillClient::RetryAnswered(const Retriable& wanted) {
  const int life = run_->life.load();
  const auto first = ledger_->SomeAnswer(random_(), wanted);
  if (!first || !run_->clock.BeginRetry(first->payment)) return;
  v1::ScoreResponse response;
  const grpc::Status status = Score(first->payment, &response);
  run_->clock.EndRetry(first->payment);
  if (!status.ok()) {
    NoteLoss(status);
    return;
  }
  const bool same = response.replayed() && response.decision() == first->outcome &&
                    response.score() == first->score;
  (same ? run_->replayed : run_->forgotten).fetch_add(1);
  if (same && first->life < life) run_->across_kill.fetch_add(1);
  if (same) return;
  std::fprintf(stderr, "retry of %s in life %d: replayed %d, in life %d outcome %d, now %d\n",
               first->payment.id.c_str(), life, response.replayed(), first->life, first->outcome,
               response.decision());
}

void KillClient::RecordPayments(const std::vector<Payment>& payments) {
  v1::RecordRequest request;
  for (const Payment& payment : payments) {
    v1::TransactionEvent* event = request.add_events();
    event->set_kind(v1::EVENT_KIND_PAYMENT);
    *event->mutable_transaction() = ToTransaction(payment);
    event->mutable_transaction()->set_status("approved");
  }
  v1::RecordResponse response;
  grpc::ClientContext context;
  SetDeadline(&context);
  const grpc::Status status = stub_->Record(&context, request, &response);
  if (!status.ok()) {
    Lose({.is_score = false, .payments = payments}, status);
    return;
  }
  for (size_t i = 0; i < payments.size(); ++i) {
    const bool sure =
        static_cast<int>(i) < response.results_size() && response.results(i).code() == 0;
    sure ? ledger_->Acknowledge(payments[i]) : ledger_->Doubt(payments[i]);
  }
}

// A share of the lost calls is sent again; the rest shows that 0 or 1 times holds without a retry.
// Of Scores the greater share: their retry tells whether the lost call had been decided.
void KillClient::Lose(const LostCall& call, const grpc::Status& status) {
  for (const Payment& payment : call.payments) ledger_->Doubt(payment);
  const bool again = call.is_score ? scores_lost_++ % 8 != 7 : records_lost_++ % 2 == 0;
  if (again) to_retry_.push_back(call);
  NoteLoss(status);
}

void KillClient::NoteLoss(const grpc::Status& status) {
  const bool died = status.error_code() == grpc::StatusCode::UNAVAILABLE ||
                    status.error_code() == grpc::StatusCode::CANCELLED;
  connected_ = !died;
  if (died && life_ != run_->last_life.load()) return;
  run_->refused.fetch_add(1);
  std::fprintf(stderr, "refused: code %d %s\n", status.error_code(),
               status.error_message().c_str());
}

void KillClient::RetryLost() {
  for (const LostCall& call : std::exchange(to_retry_, {})) {
    if (!connected_) {
      to_retry_.push_back(call);  // killed again meanwhile
      continue;
    }
    const Payment& oldest = call.payments.front();
    if (!run_->clock.BeginRetry(oldest)) continue;
    if (call.is_score) {
      ScorePayment(oldest);
    } else {
      RecordPayments(call.payments);
    }
    run_->clock.EndRetry(oldest);
  }
}

}  // namespace verdict::testing
