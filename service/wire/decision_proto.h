// Decisions, to and from their protobuf messages.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "model/decision.h"
#include "verdict/v1/decision.pb.h"

namespace verdict::wire {

v1::Outcome ToProto(model::Outcome outcome);
v1::Provenance ToProto(model::Provenance provenance);
v1::DecidedBy ToProto(model::DecidedBy decided_by);
// One name a set bit, in the order of the bits: "batch", "fx".
void ToProto(uint16_t partial_reasons, google::protobuf::RepeatedPtrField<std::string>* out);
// `out` is overwritten.
void ToProto(const model::Decision& decision, v1::DecisionRecord* out);

// Errors: InvalidArgument naming the field; `out` is then unspecified.
absl::Status FromProto(const v1::DecisionRecord& in, model::Decision* out);

}  // namespace verdict::wire
