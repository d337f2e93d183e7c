#include "e2e/kill_client.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>
#include <vector>

namespace verdict::testing {
namespace {

// Between two calls of a client, so that 100,000 payments last for twenty lives of verdictd.
constexpr std::chrono::milliseconds kPause{4};
// A retry is told from a new payment for two hours of the log's time.
constexpr int64_t kRetryWithinMs = 60 * 60'000;

void SetDeadline(grpc::ClientContext* context) {
  context->set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
}

}  // namespace

KillClient::KillClient(KillRun* run, Ledger* ledger, uint64_t seed)
    : run_(run), ledger_(ledger), random_(seed) {
  Reconnect();
}

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
    if (!run_->serving.load()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      continue;
    }
    const uint64_t choice = random_() % 100;
    bool connected = true;
    if (choice < 55) {
      connected = ScorePayment(NextPayment());
    } else if (choice < 90) {
      connected = RecordPayments(1 + static_cast<int>(random_() % 16));
    } else {
      RetryScore();
    }
    if (!connected) {
      while (run_->serving.load() && !run_->done.load())
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      Reconnect();
    }
  }
}

Payment KillClient::NextPayment() {
  const uint64_t number = run_->next.fetch_add(1);
  Payment payment;
  payment.id = "p" + std::to_string(number);
  payment.merchant = static_cast<int>(random_() % run_->merchants);
  payment.amount_minor = 1 + static_cast<int64_t>(random_() % 10'000'000);
  payment.event_time_ms = run_->start_ms + static_cast<int64_t>(number) * run_->step_ms;
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

bool KillClient::IsLoss(const grpc::Status& status) {
  if (status.error_code() == grpc::StatusCode::UNAVAILABLE ||
      status.error_code() == grpc::StatusCode::CANCELLED) {
    return true;
  }
  run_->refused.fetch_add(1);
  std::fprintf(stderr, "refused: code %d %s\n", status.error_code(),
               status.error_message().c_str());
  return true;
}

bool KillClient::ScorePayment(const Payment& payment) {
  v1::ScoreRequest request;
  *request.mutable_transaction() = ToTransaction(payment);
  v1::ScoreResponse response;
  grpc::ClientContext context;
  SetDeadline(&context);
  const grpc::Status status = stub_->Score(&context, request, &response);
  if (!status.ok()) {
    ledger_->Doubt(payment);
    return !IsLoss(status);
  }
  if (response.provenance() != v1::PROVENANCE_FULL) run_->not_full.fetch_add(1);
  const auto& reasons = response.partial_reasons();
  if (std::find(reasons.begin(), reasons.end(), "log") != reasons.end()) {
    ledger_->Doubt(payment);  // the log was slow: nobody says that it holds the payment
    return true;
  }
  ledger_->Acknowledge(payment);
  ledger_->RememberAnswer({payment, response.decision(), response.score()});
  return true;
}

bool KillClient::RecordPayments(int count) {
  std::vector<Payment> payments;
  v1::RecordRequest request;
  for (int i = 0; i < count; ++i) {
    payments.push_back(NextPayment());
    v1::TransactionEvent* event = request.add_events();
    event->set_kind(v1::EVENT_KIND_PAYMENT);
    *event->mutable_transaction() = ToTransaction(payments.back());
    event->mutable_transaction()->set_status("approved");
  }
  v1::RecordResponse response;
  grpc::ClientContext context;
  SetDeadline(&context);
  const grpc::Status status = stub_->Record(&context, request, &response);
  for (int i = 0; i < count; ++i) {
    const bool sure = status.ok() && i < response.results_size() && response.results(i).code() == 0;
    sure ? ledger_->Acknowledge(payments[i]) : ledger_->Doubt(payments[i]);
  }
  return status.ok() || !IsLoss(status);
}

void KillClient::RetryScore() {
  const auto first = ledger_->SomeAnswer(
      random_(),
      run_->start_ms + static_cast<int64_t>(run_->next.load()) * run_->step_ms - kRetryWithinMs);
  if (!first) return;
  v1::ScoreRequest request;
  *request.mutable_transaction() = ToTransaction(first->payment);
  v1::ScoreResponse response;
  grpc::ClientContext context;
  SetDeadline(&context);
  const grpc::Status status = stub_->Score(&context, request, &response);
  if (!status.ok()) {
    IsLoss(status);
    return;
  }
  const bool same = response.replayed() && response.decision() == first->outcome &&
                    response.score() == first->score;
  (same ? run_->replayed : run_->forgotten).fetch_add(1);
  if (!same) {
    std::fprintf(stderr, "retry of %s: replayed %d, first outcome %d, now %d\n",
                 first->payment.id.c_str(), response.replayed(), first->outcome,
                 response.decision());
  }
}

}  // namespace verdict::testing
