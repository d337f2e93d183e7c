// The configuration file: JSON with comments, nested as the keys are dotted.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "settings/keys.h"

namespace verdict::settings {

// Sets every key that `text`, the content of `path`, names. Errors: InvalidArgument "path: key:
// reason" for text that is not JSON, an unknown key (with the nearest known one), a key given
// twice, a value of the wrong type or range.
absl::Status ApplyFile(const std::string& path, const std::string& text,
                       const std::vector<Key>& keys);

}  // namespace verdict::settings
