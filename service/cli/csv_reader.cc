#include "cli/csv_reader.h"

#include <algorithm>

#include "base/status.h"

namespace verdict::cli {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

}  // namespace

absl::StatusOr<bool> CsvReader::Next(CsvRow* row) {
  while (true) {
    if (!begun_) {
      while (!buffer_.at_end() && buffer_.unread().size() < kByteOrderMark.size()) {
        RETURN_IF_ERROR(buffer_.More());
      }
      SkipMark();
    }
    const std::string_view text = buffer_.unread();
    if (text.empty() && buffer_.at_end()) return false;
    row->line = buffer_.line();
    row->error.clear();
    const bool whole = buffer_.at_end() || text.size() > kRowBytesMax;
    switch (parser_.Parse(text, whole, row)) {
      case base::CsvParser::Result::kNeedsMore:
        RETURN_IF_ERROR(buffer_.More());
        continue;
      case base::CsvParser::Result::kBad:
        TakeLine(row);
        return true;
      case base::CsvParser::Result::kRow: {
        const bool empty_line = row->raw.empty();
        buffer_.Consume(parser_.row_bytes());
        if (empty_line) continue;
        return true;
      }
    }
  }
}

void CsvReader::SkipMark() {
  begun_ = true;
  if (buffer_.unread().starts_with(kByteOrderMark)) buffer_.Consume(kByteOrderMark.size());
}

// A bad row ends with the line it began in, so that one stray quote does not swallow the file.
void CsvReader::TakeLine(CsvRow* row) {
  const std::string_view text = buffer_.unread();
  const size_t end = std::min(text.find('\n'), text.size());
  row->raw = text.substr(0, end);
  if (row->raw.ends_with('\r')) row->raw.remove_suffix(1);
  buffer_.Consume(std::min(end + 1, text.size()));
}

}  // namespace verdict::cli
