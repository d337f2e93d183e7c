// Transactions and events, to and from their protobuf messages.
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "model/event.h"
#include "verdict/v1/transaction.pb.h"

namespace verdict::wire {

// `out` is overwritten; strings keep their capacity. Attributes are ordered by name.
void ToProto(const model::Transaction& txn, v1::Transaction* out);
void ToProto(const model::Event& event, v1::TransactionEvent* out);

inline constexpr int kAttributesMax = 64;
inline constexpr size_t kAttributeNameBytesMax = 64;

// Trusted: judged when it was taken, as the records of our log were; the limits above are not
// applied again.
enum class Source : uint8_t { kClient, kTrusted };

// Errors: InvalidArgument naming the field, for an enum value or an attribute that we do not know
// or for attributes beyond the limits, of which nothing is copied; `out` is then unspecified. What
// other fields may hold (lengths, currencies) is not judged here.
absl::Status FromProto(const v1::Transaction& in, model::Transaction* out,
                       Source source = Source::kClient);
absl::Status FromProto(const v1::TransactionEvent& in, model::Event* out,
                       Source source = Source::kClient);

}  // namespace verdict::wire
