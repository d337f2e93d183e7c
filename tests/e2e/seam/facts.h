// What the seam test knows of payments and of the log, in words of its own: none of the engine's
// types, so that the oracle shares nothing with what it checks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace verdict::seam {

enum class Kind : uint8_t { kPayment, kRefund, kReversal, kLabel };

// A payment or its counter-movement.
struct Fact {
  Kind kind = Kind::kPayment;
  std::string id;
  uint32_t sequence = 0;
  int64_t time_ms = 0;
  std::optional<int64_t> base_amount = {};  // none: not known in the base currency
  bool foreign = false;                     // paid in another currency
  std::string merchant = {}, card = {}, customer = {};
  std::string status = {};
};

// What becomes of a record of the log (I7). The order is that of the metric's labels below.
enum class Class : uint8_t {
  kCounted,
  kFiltered,
  kDuplicate,
  kQuarantined,
  kOrphan,
  kDeadLettered
};
inline constexpr int kClasses = 6;
inline constexpr const char* kClassNames[kClasses] = {"counted",     "filtered", "duplicate",
                                                      "quarantined", "orphan",   "dead_lettered"};

// A record of the topic, read back.
struct Entry {
  int32_t partition = 0;
  int64_t offset = 0;
  int64_t timestamp_ms = 0;     // as its producer stamped it
  bool in_real_future = false;  // that stamp: it moves no clock
  std::string unreadable = {};  // not empty: why nobody can count it; `fact` says nothing then
  Fact fact = {};
  // Found by Reference::Load.
  int64_t record_ms = 0;
  Class entry_class = Class::kCounted;
};

// By partition: the first offset that does not belong to a point of the log.
using Offsets = std::vector<int64_t>;

}  // namespace verdict::seam
