#include "base/csv_row.h"

#include <algorithm>

#include "absl/strings/str_format.h"

namespace verdict::base {
namespace {

bool EndsLine(char c) { return c == '\n' || c == '\r'; }

}  // namespace

CsvParser::Result CsvParser::Parse(std::string_view text, bool whole, CsvRow* row) {
  row->fields.clear();
  unquoted_.clear();
  unquoted_.reserve(std::min(text.size(), kRowBytesMax));  // views of it must not move
  size_t at = 0;
  while (true) {
    if (at < text.size() && text[at] == '"') {
      const Result parse = Quoted(text, &at, whole, row);
      if (parse != Result::kRow) return parse;
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
    return Result::kBad;
  }
  // A carriage return may be the first half of a line break whose second is yet to be read.
  if (!whole && (at == text.size() || (text[at] == '\r' && at + 1 == text.size()))) {
    return Result::kNeedsMore;
  }
  row->raw = text.substr(0, at);
  if (at < text.size() && text[at] == '\r') ++at;
  if (at < text.size() && text[at] == '\n') ++at;
  row_bytes_ = at;
  return Result::kRow;
}

CsvParser::Result CsvParser::Quoted(std::string_view text, size_t* at, bool whole, CsvRow* row) {
  const size_t begin = *at + 1;
  const size_t kept = unquoted_.size();
  bool doubled = false;
  size_t piece = begin;
  while (true) {
    const size_t quote = text.find('"', piece);
    if (quote == std::string_view::npos || (!whole && quote + 1 == text.size())) {
      if (!whole) return Result::kNeedsMore;
      row->error =
          absl::StrFormat("the quote that opens column %d is never closed", row->fields.size() + 1);
      return Result::kBad;
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
      return Result::kBad;
    }
    if (!doubled) {
      row->fields.push_back(text.substr(begin, quote - begin));
    } else {
      unquoted_.append(text.substr(piece, quote - piece));
      row->fields.push_back(std::string_view(unquoted_).substr(kept));
    }
    return Result::kRow;
  }
}

}  // namespace verdict::base
