#include "aggregate/census.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "feature/decimal.h"

namespace verdict::aggregate {
namespace {

// The entry of `place` in an ascending list, made where there is none.
template <typename Entry, typename Place>
Entry& Of(std::vector<Entry>& entries, Place Entry::*member, Place place) {
  auto at = std::lower_bound(entries.begin(), entries.end(), place,
                             [&](const Entry& e, Place p) { return e.*member < p; });
  if (at == entries.end() || (*at).*member != place) {
    at = entries.insert(at, Entry());
    (*at).*member = place;
  }
  return *at;
}

}  // namespace

Census::Day& Census::DayOf(model::DayNumber day) { return Of(days, &Day::day, day); }
Census::Stamp& Census::StampOf(feature::CutId cut) { return Of(stamps, &Stamp::cut, cut); }

void Census::AddWritten(const feature::Blob& blob) {
  for (const feature::DayTile& tile : blob.increment) {
    if (tile.day < oldest) continue;
    Day& day = DayOf(tile.day);
    day.sum += tile.tile.sum;
    day.count += tile.tile.count;
  }
  ++StampOf(blob.cut).keys;
  if (!blob.previous) {
    known = false;
  } else if (*blob.previous >= oldest) {
    --StampOf(*blob.previous).keys;
  }
}

void Census::AddStored(const feature::Blob& blob) {
  if (blob.cut < oldest) return;
  for (const feature::DayTile& tile : blob.tiles) {
    if (tile.day < oldest) continue;
    Day& day = DayOf(tile.day);
    day.sum += tile.tile.sum;
    day.count += tile.tile.count;
  }
  ++StampOf(blob.cut).keys;
}

std::optional<feature::CutId> Census::Trim(model::DayNumber day) {
  oldest = std::max(oldest, day);
  std::optional<feature::CutId> newest;
  for (const Stamp& one : stamps) {
    if (one.cut < oldest && one.keys != 0) newest = one.cut;
  }
  std::erase_if(days, [&](const Day& one) { return one.day < oldest; });
  std::erase_if(stamps, [&](const Stamp& one) { return one.cut < oldest; });
  return newest;
}

int64_t Census::keys() const {
  int64_t keys = 0;
  for (const Stamp& stamp : stamps) keys += stamp.keys;
  return keys;
}

std::vector<std::string> Differences(const Census& kept, const Census& found) {
  std::vector<std::string> lines;
  // Entries that hold nothing are as good as none.
  Census a = kept, b = found;
  for (const Census::Stamp& one : found.stamps) {
    Of(a.stamps, &Census::Stamp::cut, one.cut);
  }
  for (const Census::Stamp& one : a.stamps) {
    const int64_t keys = Of(b.stamps, &Census::Stamp::cut, one.cut).keys;
    if (keys == one.keys) continue;
    lines.push_back(absl::StrFormat("%d values bear the cut of %s, %d were written", keys,
                                    model::FormatDay(one.cut), one.keys));
  }
  for (const Census::Day& one : found.days) Of(a.days, &Census::Day::day, one.day);
  for (const Census::Day& one : a.days) {
    const Census::Day day = Of(b.days, &Census::Day::day, one.day);
    if (day.sum == one.sum && day.count == one.count) continue;
    lines.push_back(absl::StrFormat("%s adds up to sum %s, count %d; sum %s, count %d were folded",
                                    model::FormatDay(one.day), feature::Decimal(day.sum), day.count,
                                    feature::Decimal(one.sum), one.count));
  }
  return lines;
}

}  // namespace verdict::aggregate
