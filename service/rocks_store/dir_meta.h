// What an embedded directory was made with, and may not change: DIR/meta.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "base/hash.h"

namespace verdict::rocks_store {

// What the caller runs with; a directory made with anything else is refused.
struct DirSettings {
  std::string zone_name;      // tiles are cut by its days
  std::string base_currency;  // sums are in it
  bool event_clock = false;   // record times follow it
  // Of entity keys, where several processes share one; none: the directory makes its own.
  std::optional<base::SipKey> secret = {};
};

// A text file of "name value" lines, readable by its owner alone. Makes it where it is not there,
// with a new secret. Returns the secret under which entity keys are hashed. Errors:
// FailedPrecondition saying what the directory was made with and what to do; DataLoss where the
// file is damaged; PermissionDenied, Unavailable.
absl::StatusOr<base::SipKey> OpenDirMeta(const std::string& dir, const DirSettings& settings);

}  // namespace verdict::rocks_store
