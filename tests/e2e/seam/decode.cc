#include "e2e/seam/decode.h"

#include <google/protobuf/util/json_util.h>

namespace verdict::seam {
namespace {

// What was paid in another currency, and how much of it. Nobody adds that up.
constexpr char kForeign[] = "USD";
constexpr int64_t kForeignAmount = 4711;

// Why the event cannot be counted by anybody; empty where it can.
std::string Unreadable(const Message& message, int64_t latest_ms, v1::TransactionEvent* event) {
  if (message.timestamp_ms > latest_ms) return "stamped in the real future";
  if (message.HeaderOf(kContentType) == kJson) {
    google::protobuf::util::JsonParseOptions options;
    options.ignore_unknown_fields = true;
    const auto status = google::protobuf::util::JsonStringToMessage(message.value, event, options);
    if (!status.ok()) return "no JSON of an event";
  } else if (!event->ParseFromString(message.value)) {
    return "no protobuf of an event";
  }
  if (event->kind() == v1::EVENT_KIND_UNSPECIFIED || !v1::EventKind_IsValid(event->kind())) {
    return "no kind";
  }
  if (!event->has_transaction()) return "no transaction";
  return "";
}

}  // namespace

Entry Decode(const Message& message, int64_t latest_ms) {
  Entry entry{.partition = message.partition,
              .offset = message.offset,
              .timestamp_ms = message.timestamp_ms,
              .in_real_future = message.timestamp_ms > latest_ms};
  v1::TransactionEvent event;
  entry.unreadable = Unreadable(message, latest_ms, &event);
  if (entry.unreadable.empty()) entry.fact = ToFact(event);
  return entry;
}

v1::TransactionEvent ToEvent(const Fact& fact) {
  v1::TransactionEvent event;
  event.set_kind(fact.kind == Kind::kPayment    ? v1::EVENT_KIND_PAYMENT
                 : fact.kind == Kind::kRefund   ? v1::EVENT_KIND_REFUND
                 : fact.kind == Kind::kReversal ? v1::EVENT_KIND_REVERSAL
                                                : v1::EVENT_KIND_LABEL);
  event.set_sequence(fact.sequence);
  v1::Transaction* txn = event.mutable_transaction();
  txn->set_id(fact.id);
  txn->set_event_time_ms(fact.time_ms);
  const bool foreign = fact.foreign || !fact.base_amount;
  txn->set_currency(foreign ? kForeign : kBaseCurrency);
  txn->set_amount_minor(foreign ? kForeignAmount : *fact.base_amount);
  if (foreign && fact.base_amount) txn->set_amount_base_minor(*fact.base_amount);
  txn->set_merchant_id(fact.merchant);
  txn->set_card_id(fact.card);
  txn->set_customer_id(fact.customer);
  txn->set_status(fact.status);
  return event;
}

Fact ToFact(const v1::TransactionEvent& event) {
  const v1::Transaction& txn = event.transaction();
  Fact fact;
  fact.kind = event.kind() == v1::EVENT_KIND_PAYMENT    ? Kind::kPayment
              : event.kind() == v1::EVENT_KIND_REFUND   ? Kind::kRefund
              : event.kind() == v1::EVENT_KIND_REVERSAL ? Kind::kReversal
                                                        : Kind::kLabel;
  fact.id = txn.id();
  fact.sequence = event.sequence();
  fact.time_ms = txn.event_time_ms();
  if (txn.has_amount_base_minor()) {
    fact.base_amount = txn.amount_base_minor();
  } else if (txn.currency() == kBaseCurrency) {
    fact.base_amount = txn.amount_minor();
  }
  fact.foreign = txn.currency() != kBaseCurrency;
  fact.merchant = txn.merchant_id();
  fact.card = txn.card_id();
  fact.customer = txn.customer_id();
  fact.status = txn.status();
  return fact;
}

}  // namespace verdict::seam
