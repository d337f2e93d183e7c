#include "e2e/seam/payment_system.h"

#include <google/protobuf/util/json_util.h>

#include <chrono>
#include <utility>

#include "base/check.h"
#include "e2e/seam/decode.h"

namespace verdict::seam {
namespace {

constexpr std::chrono::milliseconds kLook{2};

const char* NameOf(Kind kind) {
  switch (kind) {
    case Kind::kPayment:
      return "payment";
    case Kind::kRefund:
      return "refund";
    case Kind::kReversal:
      return "reversal";
    case Kind::kLabel:
      return "label";
  }
  return "";
}

// What the issuer made of it in the end.
std::string FinalStatus(v1::Outcome outcome, const EventPlan& plan) {
  if (outcome == v1::OUTCOME_DENY || plan.declined_by_issuer) return "declined";
  return "approved";
}

Message MessageOf(const Extra& extra) {
  if (extra.what == Extra::What::kFact || extra.what == Extra::What::kFuture) {
    return MessageOf(extra.fact, extra.json);
  }
  if (extra.what == Extra::What::kAhead) {
    Message message = MessageOf(extra.fact, extra.json);
    message.timestamp_ms = extra.due_ms;
    return message;
  }
  Message message{.timestamp_ms = extra.due_ms, .key = extra.key, .value = extra.value};
  if (extra.json) message.headers.emplace_back(kContentType, kJson);
  if (extra.what == Extra::What::kNoKind) {
    v1::TransactionEvent event = ToEvent(extra.fact);
    event.clear_kind();
    event.mutable_transaction()->set_event_time_ms(extra.due_ms);
    message.value = event.SerializeAsString();
  }
  return message;
}

const char* NameOf(Extra::What what) {
  switch (what) {
    case Extra::What::kFact:
      return "late event";
    case Extra::What::kFuture:
      return "stamped in the real future";
    case Extra::What::kAhead:
      return "dated ahead of its stamp";
    case Extra::What::kGarbage:
    case Extra::What::kNoKind:
    case Extra::What::kBrokenJson:
      break;
  }
  return "unreadable";
}

}  // namespace

Message MessageOf(const Fact& fact, bool json) {
  const v1::TransactionEvent event = ToEvent(fact);
  Message message{.timestamp_ms = fact.time_ms, .key = fact.merchant};
  if (!json) {
    message.value = event.SerializeAsString();
    return message;
  }
  CHECK(google::protobuf::util::MessageToJsonString(event, &message.value).ok());
  message.headers.emplace_back(kContentType, kJson);
  return message;
}

PaymentSystem::PaymentSystem(const World* world, const Conductor* conductor, Producer* producer)
    : world_(*world), conductor_(*conductor), producer_(*producer) {
  PlanExtras();
}

PaymentSystem::~PaymentSystem() { Finish(); }

void PaymentSystem::Start() {
  thread_ = std::thread([this] { Run(); });
}

void PaymentSystem::Run() {
  while (!stopping_.load()) {
    {
      base::MutexLock lock(producing_);
      if (!held_) ProduceDue();
    }
    std::this_thread::sleep_for(kLook);
  }
  ProduceDue();
}

void PaymentSystem::Hold(bool held) {
  base::MutexLock lock(producing_);
  held_ = held;
}

void PaymentSystem::Finish() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

void PaymentSystem::ProduceDue() {
  std::vector<Due> now;
  {
    base::MutexLock lock(mutex_);
    const auto end = due_.upper_bound(conductor_.now_ms());
    for (auto due = due_.begin(); due != end; ++due) {
      ++produced_[due->second.what];
      now.push_back(std::move(due->second));
    }
    due_.erase(due_.begin(), end);
  }
  for (const Due& due : now) producer_.Produce(due.message);
}

void PaymentSystem::PlanExtras() {
  base::MutexLock lock(mutex_);
  for (const Extra& extra : world_.extras) {
    Plan(extra.due_ms, MessageOf(extra), NameOf(extra.what));
  }
}

void PaymentSystem::Plan(int64_t due_ms, const Message& message, const char* what) {
  due_.emplace(due_ms, Due{message, what});
}

void PaymentSystem::BeforeScore(uint32_t number) {
  const PlannedPayment& payment = world_.payments[number];
  if (payment.event.when != EventPlan::When::kBefore) return;
  {
    base::MutexLock lock(mutex_);
    PlanEvent(payment, FinalStatus(v1::OUTCOME_ALLOW, payment.event), payment.fact.time_ms);
  }
  ProduceDue();
}

void PaymentSystem::OnDecision(uint32_t number, v1::Outcome outcome) {
  const PlannedPayment& payment = world_.payments[number];
  if (payment.event.when != EventPlan::When::kAfter) return;
  base::MutexLock lock(mutex_);
  PlanEvent(payment, FinalStatus(outcome, payment.event),
            conductor_.now_ms() + payment.event.delay_ms);
}

void PaymentSystem::PlanEvent(const PlannedPayment& payment, const std::string& status,
                              int64_t due_ms) {
  Fact fact = payment.fact;
  fact.status = status;
  if (fact.base_amount && !fact.foreign) *fact.base_amount += payment.event.amount_change;
  const Message message = MessageOf(fact, payment.event.json);
  Plan(due_ms, message, NameOf(Kind::kPayment));
  for (const int64_t later_ms : payment.event.repeats_ms)
    Plan(due_ms + later_ms, message, "repeat");
  for (const FollowUp& follow_up : payment.event.follow_ups) {
    Fact next = fact;
    next.kind = follow_up.kind;
    next.sequence = follow_up.sequence;
    next.time_ms = fact.time_ms + follow_up.delay_ms;
    if (next.base_amount) next.base_amount = *fact.base_amount / 100 * follow_up.percent_of_amount;
    // Never ahead of the clock that its record will be stamped by.
    Plan(std::max(due_ms, next.time_ms), MessageOf(next, payment.event.json),
         NameOf(follow_up.kind));
  }
}

std::map<std::string, uint64_t> PaymentSystem::produced() const {
  base::MutexLock lock(mutex_);
  return produced_;
}

}  // namespace verdict::seam
