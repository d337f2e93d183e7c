// Rows of a CSV file (RFC 4180): quoted fields with commas, line breaks and doubled quotes in them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/line_buffer.h"

namespace verdict::cli {

// One row. The views hold until the next row is read.
struct CsvRow {
  int64_t line = 0;  // where it begins, from 1
  std::vector<std::string_view> fields;
  std::string_view raw;  // as it stands in the file, without its line break
  std::string error;     // not empty: this is no row; `fields` is then unspecified
};

// Thread-compatible. Takes LF and CRLF, a byte-order mark, empty lines (skipped); a quote within an
// unquoted field is itself. A row with a broken quote is bad, and reading goes on with the line
// after the one it began in.
class CsvReader {
 public:
  CsvReader(std::unique_ptr<InputFile> file, char delimiter)
      : buffer_(std::move(file)), delimiter_(delimiter) {}

  // False at the end. Errors: what the file says.
  absl::StatusOr<bool> Next(CsvRow* row);
  const InputFile& file() const { return buffer_.file(); }

 private:
  enum class Parse : uint8_t { kRow, kBad, kNeedsMore };
  Parse ParseRow(std::string_view text, bool whole, CsvRow* row);
  Parse ParseQuoted(std::string_view text, size_t* at, bool whole, CsvRow* row);
  void TakeLine(CsvRow* row);
  void SkipMark();

  LineBuffer buffer_;
  char delimiter_;
  std::string unquoted_;  // holds fields whose doubled quotes were made single
  size_t row_bytes_ = 0;  // of the parsed row with its line break
  bool begun_ = false;
};

}  // namespace verdict::cli
