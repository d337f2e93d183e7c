// One generated payment, before it becomes a row or an event.
#pragma once

#include <cstdint>
#include <string_view>

namespace verdict::cli {

// What a payment really is: the label. The names are in labels.csv.
enum class FraudKind : uint8_t { kNone, kHabit, kMerchant, kLeaked, kTesting };
inline constexpr int kFraudKinds = 5;
std::string_view FraudKindName(FraudKind kind);  // "", "amount_out_of_habit" ...

struct Payment {
  uint64_t number = 0;  // 1, 2, ... in time order, over the whole run
  int64_t time_ms = 0;
  int64_t amount_minor = 0;
  int64_t amount_base_minor = 0;
  uint64_t device = 0;  // 0: none (in a shop)
  uint32_t card = 0;
  uint32_t merchant = 0;
  uint32_t ip = 0;  // 0: none
  uint8_t payer_country = 0;
  bool declined = false;  // by the issuer
  FraudKind fraud = FraudKind::kNone;
};

}  // namespace verdict::cli
