// The payments that the benchmarks of the log and of the fold share.
#pragma once

#include <cstdint>
#include <string>

#include "model/decision.h"
#include "model/event.h"

namespace verdict::bench {

// Of whom the n-th record of a log is.
struct People {
  uint64_t merchant = 0, card = 0, customer = 0;
};
// Every card and customer anew: what a fold has most work with.
inline People EachOnce(uint64_t n) {
  return {n * 2654435761 % 200'000, n * 40503 % 1'000'000, n * 7919 % 1'000'000};
}

inline model::Event EventOf(uint64_t n, const People& people, int64_t time_ms) {
  model::Event event;
  event.txn.id = "txn-" + std::to_string(n) + "-9f86d081";
  event.txn.event_time_ms = time_ms;
  event.txn.amount_minor = static_cast<int64_t>(n % 100'000);
  event.txn.currency = "EUR";
  event.txn.merchant_id = "merchant-" + std::to_string(people.merchant);
  event.txn.merchant_mcc = "5411";
  event.txn.merchant_country = "FR";
  event.txn.card_id = "card-" + std::to_string(people.card);
  event.txn.card_country = "DE";
  event.txn.customer_id = "customer-" + std::to_string(people.customer);
  event.txn.device_id = "device-" + std::to_string(n * 104729 % 1'000'000);
  event.txn.ip = "203.0.113.77";
  event.txn.country = "FR";
  event.txn.channel = "ecom";
  event.txn.status = "approved";
  return event;
}

inline model::Decision DecisionOf(const model::Event& event) {
  model::Decision decision;
  decision.transaction_id = event.txn.id;
  decision.outcome = model::Outcome::kAllow;
  decision.decided_by = model::DecidedBy::kScore;
  decision.provenance = model::Provenance::kFull;
  decision.rule_ids = {"velocity-card-1h", "new-device"};
  decision.rule_set = "0123456789ab";
  decision.decided_at_ms = event.txn.event_time_ms;
  return decision;
}

}  // namespace verdict::bench
