// Where live state is saved: everything of one checkpoint or nothing of it (R29).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace verdict::counters {

// The families of a checkpoint; keys and values are bytes that counters alone understands.
enum class CheckpointFamily : uint8_t { kMeta, kCells, kDedup, kDecisions };

struct CheckpointWrite {
  CheckpointFamily family = CheckpointFamily::kMeta;
  std::string key = {};
  std::string value = {};
  bool erase = false;                // removes `key`
  std::string erase_range_end = {};  // not empty: removes [key, erase_range_end)
};

// Thread-compatible: the checkpoint thread alone uses it once the service runs.
class CheckpointStore {
 public:
  virtual ~CheckpointStore() = default;
  using Put = absl::FunctionRef<void(const CheckpointWrite&)>;
  // `fill` is called once and puts every write of the checkpoint, in their order; `put` copies what
  // it is given. All or nothing, durable when it returns.
  virtual absl::Status Write(absl::FunctionRef<void(Put)> fill) = 0;
  // In key order. The visitor's error stops it and is returned. Errors: DataLoss.
  virtual absl::Status Read(
      CheckpointFamily family,
      const std::function<absl::Status(std::string_view key, std::string_view value)>& visit) = 0;
  virtual absl::Status Clear() = 0;
};

}  // namespace verdict::counters
