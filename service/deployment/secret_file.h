// The secret that processes share under which entities are stored.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "base/hash.h"

namespace verdict::deployment {

// The file's first line: 32 hexadecimal digits. Errors: InvalidArgument, which names the file and
// never what it holds.
absl::StatusOr<base::SipKey> ReadSecretFile(const std::string& path);

}  // namespace verdict::deployment
