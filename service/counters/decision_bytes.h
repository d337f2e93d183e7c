// A decision as bytes: how live state keeps it in little room, and how a checkpoint holds it.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "model/decision.h"

namespace verdict::counters {

// Overwrites `out`.
void PackDecision(const model::Decision& decision, std::string* out);
// Errors: DataLoss.
absl::Status UnpackDecision(std::string_view bytes, model::Decision* decision);

}  // namespace verdict::counters
