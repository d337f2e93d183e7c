// The bytes of one record of the embedded log.
//   0 u8 version = 1 · 1 u8 flags (1: a decision follows) · 2 i64 record time in ms, little-endian
//   · 10 u32 n · 14 n bytes verdict.v1.TransactionEvent · then, where flagged,
//   verdict.v1.DecisionRecord to the end
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/decision.h"
#include "model/event.h"

namespace verdict::wire {

// `out` is overwritten. `decision` may be null.
void EncodeLogValue(int64_t record_time_ms, const model::Event& event,
                    const model::Decision* decision, std::string* out);

// Sets the record time of bytes that EncodeLogValue made.
void StampRecordTime(int64_t record_time_ms, std::string* value);

// Errors: DataLoss where the bytes are too short or of an unknown version.
absl::StatusOr<int64_t> RecordTimeOf(std::string_view value);

// Overwrites `event`; its strings keep their capacity. A null `decision` skips it: the cheaper
// reading. Errors: DataLoss where the bytes are cut short, of an unknown version or no message of
// ours.
absl::Status DecodeLogValue(std::string_view value, model::Event* event,
                            std::optional<model::Decision>* decision);

}  // namespace verdict::wire
