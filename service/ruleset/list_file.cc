// Inline arrays and text files of one entry a line.
#include "ruleset/list_file.h"

#include "absl/strings/str_format.h"
#include "rule/text.h"
#include "ruleset/object_reader.h"

namespace verdict::ruleset {
namespace {

bool IsListName(std::string_view text) {
  if (text.empty() || text.size() > 64 || text[0] < 'a' || text[0] > 'z') return false;
  return text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
}

// A path that stays within lists/.
bool IsListPath(std::string_view path) {
  return path.starts_with("lists/") && path.size() > 6 && !path.ends_with('/') &&
         path.find("..") == std::string_view::npos && path.find('\0') == std::string_view::npos;
}

std::string_view Trimmed(std::string_view line) {
  constexpr std::string_view kBlanks = " \t\r";
  size_t begin = line.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return "";
  return line.substr(begin, line.find_last_not_of(kBlanks) - begin + 1);
}

// One entry a line; empty lines are skipped.
std::vector<std::string> Entries(std::string_view text) {
  std::vector<std::string> entries;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  while (!text.empty()) {
    size_t end = std::min(text.find('\n'), text.size());
    std::string_view entry = Trimmed(text.substr(0, end));
    if (!entry.empty()) entries.emplace_back(entry);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return entries;
}

}  // namespace

void ListReader::Read(const JsonDocument& document, const JsonValue& lists) {
  const size_t errors_before = findings_->errors();
  ReadAll(document, lists);
  faulty_ |= findings_->errors() != errors_before;
}

void ListReader::ReadAll(const JsonDocument& document, const JsonValue& lists) {
  for (const JsonValue* value : lists.children) {
    if (!IsListName(value->key)) {
      findings_->ErrorAtKey("R513", document, *value,
                            absl::StrFormat("`%s` is not a list's name: a small letter, then small "
                                            "letters, digits and `_`, at most 64",
                                            value->key));
      continue;
    }
    auto [earlier, is_new] = declared_.emplace(value->key, document.PlaceOfKey(*value));
    if (!is_new) {
      findings_->ErrorAtKey(
          "R512", document, *value,
          absl::StrFormat("list `%s` is declared twice, first at %s:%d:%d; names of lists are "
                          "global to the set",
                          value->key, earlier->second.file, earlier->second.line,
                          earlier->second.column));
      continue;
    }
    if (declared_.size() > kListsMax) {
      findings_->ErrorAtKey("R522", document, *value,
                            absl::StrFormat("a set may have at most %d lists", kListsMax));
      return;
    }
    ReadOne(document, *value);
  }
}

void ListReader::ReadOne(const JsonDocument& document, const JsonValue& value) {
  lists_[value.key];  // declared even where it cannot be read: rules that use it are not to blame
  if (value.kind == JsonKind::kArray) {
    ReadInline(document, value);
  } else if (value.kind == JsonKind::kObject) {
    ReadFile(document, value);
  } else {
    findings_->ErrorAt("R507", document, value,
                       absl::StrFormat("list `%s` must be an array of strings, or an object such "
                                       "as {\"file\": \"lists/%s.txt\"}",
                                       value.key, value.key));
  }
}

void ListReader::ReadInline(const JsonDocument& document, const JsonValue& value) {
  std::vector<std::string>& entries = lists_[value.key];
  for (const JsonValue* item : StringItems(document, value, findings_)) {
    entries.push_back(item->text);
  }
}

void ListReader::ReadFile(const JsonDocument& document, const JsonValue& value) {
  ObjectReader reader(document, value, "a list", findings_);
  std::optional<std::string> path = reader.String("file", Need::kRequired);
  std::optional<std::string> kind = reader.String("kind", Need::kOptional);
  reader.Finish();
  if (kind.value_or("set") != "set") {
    bool later = *kind == "cidr" || *kind == "prefix";
    reader.Error("R518", *value.Find("kind"),
                 absl::StrFormat("lists of kind `%s` are %s; this version serves `set`", *kind,
                                 later ? "not served yet" : "unknown"));
    return;
  }
  if (!path) return;
  const JsonValue& at = *value.Find("file");
  if (!IsListPath(*path) || !path->ends_with(".txt")) {
    reader.Error("R518", at,
                 path->ends_with(".csv")
                     ? std::string("csv lists are not served yet; write a text file, one entry a "
                                   "line, such as `lists/cards.txt`")
                     : absl::StrFormat("a list's file is `lists/NAME.txt`, found `%s`", *path));
    return;
  }
  rule::Place place = document.PlaceOf(at);
  std::optional<std::string> text = folder_->Read(*path, kListBytesMax, findings_, &place);
  if (!text) return;
  if (!rule::IsUtf8(*text)) {
    reader.Error("R518", at, absl::StrFormat("`%s` is not UTF-8; save it as UTF-8", *path));
    return;
  }
  lists_[value.key] = Entries(*text);
  if (lists_[value.key].size() > kListEntriesMax) {
    reader.Error("R518", at,
                 absl::StrFormat("`%s` has %d entries; a list may have at most %d", *path,
                                 lists_[value.key].size(), kListEntriesMax));
  }
}

}  // namespace verdict::ruleset
