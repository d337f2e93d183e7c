// Declarations of lists, in place or by a file.
#include "ruleset/list_file.h"

#include <utility>

#include "absl/strings/str_format.h"
#include "rule/text.h"
#include "ruleset/list_text.h"
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

std::shared_ptr<const rule::NamedList> Empty(rule::ListKind kind) {
  auto list = std::make_shared<rule::NamedList>(kind, 0);
  list->Finish();
  return list;
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
  // Declared even where it cannot be read: rules that use it are not to blame.
  lists_[value.key] = Empty(rule::ListKind::kSet);
  if (value.kind == JsonKind::kArray) {
    ReadEntries(document, value, value, rule::ListKind::kSet);
  } else if (value.kind == JsonKind::kObject) {
    ReadObject(document, value);
  } else {
    findings_->ErrorAt("R507", document, value,
                       absl::StrFormat("list `%s` must be an array of strings, or an object such "
                                       "as {\"file\": \"lists/%s.txt\"}",
                                       value.key, value.key));
  }
}

// `list`: the declaration, `entries`: the array in it.
void ListReader::ReadEntries(const JsonDocument& document, const JsonValue& list,
                             const JsonValue& entries, rule::ListKind kind) {
  auto made = std::make_shared<rule::NamedList>(kind, entries.children.size());
  for (const JsonValue* item : StringItems(document, entries, findings_)) {
    if (made->Add(item->text)) continue;
    findings_->ErrorAt("R518", document, *item, NoEntry(kind, item->text));
  }
  made->Finish();
  lists_[list.key] = std::move(made);
}

void ListReader::ReadObject(const JsonDocument& document, const JsonValue& value) {
  constexpr rule::ListKind kKinds[] = {rule::ListKind::kSet, rule::ListKind::kCidr,
                                       rule::ListKind::kPrefix};
  ObjectReader reader(document, value, "a list", findings_);
  const auto kind_index = reader.Choice("kind", Need::kOptional, {"set", "cidr", "prefix"});
  const rule::ListKind kind = kKinds[kind_index.value_or(0)];
  lists_[value.key] = Empty(kind);
  const JsonValue* entries = reader.Value("entries", JsonKind::kArray, Need::kOptional);
  const std::optional<std::string> path = reader.String("file", Need::kOptional);
  const std::optional<std::string> column = reader.String("column", Need::kOptional);
  reader.Finish();
  if ((value.Find("entries") == nullptr) == (value.Find("file") == nullptr)) {
    reader.Error("R511", value,
                 "a list has either `file`, such as `lists/cards.txt`, or `entries`, an array");
    return;
  }
  if (entries != nullptr) return ReadEntries(document, value, *entries, kind);
  if (!path) return;
  const bool csv = path->ends_with(".csv");
  const JsonValue& at = *value.Find("file");
  if (!IsListPath(*path) || (!csv && !path->ends_with(".txt"))) {
    reader.Error("R518", at,
                 absl::StrFormat("a list's file is `lists/NAME.txt`, one entry a line, or "
                                 "`lists/NAME.csv` with `column`, found `%s`",
                                 *path));
    return;
  }
  if (csv && !column) {
    reader.Error("R518", at, "a csv list says by `column` which column holds the entries");
    return;
  }
  if (!csv && column) {
    findings_->ErrorAtKey("R518", document, *value.Find("column"),
                          "`column` is of csv files; this list has one entry a line");
    return;
  }
  if (auto list = ReadFile(document, at, kind, column)) lists_[value.key] = std::move(list);
}

std::shared_ptr<const rule::NamedList> ListReader::ReadFile(
    const JsonDocument& document, const JsonValue& file, rule::ListKind kind,
    const std::optional<std::string>& column) {
  const std::string& path = file.text;
  const rule::Place place = document.PlaceOf(file);
  const std::optional<std::string> text = folder_->Read(path, kListBytesMax, findings_, &place);
  if (!text) return nullptr;
  const std::string content =
      absl::StrFormat("%s %s %s %s", rule::ListKindName(kind), column ? "csv" : "txt",
                      column.value_or(""), folder_->DigestOf(path));
  const ListsByContent* const here = &files_;
  for (const ListsByContent* made : {here, known_}) {
    if (made == nullptr) continue;
    const auto found = made->find(content);
    if (found != made->end()) return files_[content] = found->second;
  }
  if (!rule::IsUtf8(*text)) {
    findings_->ErrorAt("R518", document, file,
                       absl::StrFormat("`%s` is not UTF-8; save it as UTF-8", path));
    return nullptr;
  }
  const ListText source{.path = folder_->PathOf(path), .kind = kind, .column = column};
  auto list =
      column ? ReadCsvList(*text, source, findings_) : ReadTextList(*text, source, findings_);
  if (list != nullptr && list->size() > kListEntriesMax) {
    findings_->ErrorAt("R518", document, file,
                       absl::StrFormat("`%s` has %d entries; a list may have at most %d", path,
                                       list->size(), kListEntriesMax));
    return nullptr;
  }
  if (list != nullptr) files_[content] = list;
  return list;
}

}  // namespace verdict::ruleset
