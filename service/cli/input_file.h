// A file being read, plain or gzip (told by its first bytes), in pieces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace verdict::cli {

// Thread-compatible.
class InputFile {
 public:
  // "-" is standard input. Errors: NotFound, Unavailable: what the system said, with the path.
  static absl::StatusOr<std::unique_ptr<InputFile>> Open(const std::string& path);
  virtual ~InputFile() = default;
  // Up to `size` bytes; 0 at the end. Errors: DataLoss for a damaged or cut-off gzip file,
  // Unavailable.
  virtual absl::StatusOr<size_t> Read(char* to, size_t size) = 0;
  // How far the file itself has been read, and its size (0: unknown): for a progress bar.
  virtual uint64_t position() const = 0;
  virtual uint64_t size() const = 0;
};

// Whole file; at most `bytes_max`. Errors: as InputFile; ResourceExhausted.
absl::StatusOr<std::string> ReadFile(const std::string& path, size_t bytes_max);

}  // namespace verdict::cli
