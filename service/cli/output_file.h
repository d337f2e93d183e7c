// A file being written: buffered, plain or gzip, with the first error kept.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace verdict::cli {

// Thread-compatible. Append to buffer(), then call Flush now and then; Close tells whether all of
// it is on disk.
class OutputFile {
 public:
  // A path that ends in ".gz" is compressed. Errors: what the system said, with the path.
  static absl::StatusOr<std::unique_ptr<OutputFile>> Create(const std::string& path);
  virtual ~OutputFile() = default;

  std::string* buffer() { return &buffer_; }
  // Writes the buffer out once it is large.
  void FlushIfLarge() {
    if (buffer_.size() >= kFlushBytes) Flush();
  }
  absl::Status Close();
  uint64_t bytes() const { return bytes_; }  // before compression
  const std::string& path() const { return path_; }

 protected:
  static constexpr size_t kFlushBytes = size_t{1} << 20;
  explicit OutputFile(std::string path) : path_(std::move(path)) {}
  virtual bool Write(const std::string& bytes) = 0;
  virtual bool Finish() = 0;

 private:
  void Flush();
  std::string path_;
  std::string buffer_;
  uint64_t bytes_ = 0;
  absl::Status status_;
};

}  // namespace verdict::cli
