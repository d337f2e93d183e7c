// The oracle (R36), written apart: one vector of all records, a full scan with 128-bit integers per
// question, its own days, duplicates and lateness. It shares no line with the engine: a check must
// not share what it checks.
#pragma once

#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace verdict::simulator {

enum class Kind { kPayment = 1, kRefund = 2, kReversal = 3, kLabel = 4 };

// A payment or its counter-movement, in words of the oracle's own.
struct Fact {
  Kind kind = Kind::kPayment;
  std::string id;
  int sequence = 0;
  int64_t time_ms = 0;
  std::optional<int64_t> base_amount;  // none: not known in the base currency
  std::string merchant, card, status;
};

struct Entry {  // a fact as the log holds it
  Fact fact;
  int partition = 0;
  int64_t offset = 0, record_ms = 0;
};

struct Question {
  std::string entity_field, entity;  // "merchant" or "card", and which one
  bool approved_only = false, of_amount = false;
  int window_days = 1;
  int64_t time_ms = 0;  // the window ends on its day
  // Of an imported measure: who is recorded later than so many days after his day, once imports
  // have begun, belongs to nobody; days before `first_live` are the lake's.
  std::optional<int> late_days;
  int64_t imported_since_ms = 0;
  std::optional<absl::CivilDay> first_live;
  // In place of days: what lies after the one moment and not after the other.
  bool slides = false;
  int64_t after_ms = 0, until_ms = 0;
};

struct Total {
  __int128 sum = 0;
  int64_t count = 0;
  std::optional<int64_t> min, max;
  bool amount_unknown = false, payment_unknown = false;
  // Of payments alone: those whose amount can be squared, those at the newest moment, all moments.
  std::vector<int64_t> squarable;
  bool too_large = false;  // an amount was not
  int64_t newest_ms = INT64_MIN;
  std::set<int64_t> newest;  // amounts of the newest payments; several of one millisecond
  std::optional<int64_t> first_ms, last_ms;
};

// The mean squared distance from the mean, in two passes.
inline long double Variance(const std::vector<int64_t>& values) {
  long double mean = 0, total = 0;
  for (const int64_t value : values) mean += static_cast<long double>(value) / values.size();
  for (const int64_t value : values) total += (value - mean) * (value - mean) / values.size();
  return total;
}

enum class Class { kCounted, kFiltered, kDuplicate, kQuarantined };

class Oracle {
 public:
  explicit Oracle(const absl::TimeZone& zone) : zone_(zone) {}

  std::vector<Entry> log;  // everything ever recorded, also what retention has removed since

  absl::CivilDay DayOf(int64_t ms) const {
    return absl::ToCivilDay(absl::FromUnixMillis(ms), zone_);
  }

  // The class of each entry below `next`. Duplicate: its id stands earlier in the same partition,
  // in its own or one of the 8 previous quarters of an hour of the running maximum of record time.
  std::vector<std::pair<const Entry*, Class>> Classify(const std::vector<int64_t>& next) const {
    std::map<std::tuple<int, Kind, std::string, int>, int64_t> last_quarter;
    std::vector<std::pair<const Entry*, Class>> classes;
    for (const Entry& entry : log) {
      if (entry.offset >= next[static_cast<size_t>(entry.partition)]) continue;
      const Fact& fact = entry.fact;
      const int64_t quarter = entry.record_ms / 900'000;
      const auto [place, is_new] =
          last_quarter.try_emplace({entry.partition, fact.kind, fact.id, fact.sequence}, quarter);
      const bool duplicate = !is_new && quarter - place->second <= 8;
      place->second = quarter;
      const bool late = DayOf(entry.record_ms) - DayOf(fact.time_ms) > 7;
      const bool early = fact.time_ms > entry.record_ms + 300'000;
      classes.emplace_back(&entry, duplicate                   ? Class::kDuplicate
                                   : late || early             ? Class::kQuarantined
                                   : fact.kind == Kind::kLabel ? Class::kFiltered
                                                               : Class::kCounted);
    }
    return classes;
  }

  // Is the payment `id` still known to its partition's window at `next`?
  bool PaymentKnown(const std::string& id, int partition, const std::vector<int64_t>& next) const {
    int64_t newest = INT64_MIN, seen = INT64_MIN;
    for (const Entry& entry : log) {
      if (entry.partition != partition || entry.offset >= next[static_cast<size_t>(partition)])
        continue;
      newest = entry.record_ms / 900'000;
      if (entry.fact.kind == Kind::kPayment && entry.fact.id == id) seen = newest;
    }
    return seen != INT64_MIN && newest - seen <= 8;
  }

  bool IsOrphan(int64_t time_ms, int64_t record_ms, const Question& q) const {
    return q.late_days && record_ms >= q.imported_since_ms &&
           DayOf(record_ms) - DayOf(time_ms) > *q.late_days;
  }

  // Does the fact mean anything to the measure, whatever the day?
  bool Concerns(const Fact& fact, const Question& q) const {
    const std::string& entity = q.entity_field == "merchant" ? fact.merchant : fact.card;
    if (entity.empty() || (q.approved_only && fact.status != "approved")) return false;
    if (fact.kind == Kind::kPayment || fact.kind == Kind::kReversal) return true;
    return fact.kind == Kind::kRefund && q.of_amount && fact.base_amount.value_or(1) != 0;
  }

  bool InWindow(const Fact& fact, const Question& q) const {
    if (q.slides) return fact.time_ms > q.after_ms && fact.time_ms <= q.until_ms;
    const absl::CivilDay last = DayOf(q.time_ms), day = DayOf(fact.time_ms);
    return day <= last && day > last - q.window_days;
  }

  void Add(const Fact& fact, const Question& q, Total* total) const {
    const std::string& entity = q.entity_field == "merchant" ? fact.merchant : fact.card;
    if (entity != q.entity || !InWindow(fact, q)) return;
    if (q.approved_only && fact.status != "approved") return;
    if (q.of_amount && !fact.base_amount) {
      total->amount_unknown = true;
      total->payment_unknown |= fact.kind == Kind::kPayment;
      return;
    }
    if (fact.kind == Kind::kPayment) {
      total->first_ms = std::min(total->first_ms.value_or(INT64_MAX), fact.time_ms);
      total->last_ms = std::max(total->last_ms.value_or(INT64_MIN), fact.time_ms);
    }
    const __int128 amount = fact.base_amount.value_or(0);
    total->sum += fact.kind == Kind::kPayment ? amount : -amount;
    total->count += fact.kind == Kind::kPayment ? 1 : fact.kind == Kind::kReversal ? -1 : 0;
    if (fact.kind != Kind::kPayment || !fact.base_amount) return;
    total->min = std::min(total->min.value_or(INT64_MAX), *fact.base_amount);
    total->max = std::max(total->max.value_or(INT64_MIN), *fact.base_amount);
    AddAmount(*fact.base_amount, fact.time_ms, total);
  }

  static void AddAmount(int64_t amount, int64_t time_ms, Total* total) {
    const bool squarable = std::abs(static_cast<double>(amount)) < 0x1p46;
    if (squarable) total->squarable.push_back(amount);
    total->too_large |= !squarable;
    if (time_ms > total->newest_ms) total->newest.clear();
    total->newest_ms = std::max(total->newest_ms, time_ms);
    if (time_ms == total->newest_ms) total->newest.insert(amount);
  }

  // What the log below `next` and `also` (provisionals, the payment itself) add up to.
  Total Answer(const Question& q, const std::vector<int64_t>& next,
               const std::vector<Fact>& also) const {
    Total total;
    for (const auto& [entry, entry_class] : Classify(next)) {
      if (entry_class != Class::kCounted) continue;
      if (IsOrphan(entry->fact.time_ms, entry->record_ms, q)) continue;
      if (q.first_live && DayOf(entry->fact.time_ms) < *q.first_live) continue;
      Add(entry->fact, q, &total);
    }
    for (const Fact& fact : also) Add(fact, q, &total);
    return total;
  }

 private:
  absl::TimeZone zone_;
};

}  // namespace verdict::simulator
