// A decision, and how good the inputs it was made from were.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace verdict::model {

enum class Outcome : uint8_t { kAllow = 1, kReview = 2, kDeny = 3 };
enum class Provenance : uint8_t {
  kFull = 0,
  kStale = 1,
  kPartial = 2,
  kDefault = 3
};  // worse is greater
enum class DecidedBy : uint8_t {
  kFinal = 1,
  kOverride = 2,
  kRule = 3,
  kScore = 4,
  kProvenance = 5,
  kDefault = 6
};

// Why a value is PARTIAL: a set of bits. The comment says what it means to a rule.
enum PartialReason : uint16_t {
  kPartialBatch = 1 << 0,       // the store did not answer                     reads as missing
  kPartialRebuilding = 1 << 1,  // state is being rebuilt from the log          reads as missing
  kPartialBefore = 1 << 2,      // nothing is known before a point              reads as missing
  kPartialLogGone = 1 << 3,     // retention removed events we needed           reads as missing
  kPartialTooOld = 1 << 4,      // the window reaches before the days kept      reads as missing
  kPartialSuspect = 1 << 5,     // a proof failed                               reads as missing
  kPartialBehind = 1 << 6,      // the blob is ahead of this replica            the value stands
  kPartialCurrent = 1 << 7,     // unknown whether the log holds this payment   the value stands
  kPartialRange = 1 << 8,       // beyond int64: saturated                      the value stands
  kPartialLimit = 1 << 9,       // a memory cap was reached                     the value stands
  kPartialLog = 1 << 10,        // the log did not take the event in time       the value stands
  kPartialFx = 1 << 11,         // an amount was not in the base currency       see AGGREGATES R40
};
inline constexpr uint16_t kPartialReadsAsMissing = kPartialBatch | kPartialRebuilding |
                                                   kPartialBefore | kPartialLogGone |
                                                   kPartialTooOld | kPartialSuspect;

std::string_view OutcomeName(Outcome outcome);           // "ALLOW" ...
std::string_view ProvenanceName(Provenance provenance);  // "FULL" ...
std::string_view DecidedByName(DecidedBy decided_by);    // "final" ...
// "batch|fx"; empty for 0.
std::string PartialReasonNames(uint16_t reasons);

// What is stored with a payment, returned again to a retry and by GetDecision.
struct Decision {
  std::string transaction_id;
  Outcome outcome = Outcome::kReview;
  DecidedBy decided_by = DecidedBy::kDefault;
  Provenance provenance = Provenance::kDefault;
  uint16_t partial_reasons = 0;  // PartialReason bits, all features together
  int64_t score = 0;
  std::vector<std::string> reasons;           // merchant-safe codes, by priority
  std::vector<std::string> rule_ids;          // live rules that matched
  std::vector<std::string> shadow_rule_ids;   // would have matched
  std::vector<std::string> missing_rule_ids;  // ended missing
  std::vector<std::string> error_rule_ids;    // ended in an error
  std::string rule_set;                       // hash, 12 hexadecimal digits
  int64_t decided_at_ms = 0;
  // Digest of (id, amount_minor, currency, merchant_id, card_id): a retry with another one is a
  // conflict.
  std::array<uint64_t, 2> request_digest{};
  friend bool operator==(const Decision&, const Decision&) = default;
};

}  // namespace verdict::model
