// Small things for the tests of the seam test's own parts.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "e2e/seam/book.h"
#include "e2e/seam/questions.h"
#include "e2e/seam/reference.h"

namespace verdict::seam {

inline constexpr int64_t kMinute = 60'000;
inline constexpr int64_t kHour = 60 * kMinute;
inline constexpr int64_t kDay = 24 * kHour;

inline absl::TimeZone Berlin() {
  absl::TimeZone zone;
  absl::LoadTimeZone("Europe/Berlin", &zone);
  return zone;
}

// Of a wall clock in Berlin.
inline int64_t At(int month, int day, int hour, int minute) {
  return absl::ToUnixMillis(
      absl::FromCivil(absl::CivilSecond(2023, month, day, hour, minute), Berlin()));
}

inline Fact Paid(const std::string& id, int64_t amount, int64_t time_ms) {
  return {.id = id,
          .time_ms = time_ms,
          .base_amount = amount,
          .merchant = "shop",
          .card = "card",
          .status = "approved"};
}

// A log of one partition, in the order its facts are added.
class LogOf {
 public:
  LogOf& Add(const Fact& fact) { return Add(fact, fact.time_ms); }
  LogOf& Add(const Fact& fact, int64_t stamp_ms) {
    Entry entry{.offset = static_cast<int64_t>(entries_.size()), .timestamp_ms = stamp_ms};
    entry.fact = fact;
    entries_.push_back(std::move(entry));
    return *this;
  }
  LogOf& AddUnreadable(int64_t stamp_ms, bool in_real_future) {
    entries_.push_back({.offset = static_cast<int64_t>(entries_.size()),
                        .timestamp_ms = stamp_ms,
                        .in_real_future = in_real_future,
                        .unreadable = "no protobuf"});
    return *this;
  }
  Reference Loaded() const {
    Reference reference(Berlin());
    reference.Load(entries_);
    return reference;
  }

 private:
  std::vector<Entry> entries_;
};

inline const Question kVolume{.name = "merchant.volume_30d", .of_amount = true, .days = 30};
inline const Question kApproved{
    .name = "merchant.approved_30d", .approved_only = true, .of_amount = true, .days = 30};
inline const Question kCardCount{.name = "card.count_1d",
                                 .entity = EntityType::kCard,
                                 .aggregate = Aggregate::kCount,
                                 .days = 1};
inline const Question kAverage{
    .name = "merchant.avg_7d", .aggregate = Aggregate::kAvg, .of_amount = true, .days = 7};

// What an exact verdictd says of `question`, asked for `fact` beside `log` (below `next`) and
// `also`.
inline v1::FeatureValue ExactValue(const Reference& reference, const Question& question,
                                   const Fact& fact, const Offsets& next,
                                   const std::vector<Fact>& also) {
  const std::string& entity = EntityOf(fact, question.entity);
  Total total = reference.OfLog(question, entity, fact.time_ms, next);
  for (const Fact& one : also) {
    if (reference.Concerns(one, question, entity, fact.time_ms)) {
      Reference::Add(one, question, &total);
    }
  }
  const Expected expected = Reference::Finish(question, total);
  v1::FeatureValue value;
  value.set_name(question.name);
  value.set_provenance(v1::PROVENANCE_FULL);
  if (expected.integer) value.set_int_value(*expected.integer);
  if (expected.real) value.set_double_value(*expected.real);
  return value;
}

}  // namespace verdict::seam
