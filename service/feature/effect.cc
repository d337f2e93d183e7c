#include "feature/effect.h"

namespace verdict::feature {

Tile TileOfEvent(model::EventKind kind, AmountState state, int64_t amount) {
  Tile tile;
  if (kind == model::EventKind::kLabel) return tile;
  if (state == AmountState::kUnknown) {
    tile.marks = kMarkFx;
    return tile;
  }
  if (state == AmountState::kNone) amount = 0;
  switch (kind) {
    case model::EventKind::kPayment:
      tile.sum = amount;
      tile.count = 1;
      if (state == AmountState::kKnown) tile.min = tile.max = amount;
      break;
    case model::EventKind::kRefund:
      tile.sum = -Int128{amount};
      break;
    case model::EventKind::kReversal:
      tile.sum = -Int128{amount};
      tile.count = -1;
      break;
    case model::EventKind::kLabel:
      break;
  }
  return tile;
}

}  // namespace verdict::feature
