// The window of a file that a reader of rows looks at: it grows until a whole row stands in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "base/csv_row.h"
#include "cli/input_file.h"

namespace verdict::cli {

// Thread-compatible. Views of unread() hold until the next More() or Consume().
class LineBuffer {
 public:
  explicit LineBuffer(std::unique_ptr<InputFile> file) : file_(std::move(file)) {}

  std::string_view unread() const { return std::string_view(bytes_).substr(at_); }
  bool at_end() const { return at_end_; }  // unread() reaches to the end of the file
  // Reads on. REQUIRES: !at_end().
  absl::Status More();
  // `bytes` of unread() are done with; their line breaks are counted.
  void Consume(size_t bytes);
  int64_t line() const { return line_; }  // of the first unread byte, from 1
  const InputFile& file() const { return *file_; }

 private:
  static constexpr size_t kPieceBytes = size_t{256} << 10;
  std::unique_ptr<InputFile> file_;
  std::string bytes_;
  size_t at_ = 0;
  int64_t line_ = 1;
  bool at_end_ = false;
};

// The longest row or line that is read; a longer one is bad.
inline constexpr size_t kRowBytesMax = base::CsvParser::kRowBytesMax;

}  // namespace verdict::cli
