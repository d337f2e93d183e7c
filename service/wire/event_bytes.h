// The values of Kafka records: one message, nothing around it.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "model/decision.h"
#include "model/event.h"

namespace verdict::wire {

// verdict.v1.TransactionEvent; `out` is overwritten.
void EventToBytes(const model::Event& event, std::string* out);
// Overwrites `event`; its strings keep their capacity. Errors: InvalidArgument naming the field.
absl::Status EventFromBytes(std::string_view bytes, model::Event* event);

// verdict.v1.DecisionRecord, put behind what `out` holds. Returns how many bytes that were.
size_t AppendDecisionBytes(const model::Decision& decision, std::string* out);
// Errors: InvalidArgument naming the field.
absl::Status DecisionFromBytes(std::string_view bytes, model::Decision* decision);

}  // namespace verdict::wire
