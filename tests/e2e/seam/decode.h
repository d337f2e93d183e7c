// From the bytes of a record to what it says: the contract's messages, read by protobuf itself.
#pragma once

#include <cstdint>
#include <string>

#include "e2e/seam/facts.h"
#include "e2e/seam/kafka_topic.h"
#include "verdict/v1/transaction.pb.h"

namespace verdict::seam {

inline constexpr char kBaseCurrency[] = "EUR";
inline constexpr char kContentType[] = "content-type";
inline constexpr char kJson[] = "application/json";

// `latest_ms`: what is stamped later lies in the real future, and counts for nobody.
Entry Decode(const Message& message, int64_t latest_ms);

// A fact as the contract's event, and back.
v1::TransactionEvent ToEvent(const Fact& fact);
Fact ToFact(const v1::TransactionEvent& event);

}  // namespace verdict::seam
