// Where decisions go that were answered, for whoever keeps or studies them.
#pragma once

#include <string_view>

#include "model/decision.h"

namespace verdict::decide {

// Thread-safe.
class DecisionSink {
 public:
  virtual ~DecisionSink() = default;
  // Takes a decision as it was answered, once: retries that get it again are not told. Called on
  // the way of a payment: copies what it keeps, waits for nothing, holds no lock for long; what
  // finds no room it counts, and drops.
  virtual void Put(const model::Decision& decision, std::string_view merchant_id) = 0;
};

}  // namespace verdict::decide
