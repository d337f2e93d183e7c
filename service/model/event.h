// An event: a transaction recorded in the log.
#pragma once

#include <cstdint>
#include <string_view>

#include "model/transaction.h"

namespace verdict::model {

// Effect on features: PAYMENT +amount +1 (the first of an id counts); REFUND -amount; REVERSAL
// -amount -1; LABEL none.
enum class EventKind : uint8_t { kPayment = 1, kRefund = 2, kReversal = 3, kLabel = 4 };

std::string_view EventKindName(EventKind kind);  // "PAYMENT" ...

struct Event {
  EventKind kind = EventKind::kPayment;
  // Tells apart several REFUND, REVERSAL or LABEL events of one transaction; always 0 for PAYMENT.
  uint32_t sequence = 0;
  // Amounts are positive in every kind; the sign comes from the kind. `status` as the payment
  // system left it.
  Transaction txn;
  bool is_fraud = false;  // LABEL alone
  friend bool operator==(const Event&, const Event&) = default;
};

}  // namespace verdict::model
