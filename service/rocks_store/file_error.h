// errno said as absl::Status.
#pragma once

#include <errno.h>

#include <string>
#include <system_error>

#include "absl/status/status.h"

namespace verdict::rocks_store {

// "cannot open DIR/LOCK: Permission denied".
inline absl::Status FileError(const std::string& what, int error_number) {
  const std::string message = what + ": " + std::generic_category().message(error_number);
  if (error_number == EACCES || error_number == EPERM || error_number == EROFS) {
    return absl::PermissionDeniedError(message);
  }
  if (error_number == ENOSPC) return absl::ResourceExhaustedError(message);
  return absl::UnavailableError(message);
}

}  // namespace verdict::rocks_store
