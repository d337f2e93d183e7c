// Events as JSON, by protobuf's JSON mapping of verdict.v1.TransactionEvent.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/event.h"

namespace verdict::wire {

// Both spellings of a name are read ("amount_minor", "amountMinor"); int64 as number or string.
// Errors: InvalidArgument naming the field; unknown fields are refused.
absl::Status EventFromJson(std::string_view json, model::Event* out);
absl::Status TransactionFromJson(std::string_view json, model::Transaction* out);

// One line, names as in the .proto file.
std::string EventToJson(const model::Event& event);
std::string TransactionToJson(const model::Transaction& txn);

}  // namespace verdict::wire
