// Rows of a CSV file (RFC 4180): quoted fields with commas, line breaks and doubled quotes in them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/csv_row.h"
#include "cli/line_buffer.h"

namespace verdict::cli {

using base::CsvRow;

// Thread-compatible. Takes LF and CRLF, a byte-order mark, empty lines (skipped); a quote within an
// unquoted field is itself. A row with a broken quote is bad, and reading goes on with the line
// after the one it began in.
class CsvReader {
 public:
  CsvReader(std::unique_ptr<InputFile> file, char delimiter)
      : buffer_(std::move(file)), parser_(delimiter) {}

  // False at the end. Errors: what the file says.
  absl::StatusOr<bool> Next(CsvRow* row);
  const InputFile& file() const { return buffer_.file(); }

 private:
  void TakeLine(CsvRow* row);
  void SkipMark();

  LineBuffer buffer_;
  base::CsvParser parser_;
  bool begun_ = false;
};

}  // namespace verdict::cli
