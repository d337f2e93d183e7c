// The seam, for random events: I2 (wherever the flip lies), I4 (in any order), I8 (nothing given is
// changed); and the average against long division.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "feature/merge.h"

namespace verdict::feature {
namespace {

constexpr model::DayNumber kToday = 18'000;
constexpr CutId kFirstEpoch = 100;
constexpr CutId kNewestEpoch = 104;

struct LoggedEvent {
  CutId epoch;
  model::DayNumber day;
  Tile tile;
};

Tile AnyTile() {
  const auto amount = *rc::gen::arbitrary<int64_t>();
  Tile tile;
  switch (*rc::gen::inRange(0, 4)) {
    case 0:  // a refund
      tile.sum = -Int128{amount};
      break;
    case 1:  // a reversal
      tile.sum = -Int128{amount};
      tile.count = -1;
      break;
    case 2:  // an amount that is not known
      tile.marks = kMarkFx;
      break;
    default:
      tile = {.sum = amount, .count = 1, .min = amount, .max = amount, .marks = 0};
  }
  return tile;
}

std::vector<LoggedEvent> AnyEvents() {
  std::vector<LoggedEvent> events(*rc::gen::inRange<size_t>(0, 40));
  for (LoggedEvent& event : events) {
    event.epoch = *rc::gen::inRange(kFirstEpoch, kNewestEpoch + 1);
    event.day = kToday - *rc::gen::inRange(-1, 34);
    event.tile = AnyTile();
  }
  return events;
}

// What the batch would have written at `cut`.
Blob BlobAt(CutId cut, const std::vector<LoggedEvent>& events) {
  std::map<model::DayNumber, Tile> days;
  for (const LoggedEvent& event : events) {
    if (event.epoch < cut) days[event.day].Merge(event.tile);
  }
  Blob blob;
  blob.cut = cut;
  for (const auto& [day, tile] : days) {
    if (!(tile == Tile{})) blob.tiles.push_back({day, tile});
  }
  return blob;
}

// One cell an (epoch, day), as counters keep them; epochs below `oldest` were dropped.
std::vector<LiveCell> CellsFrom(CutId oldest, const std::vector<LoggedEvent>& events) {
  std::map<std::pair<CutId, model::DayNumber>, Tile> cells;
  for (const LoggedEvent& event : events) {
    if (event.epoch >= oldest) cells[{event.epoch, event.day}].Merge(event.tile);
  }
  std::vector<LiveCell> live;
  for (const auto& [place, tile] : cells) live.push_back({place.first, place.second, tile});
  return live;
}

Tile ReferenceTotal(const std::vector<LoggedEvent>& events, int window_days) {
  Tile total;
  for (const LoggedEvent& event : events) {
    if (event.day > kToday || event.day <= kToday - window_days) continue;
    total.sum += event.tile.sum;
    total.count += event.tile.count;
    total.min = std::min(total.min, event.tile.min);
    total.max = std::max(total.max, event.tile.max);
    total.marks |= event.tile.marks;
  }
  return total;
}

RC_GTEST_PROP(MergeProperty, GivesOneTotalWhereverTheFlipBetweenBlobAndMemoryLies, ()) {
  const std::vector<LoggedEvent> events = AnyEvents();
  const int window_days = *rc::gen::inRange(1, 33);
  const Tile expected = ReferenceTotal(events, window_days);
  for (CutId cut = kFirstEpoch; cut <= kNewestEpoch; ++cut) {
    const Blob blob = BlobAt(cut, events);
    for (CutId oldest = kFirstEpoch; oldest <= cut; ++oldest) {  // epochs that memory still holds
      const std::vector<LiveCell> live = CellsFrom(oldest, events);
      uint16_t reasons = 0;
      const Tile total = MergeWindow({.blob = &blob, .live = live, .newest_epoch = kNewestEpoch},
                                     window_days, kToday, &reasons, nullptr);
      RC_ASSERT(total == expected);
      RC_ASSERT(reasons == (expected.marks != 0 ? model::kPartialFx : 0));
    }
  }
}

RC_GTEST_PROP(MergeProperty, GivesOneTotalInAnyOrderAndChangesNothingItIsGiven, ()) {
  const std::vector<LoggedEvent> events = AnyEvents();
  const CutId cut = *rc::gen::inRange(kFirstEpoch, kNewestEpoch + 1);
  const Blob blob = BlobAt(cut, events);
  std::vector<LiveCell> live;  // an event a cell: no order and no grouping may matter
  for (const LoggedEvent& event : events) live.push_back({event.epoch, event.day, event.tile});
  std::shuffle(live.begin(), live.end(), std::mt19937(*rc::gen::arbitrary<uint32_t>()));
  std::vector<DayTile> overlay;
  Tile expected = ReferenceTotal(events, 30);
  for (int i = 0; i < 3; ++i) {
    overlay.push_back({kToday - i, AnyTile()});
    expected.Merge(overlay.back().tile);
  }
  const Blob blob_before = blob;
  const std::vector<DayTile> overlay_before = overlay;
  const std::vector<LiveCell> live_before = live;

  uint16_t reasons = 0;
  std::vector<Part> parts;
  const MeasureView view{
      .blob = &blob, .live = live, .overlay = overlay, .newest_epoch = kNewestEpoch};
  const Tile once = MergeWindow(view, 30, kToday, &reasons, &parts);
  const Tile again = MergeWindow(view, 30, kToday, &reasons, nullptr);

  RC_ASSERT(once == expected);
  RC_ASSERT(again == expected);
  RC_ASSERT(blob == blob_before);
  RC_ASSERT(overlay == overlay_before);
  RC_ASSERT(std::equal(live.begin(), live.end(), live_before.begin(),
                       [](const LiveCell& a, const LiveCell& b) {
                         return a.epoch == b.epoch && a.day == b.day && a.tile == b.tile;
                       }));
}

// sum / count to four decimals by long division, halves to the even digit.
double AverageByLongDivision(Int128 sum, int64_t count) {
  const bool negative = sum < 0;
  if (negative) sum = -sum;
  Int128 digits = sum / count;
  Int128 rest = sum % count;
  for (int i = 0; i < 4; ++i) {
    rest *= 10;
    digits = digits * 10 + rest / count;
    rest %= count;
  }
  const Int128 distance = 2 * rest - count;
  if (distance > 0 || (distance == 0 && digits % 2 == 1)) ++digits;
  return static_cast<double>(negative ? -digits : digits) / 10'000.0;
}

RC_GTEST_PROP(AverageProperty, AgreesWithLongDivision, ()) {
  Feature feature;
  feature.aggregate = Aggregate::kAvg;
  Tile tile;
  // Small counts that divide powers of ten make many exact halves.
  const bool halves = *rc::gen::arbitrary<bool>();
  tile.count = halves ? *rc::gen::element<int64_t>(8, 32, 20'000, 80'000, 160'000)
                      : *rc::gen::inRange<int64_t>(1, std::numeric_limits<int64_t>::max());
  tile.sum = halves ? *rc::gen::inRange<int64_t>(-1'000'000, 1'000'000)
                    : Int128{*rc::gen::arbitrary<int64_t>()} * *rc::gen::inRange(1, 1'000);
  uint16_t reasons = 0;
  if (tile.sum / tile.count > std::numeric_limits<int64_t>::max() ||
      tile.sum / tile.count < std::numeric_limits<int64_t>::min()) {
    reasons = model::kPartialRange;
  }
  const FeatureResult result = Finalize(feature, tile, 0);
  RC_ASSERT(result.reasons == reasons);
  if (reasons == 0) RC_ASSERT(result.real == AverageByLongDivision(tile.sum, tile.count));
}

// Tiles of one kind, in any order and any grouping, give one tile.
RC_GTEST_PROP(TileMerge, DoesNotDependOnOrderOrGrouping, ()) {
  const auto kind = static_cast<TileKind>(*rc::gen::inRange(0, kTileKinds));
  std::vector<Tile> tiles(*rc::gen::inRange<size_t>(1, 12));
  for (Tile& tile : tiles) {
    const int64_t value = *rc::gen::inRange<int64_t>(-(int64_t{1} << 45), int64_t{1} << 45);
    if (kind == TileKind::kTotals) tile = AnyTile();
    if (kind == TileKind::kSquares) tile = Tile::OfSquares(Int128{value} * value);
    // Few times and ids, so that ties are common.
    if (kind == TileKind::kLast) {
      tile = Tile::OfLast(
          LastPlace(*rc::gen::inRange(0, 3), uint64_t{1} << *rc::gen::inRange(60, 63)), value % 3);
    }
    if (*rc::gen::inRange(0, 5) == 0) tile = Tile{.marks = kMarkFx, .kind = kind};
    if (tile.kind == TileKind::kSquares && tile.marks != 0) tile.min = tile.max = 0;
  }
  Tile in_order;
  for (const Tile& tile : tiles) in_order.Merge(tile);
  std::mt19937_64 random(*rc::gen::arbitrary<uint64_t>());
  std::shuffle(tiles.begin(), tiles.end(), random);
  while (tiles.size() > 1) {
    const size_t at = random() % (tiles.size() - 1);
    tiles[at].Merge(tiles[at + 1]);
    tiles.erase(tiles.begin() + static_cast<ptrdiff_t>(at) + 1);
  }
  Tile grouped;
  grouped.Merge(tiles[0]);
  RC_ASSERT(grouped == in_order);
}

}  // namespace
}  // namespace verdict::feature
