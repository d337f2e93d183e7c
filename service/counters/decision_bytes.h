// A decision as bytes: how live state keeps it in little room, and how a checkpoint holds it.
#pragma once

#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "counters/decision_table.h"
#include "model/decision.h"

namespace verdict::counters {

// Overwrites `out`.
void PackDecision(const model::Decision& decision, std::string* out);
// Errors: DataLoss.
absl::Status UnpackDecision(std::string_view bytes, model::Decision* decision);

void AppendKept(const KeptDecision& kept, std::string* out);
// Calls visit(kept) for each; stops at its first error. Errors: DataLoss.
absl::Status ForEachKept(std::string_view bytes,
                         absl::FunctionRef<absl::Status(const KeptDecision&)> visit);

}  // namespace verdict::counters
