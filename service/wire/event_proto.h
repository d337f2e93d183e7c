// Transactions and events, to and from their protobuf messages.
#pragma once

#include "absl/status/status.h"
#include "model/event.h"
#include "verdict/v1/transaction.pb.h"

namespace verdict::wire {

// `out` is overwritten; strings keep their capacity. Attributes are ordered by name.
void ToProto(const model::Transaction& txn, v1::Transaction* out);
void ToProto(const model::Event& event, v1::TransactionEvent* out);

// Errors: InvalidArgument naming the field, for an enum value or an attribute that we do not know;
// `out` is then unspecified. What fields may hold (lengths, currencies) is not judged here.
absl::Status FromProto(const v1::Transaction& in, model::Transaction* out);
absl::Status FromProto(const v1::TransactionEvent& in, model::Event* out);

}  // namespace verdict::wire
