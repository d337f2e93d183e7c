// A row of a CSV file (RFC 4180): quoted fields with commas, line breaks and doubled quotes in
// them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace verdict::base {

// The views hold until the next row is parsed.
struct CsvRow {
  int64_t line = 0;  // where it begins, from 1
  std::vector<std::string_view> fields;
  std::string_view raw;  // as it stands in the file, without its line break
  std::string error;     // not empty: this is no row; `fields` is then unspecified
};

// Thread-compatible. Takes LF and CRLF; a quote within an unquoted field is itself.
class CsvParser {
 public:
  static constexpr size_t kRowBytesMax = size_t{1} << 20;

  explicit CsvParser(char delimiter) : delimiter_(delimiter) {}

  enum class Result : uint8_t { kRow, kBad, kNeedsMore };
  // The row at the start of `text`. `whole`: no more bytes will come, so that the end of `text`
  // ends the row (or the row is too long). kBad: `row->error` says why; the row ends with its line.
  Result Parse(std::string_view text, bool whole, CsvRow* row);
  // Of the row with its line break.
  size_t row_bytes() const { return row_bytes_; }

 private:
  Result Quoted(std::string_view text, size_t* at, bool whole, CsvRow* row);

  char delimiter_;
  std::string unquoted_;  // holds fields whose doubled quotes were made single
  size_t row_bytes_ = 0;
};

}  // namespace verdict::base
