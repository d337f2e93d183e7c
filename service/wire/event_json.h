// Events as JSON, by protobuf's JSON mapping of verdict.v1.TransactionEvent.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/event.h"

namespace verdict::wire {

// Both spellings of a name are read ("amount_minor", "amountMinor"); int64 as number or string.
// Errors: InvalidArgument, one line: the place, the field, what it must be. Unknown fields are
// refused. Of the text itself only names are repeated, no values: one may be a card number.
// An event is a line of a file, so its place is the column; a transaction's is line and column.
absl::Status EventFromJson(std::string_view json, model::Event* out);
absl::Status TransactionFromJson(std::string_view json, model::Transaction* out);

// One line, names as in the .proto file.
std::string EventToJson(const model::Event& event);
std::string TransactionToJson(const model::Transaction& txn);

}  // namespace verdict::wire
