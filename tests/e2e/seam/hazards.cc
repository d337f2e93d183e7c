#include "e2e/seam/hazards.h"

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <utility>

namespace verdict::seam {
namespace {

constexpr int64_t kQuarterMs = 15 * 60'000;
constexpr int64_t kLastQuarter = 8;

bool CutLiesBetween(int64_t from_ms, int64_t until_ms, const std::vector<int64_t>& cuts_ms) {
  return std::any_of(cuts_ms.begin(), cuts_ms.end(),
                     [&](int64_t cut_ms) { return from_ms < cut_ms && cut_ms <= until_ms; });
}

}  // namespace

Hazards FindHazards(const Reference& reference, const std::vector<int64_t>& cuts_ms) {
  Hazards found;
  std::map<std::tuple<int, Kind, std::string, uint32_t>, int64_t> last_ms;
  for (const Entry& entry : reference.entries()) {
    found.unreadable += entry.unreadable.empty() ? 0 : 1;
    if (!entry.unreadable.empty()) continue;
    const Fact& fact = entry.fact;
    const bool counted = entry.entry_class == Class::kCounted;
    found.out_of_order += entry.timestamp_ms < entry.record_ms;
    found.quarantined += entry.entry_class == Class::kQuarantined;
    found.days_late += counted && reference.DayOf(fact.time_ms) < reference.DayOf(entry.record_ms);
    found.refunds += counted && fact.kind == Kind::kRefund;
    found.reversals += counted && fact.kind == Kind::kReversal;
    found.labels += fact.kind == Kind::kLabel;
    found.amounts_unknown += counted && !fact.base_amount;
    const auto [place, is_new] =
        last_ms.try_emplace({entry.partition, fact.kind, fact.id, fact.sequence}, entry.record_ms);
    const int64_t before_ms = std::exchange(place->second, entry.record_ms);
    if (is_new) continue;
    found.counted_beyond_edge += counted;
    if (entry.entry_class != Class::kDuplicate) continue;
    ++found.duplicates;
    found.duplicates_across_cut += CutLiesBetween(before_ms, entry.record_ms, cuts_ms);
    found.duplicates_at_edge +=
        entry.record_ms / kQuarterMs - before_ms / kQuarterMs == kLastQuarter;
  }
  return found;
}

void CheckHazards(const Hazards& hazards, Report* report) {
  const std::pair<const char*, uint64_t> all[] = {
      {"records out of order", hazards.out_of_order},
      {"records of an earlier day, counted", hazards.days_late},
      {"records quarantined", hazards.quarantined},
      {"duplicates", hazards.duplicates},
      {"  of these across a cut", hazards.duplicates_across_cut},
      {"  of these in the last quarter of an hour that tells them", hazards.duplicates_at_edge},
      {"repeats beyond it, which count", hazards.counted_beyond_edge},
      {"refunds", hazards.refunds},
      {"reversals", hazards.reversals},
      {"labels", hazards.labels},
      {"unreadable records", hazards.unreadable},
      {"amounts unknown in the base currency", hazards.amounts_unknown},
  };
  for (const auto& [what, count] : all) {
    report->Figure(what, count);
    report->Require(count > 0, std::string("the topic holds no ") + what);
  }
}

}  // namespace verdict::seam
