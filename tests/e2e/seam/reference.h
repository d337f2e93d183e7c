// The oracle (R36), written apart: every record of the topic, and for each question a full scan of
// the entity's records with 128-bit integers; its own days, duplicates and lateness. It shares no
// line with the engine: a check must not share what it checks.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "e2e/seam/facts.h"
#include "e2e/seam/questions.h"

namespace verdict::seam {

// What facts add up to.
struct Total {
  __int128 sum = 0;
  int64_t count = 0;
  std::optional<int64_t> min, max;
  bool amount_unknown = false;  // one of them has no amount in the base currency
};

// A feature's value as it must be answered. Absent: no value.
struct Expected {
  std::optional<int64_t> integer;  // sum, count, min, max
  std::optional<double> real;      // average, in major units
  bool amount_unknown = false;
  bool beyond_int64 = false;
};

// Compatible with threads once loaded.
class Reference {
 public:
  explicit Reference(const absl::TimeZone& zone) : zone_(zone) {}

  // All records of the topic, in offset order within each partition. Finds record times and
  // classes.
  void Load(std::vector<Entry> entries);
  const std::vector<Entry>& entries() const { return entries_; }

  absl::CivilDay DayOf(int64_t ms) const {
    return absl::ToCivilDay(absl::FromUnixMillis(ms), zone_);
  }
  // Is `fact` one that `question`, asked at `time_ms` of `entity`, is about?
  bool Concerns(const Fact& fact, const Question& question, const std::string& entity,
                int64_t time_ms) const;
  static void Add(const Fact& fact, const Question& question, Total* total);
  // Of the records below `next` that count.
  Total OfLog(const Question& question, const std::string& entity, int64_t time_ms,
              const Offsets& next) const;
  static Expected Finish(const Question& question, const Total& total);

  // Where the PAYMENT events of a transaction stand; empty where there are none.
  const std::vector<const Entry*>& PaymentsOf(const std::string& transaction_id) const;
  // Is its payment known to the duplicates' window of its partition at `next`?
  bool PaymentKnown(const std::string& transaction_id, const Offsets& next) const;
  // How many records of partition `partition` in [from, to) have each class.
  std::vector<int64_t> CountClasses(int partition, int64_t from, int64_t to) const;

 private:
  static bool AddsNothing(const Fact& fact);
  void Classify();
  void Index();

  absl::TimeZone zone_;
  std::vector<Entry> entries_;
  // "m:shop" -> its counted records, as places in entries_.
  std::unordered_map<std::string, std::vector<uint32_t>> by_entity_;
  std::unordered_map<std::string, std::vector<const Entry*>> payments_;
  std::map<int, std::vector<uint32_t>> by_partition_;  // in offset order
};

// The id of the entity that a question about `fact` asks of; empty: it has none.
const std::string& EntityOf(const Fact& fact, EntityType type);

}  // namespace verdict::seam
