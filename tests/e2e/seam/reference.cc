#include "e2e/seam/reference.h"

#include <algorithm>
#include <climits>
#include <tuple>
#include <utility>

namespace verdict::seam {
namespace {

constexpr int64_t kQuarterMs = 15 * 60'000;  // duplicates are told within 8 of these and their own
constexpr int64_t kQuartersBack = 8;
constexpr int64_t kFutureSkewMs = 5 * 60'000;
constexpr int64_t kLateDays = 7;
constexpr __int128 kAverageScale = 10'000;  // four digits more than the amounts have
constexpr double kMinorPerMajor = 100;      // of the base currency, EUR

std::string NameOf(EntityType type, const std::string& id) {
  return std::string(1, type == EntityType::kMerchant ? 'm'
                        : type == EntityType::kCard   ? 'c'
                                                      : 'u') +
         ":" + id;
}

// Halves go to the even neighbour.
__int128 DivideHalfEven(__int128 numerator, __int128 denominator) {
  __int128 low = numerator / denominator;
  if (low * denominator > numerator) --low;
  const __int128 twice = 2 * (numerator - low * denominator);
  const bool up = twice > denominator || (twice == denominator && low % 2 != 0);
  return up ? low + 1 : low;
}

}  // namespace

const std::string& EntityOf(const Fact& fact, EntityType type) {
  switch (type) {
    case EntityType::kMerchant:
      return fact.merchant;
    case EntityType::kCard:
      return fact.card;
    case EntityType::kCustomer:
      break;
  }
  return fact.customer;
}

void Reference::Load(std::vector<Entry> entries) {
  entries_ = std::move(entries);
  Classify();
  Index();
}

// A refund is no event of its own: of nothing, it takes nothing away.
bool Reference::AddsNothing(const Fact& fact) {
  return fact.kind == Kind::kLabel || (fact.kind == Kind::kRefund && fact.base_amount == 0);
}

// In the order of each partition. Duplicate: its id stands earlier in its partition, in its own or
// one of the 8 quarters of an hour before, by the running maximum of time.
void Reference::Classify() {
  std::map<int, int64_t> running;
  std::map<std::tuple<int, Kind, std::string, uint32_t>, int64_t> last_quarter;
  for (Entry& entry : entries_) {
    const auto [clock, first] = running.try_emplace(entry.partition, INT64_MIN);
    if (!entry.in_real_future) clock->second = std::max(clock->second, entry.timestamp_ms);
    entry.record_ms = clock->second;
    if (!entry.unreadable.empty()) {
      entry.entry_class = Class::kDeadLettered;
      continue;
    }
    const Fact& fact = entry.fact;
    const int64_t quarter = entry.record_ms / kQuarterMs;
    const auto [place, is_new] =
        last_quarter.try_emplace({entry.partition, fact.kind, fact.id, fact.sequence}, quarter);
    const bool duplicate = !is_new && quarter - place->second <= kQuartersBack;
    place->second = quarter;
    const bool late = DayOf(entry.record_ms) - DayOf(fact.time_ms) > kLateDays;
    const bool early = fact.time_ms > entry.record_ms + kFutureSkewMs;
    entry.entry_class = duplicate           ? Class::kDuplicate
                        : late || early     ? Class::kQuarantined
                        : AddsNothing(fact) ? Class::kFiltered
                                            : Class::kCounted;
  }
}

void Reference::Index() {
  for (uint32_t i = 0; i < entries_.size(); ++i) {
    const Entry& entry = entries_[i];
    by_partition_[entry.partition].push_back(i);
    if (!entry.unreadable.empty()) continue;
    if (entry.fact.kind == Kind::kPayment) payments_[entry.fact.id].push_back(&entry);
    if (entry.entry_class != Class::kCounted) continue;
    for (const EntityType type :
         {EntityType::kMerchant, EntityType::kCard, EntityType::kCustomer}) {
      const std::string& id = EntityOf(entry.fact, type);
      if (!id.empty()) by_entity_[NameOf(type, id)].push_back(i);
    }
  }
}

bool Reference::Concerns(const Fact& fact, const Question& question, const std::string& entity,
                         int64_t time_ms) const {
  if (EntityOf(fact, question.entity) != entity) return false;
  if (question.approved_only && fact.status != "approved") return false;
  if (question.days == 0) {
    return fact.time_ms > time_ms - question.length_ms && fact.time_ms <= time_ms;
  }
  const absl::CivilDay last = DayOf(time_ms), day = DayOf(fact.time_ms);
  return day <= last && day > last - question.days;
}

void Reference::Add(const Fact& fact, const Question& question, Total* total) {
  if (fact.kind == Kind::kLabel) return;
  const bool payment = fact.kind == Kind::kPayment;
  if (question.of_amount && !fact.base_amount) {
    total->amount_unknown = true;
    return;
  }
  const __int128 amount = question.of_amount ? *fact.base_amount : 0;
  total->sum += payment ? amount : -amount;
  total->count += payment ? 1 : fact.kind == Kind::kReversal ? -1 : 0;
  if (!payment || !question.of_amount) return;
  total->min = std::min(total->min.value_or(INT64_MAX), *fact.base_amount);
  total->max = std::max(total->max.value_or(INT64_MIN), *fact.base_amount);
}

Total Reference::OfLog(const Question& question, const std::string& entity, int64_t time_ms,
                       const Offsets& next) const {
  Total total;
  const auto found = by_entity_.find(NameOf(question.entity, entity));
  if (found == by_entity_.end()) return total;
  for (const uint32_t place : found->second) {
    const Entry& entry = entries_[place];
    if (entry.offset >= next.at(static_cast<size_t>(entry.partition))) continue;
    if (Concerns(entry.fact, question, entity, time_ms)) Add(entry.fact, question, &total);
  }
  return total;
}

Expected Reference::Finish(const Question& question, const Total& total) {
  Expected expected{.integer = {}, .real = {}, .amount_unknown = total.amount_unknown};
  switch (question.aggregate) {
    case Aggregate::kSum:
      expected.beyond_int64 = total.sum > INT64_MAX || total.sum < INT64_MIN;
      expected.integer = static_cast<int64_t>(total.sum);
      break;
    case Aggregate::kCount:
      expected.integer = total.count;
      break;
    case Aggregate::kAvg:
      if (total.count > 0) {
        const __int128 scaled = DivideHalfEven(total.sum * kAverageScale, total.count);
        expected.real =
            static_cast<double>(scaled) / (static_cast<double>(kAverageScale) * kMinorPerMajor);
      }
      break;
    case Aggregate::kMin:
      expected.integer = total.min;
      break;
    case Aggregate::kMax:
      expected.integer = total.max;
      break;
  }
  return expected;
}

const std::vector<const Entry*>& Reference::PaymentsOf(const std::string& transaction_id) const {
  static const std::vector<const Entry*> kNone;
  const auto found = payments_.find(transaction_id);
  return found == payments_.end() ? kNone : found->second;
}

bool Reference::PaymentKnown(const std::string& transaction_id, const Offsets& next) const {
  for (const Entry* entry : PaymentsOf(transaction_id)) {
    const int64_t end = next.at(static_cast<size_t>(entry->partition));
    if (entry->offset >= end) continue;
    // The newest record before `end` has the partition's running maximum.
    const std::vector<uint32_t>& places = by_partition_.at(entry->partition);
    const auto after = std::partition_point(
        places.begin(), places.end(), [&](uint32_t place) { return entries_[place].offset < end; });
    const int64_t newest = entries_[*std::prev(after)].record_ms / kQuarterMs;
    if (newest - entry->record_ms / kQuarterMs <= kQuartersBack) return true;
  }
  return false;
}

std::vector<int64_t> Reference::CountClasses(int partition, int64_t from, int64_t to) const {
  std::vector<int64_t> counts(kClasses, 0);
  const auto places = by_partition_.find(partition);
  if (places == by_partition_.end()) return counts;
  for (const uint32_t place : places->second) {
    const Entry& entry = entries_[place];
    if (entry.offset >= from && entry.offset < to) ++counts[static_cast<size_t>(entry.entry_class)];
  }
  return counts;
}

}  // namespace verdict::seam
