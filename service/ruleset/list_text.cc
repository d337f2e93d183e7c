// Lines and rows to entries.
#include "ruleset/list_text.h"

#include <algorithm>
#include <functional>

#include "absl/strings/str_format.h"
#include "base/csv_row.h"
#include "rule/text.h"

namespace verdict::ruleset {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kExpires = "expires";
constexpr size_t kShownMax = 60;

std::string_view Trimmed(std::string_view line) {
  constexpr std::string_view kBlanks = " \t\r";
  const size_t begin = line.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return "";
  return line.substr(begin, line.find_last_not_of(kBlanks) - begin + 1);
}

void SkipMark(std::string_view* text) {
  if (text->starts_with(kByteOrderMark)) text->remove_prefix(kByteOrderMark.size());
}

size_t Lines(std::string_view text) {
  return static_cast<size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
}

// A list in the making, and what is wrong with its lines.
class Making {
 public:
  Making(std::string_view text, const ListText& source, Findings* findings)
      : text_(text),
        source_(source),
        findings_(findings),
        list_(std::make_shared<rule::NamedList>(source.kind, Lines(text))) {}

  // `row`: the line that `entry` stands in, a part of the text.
  void Add(std::string_view row, std::string_view entry, int64_t expires_ms = rule::kNever) {
    if (!list_->Add(entry, expires_ms)) Fault(row, entry, NoEntry(source_.kind, entry));
  }
  // At `part`, or at `row` where that is empty or no part of the text: its doubled quotes are gone.
  void Fault(std::string_view row, std::string_view part, std::string message) {
    if (++faults_ > kListFaultsMax) return;
    const std::string_view at = Holds(part) ? part : row;
    const std::string_view before = text_.substr(0, static_cast<size_t>(at.data() - text_.data()));
    const size_t line = before.rfind('\n') + 1;  // 0 where there is none
    findings_->Error("R518",
                     {.file = source_.path,
                      .line = static_cast<int>(Lines(before)),
                      .column = CountCodePoints(before.substr(line)) + 1,
                      .length = CountCodePoints(at)},
                     std::move(message));
  }
  std::shared_ptr<const rule::NamedList> Take() {
    if (faults_ > kListFaultsMax) {
      findings_->Error("R518", {.file = source_.path},
                       absl::StrFormat("%d lines more are no entries", faults_ - kListFaultsMax));
    }
    if (faults_ > 0) return nullptr;
    list_->Finish();
    return std::move(list_);
  }

 private:
  bool Holds(std::string_view part) const {
    constexpr std::less_equal<const char*> kNotAbove;
    return !part.empty() && kNotAbove(text_.data(), part.data()) &&
           kNotAbove(part.data() + part.size(), text_.data() + text_.size());
  }

  std::string_view text_;
  const ListText& source_;
  Findings* findings_;
  std::shared_ptr<rule::NamedList> list_;
  size_t faults_ = 0;
};

// Nothing where it is no time.
std::optional<int64_t> ReadExpiry(std::string_view text) {
  if (text.empty()) return rule::kNever;
  constexpr size_t kDateSize = 10;
  const std::string whole =
      text.size() == kDateSize ? std::string(text) + "T00:00:00Z" : std::string(text);
  const std::optional<rule::Value> time = rule::ParseTimestamp(whole);
  return time ? std::optional<int64_t>(time->integer()) : std::nullopt;
}

// Which column is called so; nothing where none is, or two are.
std::optional<size_t> Column(const base::CsvRow& header, std::string_view name) {
  std::optional<size_t> found;
  for (size_t i = 0; i < header.fields.size(); ++i) {
    if (Trimmed(header.fields[i]) != name) continue;
    if (found.has_value()) return std::nullopt;
    found = i;
  }
  return found;
}

struct Columns {
  size_t entry = 0;
  std::optional<size_t> expires;
  size_t count = 0;
};

std::optional<Columns> ReadHeader(const base::CsvRow& header, const ListText& source,
                                  Making* making) {
  const std::optional<size_t> entry = Column(header, *source.column);
  if (entry.has_value()) {
    return Columns{*entry, Column(header, kExpires), header.fields.size()};
  }
  std::vector<std::string> names;
  for (std::string_view field : header.fields) names.emplace_back(Trimmed(field));
  making->Fault(header.raw, "",
                absl::StrFormat("there is no one column `%s`%s", *source.column,
                                NameAdvice(*source.column, names)));
  return std::nullopt;
}

void ReadRow(const base::CsvRow& row, const Columns& columns, Making* making) {
  if (row.fields.size() != columns.count) {
    making->Fault(row.raw, "",
                  absl::StrFormat("this row has %d fields, the first row %d", row.fields.size(),
                                  columns.count));
    return;
  }
  int64_t expires_ms = rule::kNever;
  if (columns.expires.has_value()) {
    const std::string_view written = Trimmed(row.fields[*columns.expires]);
    const std::optional<int64_t> read = ReadExpiry(written);
    if (!read) {
      making->Fault(row.raw, written,
                    absl::StrFormat("`%s` is no time; write a date such as `2026-12-01`, a "
                                    "timestamp such as `2026-12-01T18:00:00Z`, or nothing",
                                    written.substr(0, kShownMax)));
      return;
    }
    expires_ms = *read;
  }
  making->Add(row.raw, Trimmed(row.fields[columns.entry]), expires_ms);
}

}  // namespace

std::string NoEntry(rule::ListKind kind, std::string_view text) {
  if (text.empty()) return "an entry is empty";
  return absl::StrFormat("`%s` is no %s", text.substr(0, kShownMax),
                         kind == rule::ListKind::kCidr
                             ? "network or address; write `10.0.0.0/8`, `192.0.2.7` or "
                               "`2001:db8::/32`"
                             : "entry");
}

std::shared_ptr<const rule::NamedList> ReadTextList(std::string_view text, const ListText& source,
                                                    Findings* findings) {
  SkipMark(&text);
  Making making(text, source, findings);
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view entry = Trimmed(text.substr(0, end));
    if (!entry.empty()) making.Add(entry, entry);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return making.Take();
}

std::shared_ptr<const rule::NamedList> ReadCsvList(std::string_view text, const ListText& source,
                                                   Findings* findings) {
  SkipMark(&text);
  const std::string_view begin = text.substr(0, 0);
  Making making(text, source, findings);
  base::CsvParser parser(',');
  base::CsvRow row;
  std::optional<Columns> columns;
  while (!text.empty()) {
    row.error.clear();
    size_t bytes = 0;
    if (parser.Parse(text, /*whole=*/true, &row) != base::CsvParser::Result::kRow) {
      const size_t end = std::min(text.find('\n'), text.size());
      making.Fault(text.substr(0, end), "", row.error);
      bytes = std::min(end + 1, text.size());
    } else {
      bytes = parser.row_bytes();
      if (!row.raw.empty() && !columns.has_value()) {
        columns = ReadHeader(row, source, &making);
        if (!columns) return making.Take();
      } else if (!row.raw.empty()) {
        ReadRow(row, *columns, &making);
      }
    }
    text.remove_prefix(bytes);
  }
  if (!columns.has_value())
    making.Fault(begin, "", "the file is empty; its first row names the columns");
  return making.Take();
}

}  // namespace verdict::ruleset
