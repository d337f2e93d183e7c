#include "cli/csv_reader.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "base/status.h"

namespace verdict::cli {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

bool EndsLine(char c) { return c == '\n' || c == '\r'; }

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
    switch (ParseRow(text, whole, row)) {
      case Parse::kNeedsMore:
        RETURN_IF_ERROR(buffer_.More());
        continue;
      case Parse::kBad:
        TakeLine(row);
        return true;
      case Parse::kRow: {
        const bool empty_line = row->raw.empty();
        buffer_.Consume(row_bytes_);
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

// `whole`: no more bytes will come, so that the end of `text` ends the row (or the row is too
// long).
CsvReader::Parse CsvReader::ParseRow(std::string_view text, bool whole, CsvRow* row) {
  row->fields.clear();
  unquoted_.clear();
  unquoted_.reserve(std::min(text.size(), kRowBytesMax));  // views of it must not move
  size_t at = 0;
  while (true) {
    if (at < text.size() && text[at] == '"') {
      const Parse parse = ParseQuoted(text, &at, whole, row);
      if (parse != Parse::kRow) return parse;
    } else {
      const size_t begin = at;
      while (at < text.size() && text[at] != delimiter_ && !EndsLine(text[at])) ++at;
      row->fields.push_back(text.substr(begin, at - begin));
    }
    if (at < text.size() && text[at] == delimiter_) {
      ++at;
      continue;
    }
    break;
  }
  if (at > kRowBytesMax) {
    row->error = absl::StrFormat("the row is longer than %d bytes", kRowBytesMax);
    return Parse::kBad;
  }
  // A carriage return may be the first half of a line break whose second is yet to be read.
  if (!whole && (at == text.size() || (text[at] == '\r' && at + 1 == text.size()))) {
    return Parse::kNeedsMore;
  }
  row->raw = text.substr(0, at);
  if (at < text.size() && text[at] == '\r') ++at;
  if (at < text.size() && text[at] == '\n') ++at;
  row_bytes_ = at;
  return Parse::kRow;
}

CsvReader::Parse CsvReader::ParseQuoted(std::string_view text, size_t* at, bool whole,
                                        CsvRow* row) {
  const size_t begin = *at + 1;
  const size_t kept = unquoted_.size();
  bool doubled = false;
  size_t piece = begin;
  while (true) {
    const size_t quote = text.find('"', piece);
    if (quote == std::string_view::npos || (!whole && quote + 1 == text.size())) {
      if (!whole) return Parse::kNeedsMore;
      row->error =
          absl::StrFormat("the quote that opens column %d is never closed", row->fields.size() + 1);
      return Parse::kBad;
    }
    if (quote + 1 < text.size() && text[quote + 1] == '"') {
      unquoted_.append(text.substr(piece, quote + 1 - piece));
      doubled = true;
      piece = quote + 2;
      continue;
    }
    *at = quote + 1;
    if (*at < text.size() && text[*at] != delimiter_ && !EndsLine(text[*at])) {
      row->error =
          absl::StrFormat("text after the closing quote of column %d", row->fields.size() + 1);
      return Parse::kBad;
    }
    if (!doubled) {
      row->fields.push_back(text.substr(begin, quote - begin));
    } else {
      unquoted_.append(text.substr(piece, quote - piece));
      row->fields.push_back(std::string_view(unquoted_).substr(kept));
    }
    return Parse::kRow;
  }
}

}  // namespace verdict::cli
