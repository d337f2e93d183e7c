// Windows of minutes and hours, exact per event (R10): the window, and what one event adds at its
// very moment.
#pragma once

#include <cstdint>

#include "feature/effect.h"
#include "feature/tile.h"
#include "model/entity_key.h"
#include "model/event.h"

namespace verdict::feature {

// (after_ms, until_ms].
struct SlidingWindow {
  int64_t after_ms = 0;
  int64_t until_ms = 0;
  bool Holds(int64_t time_ms) const { return after_ms < time_ms && time_ms <= until_ms; }
};

// One event in a sliding window, in 16 bytes: its time to the millisecond, its kind, its amount.
class SlidingEntry {
 public:
  SlidingEntry() = default;
  // `amount` is read where `state` is kKnown. Of an event whose day can be kept (R9): what lies
  // 2^55 ms or more from 1970 has another time here.
  SlidingEntry(int64_t time_ms, model::EventKind kind, AmountState state, int64_t amount)
      : place_(static_cast<uint64_t>(time_ms) << 8 | static_cast<uint64_t>(kind) << 2 |
               static_cast<uint64_t>(state)),
        amount_(state == AmountState::kKnown ? amount : 0) {}

  int64_t time_ms() const { return static_cast<int64_t>(place_) >> 8; }
  Tile tile() const {
    return TileOfEvent(static_cast<model::EventKind>((place_ & 0xff) >> 2),
                       static_cast<AmountState>(place_ & 3), amount_);
  }
  friend bool operator==(const SlidingEntry&, const SlidingEntry&) = default;

 private:
  uint64_t place_ = 0;
  int64_t amount_ = 0;
};
static_assert(sizeof(SlidingEntry) == 16);

// What one event adds to one sliding measure.
struct SlidingContribution {
  uint16_t measure = 0;  // index into FeatureSet::sliding_measures()
  model::EntityKey key;
  SlidingEntry entry;
};

// A provisional, or the payment itself, in a sliding window.
struct TimedTile {
  int64_t time_ms = 0;
  Tile tile;
};

}  // namespace verdict::feature
