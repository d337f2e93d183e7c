// What an event of a kind does: R39 (kinds), R40 (amounts in the base currency). One definition for
// days and for sliding windows.
#pragma once

#include <cstdint>

#include "feature/tile.h"
#include "model/event.h"

namespace verdict::feature {

// What of an event is added up. None: a pure count. Unknown: not known in the base currency.
enum class AmountState : uint8_t { kNone, kKnown, kUnknown };

// PAYMENT adds its amount and 1, REFUND takes the amount away, REVERSAL amount and 1; payments
// alone take part in min and max. An unknown amount adds nothing and marks; LABEL does nothing.
// Empty where nothing is added. `amount` is read where `state` is kKnown.
Tile TileOfEvent(model::EventKind kind, AmountState state, int64_t amount);

}  // namespace verdict::feature
