// From the library's events to values with places.
#include "ruleset/json_builder.h"

#include "absl/strings/str_format.h"
#include "ruleset/json_errors.h"
#include "ruleset/json_reader.h"

namespace verdict::ruleset {
namespace {

size_t EndOfString(std::string_view text, size_t start) {
  size_t end = start + 1;
  while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
  return std::min(end + 1, text.size());
}

size_t SkipDigits(std::string_view text, size_t at) {
  return std::min(text.find_first_not_of("0123456789", at), text.size());
}

bool IsOneOf(std::string_view text, size_t at, std::string_view set) {
  return at < text.size() && set.find(text[at]) != std::string_view::npos;
}

// The longest number, as the library reads it: of `01` it takes the `0`.
size_t EndOfNumber(std::string_view text, size_t start) {
  size_t at = IsOneOf(text, start, "-") ? start + 1 : start;
  at = IsOneOf(text, at, "0") ? at + 1 : SkipDigits(text, at);
  if (IsOneOf(text, at, ".")) at = SkipDigits(text, at + 1);
  if (IsOneOf(text, at, "eE")) {
    ++at;
    at = SkipDigits(text, IsOneOf(text, at, "+-") ? at + 1 : at);
  }
  return at;
}

size_t EndOfScalar(std::string_view text, size_t start) {
  switch (text[start]) {
    case '"':
      return EndOfString(text, start);
    case 'n':
    case 't':
      return start + 4;  // null, true
    case 'f':
      return start + 5;  // false
    default:
      return EndOfNumber(text, start);
  }
}

}  // namespace

JsonBuilder::JsonBuilder(JsonDocument* document, Findings* findings)
    : document_(document), findings_(findings) {
  if (text().starts_with("\xEF\xBB\xBF")) cursor_ = 3;
}

size_t JsonBuilder::NextToken() const {
  size_t at = SkipBlanks(text(), cursor_);
  while (at < text().size() && (text()[at] == ',' || text()[at] == ':')) {
    at = SkipBlanks(text(), at + 1);
  }
  return at;
}

bool JsonBuilder::WithinLimits(size_t offset) {
  if (open_.size() > kJsonDepthMax) {
    findings_->Error("R500", document_->PlaceAt(offset, 1),
                     absl::StrFormat("nested deeper than %d levels", kJsonDepthMax));
    return false;
  }
  if (document_->values_.size() > kJsonValuesMax) {
    findings_->Error("R500", document_->PlaceAt(offset, 1),
                     absl::StrFormat("more than %d values in one file; move long lists to files of "
                                     "their own under lists/",
                                     kJsonValuesMax));
    return false;
  }
  return true;
}

JsonValue* JsonBuilder::Add(JsonKind kind, size_t offset, size_t length) {
  JsonValue& value = document_->values_.emplace_back();
  value.kind = kind;
  value.offset = offset;
  value.length = length;
  value.end = offset + length;
  cursor_ = offset + length;
  if (!open_.empty()) {
    JsonValue* parent = open_.back();
    value.parent = parent;
    if (parent->kind == JsonKind::kObject) {
      value.key = std::move(key_);
      value.key_offset = key_offset_;
      if (key_is_duplicate_) return &value;  // the first one stays
      keys_.back().emplace(value.key, &value);
    } else {
      value.index = parent->children.size();
    }
    parent->children.push_back(&value);
  }
  return &value;
}

JsonValue* JsonBuilder::AddScalar(JsonKind kind) {
  size_t start = NextToken();
  after_ = After::kValue;
  return Add(kind, start, EndOfScalar(text(), start) - start);
}

bool JsonBuilder::null() {
  AddScalar(JsonKind::kNull);
  return WithinLimits(cursor_);
}

bool JsonBuilder::boolean(bool value) {
  AddScalar(JsonKind::kBool)->boolean = value;
  return WithinLimits(cursor_);
}

bool JsonBuilder::number_integer(number_integer_t value) {
  JsonValue* added = AddScalar(JsonKind::kInt);
  added->integer = value;
  added->real = static_cast<double>(value);
  return WithinLimits(cursor_);
}

bool JsonBuilder::number_unsigned(number_unsigned_t value) {
  bool fits = value <= static_cast<uint64_t>(INT64_MAX);
  JsonValue* added = AddScalar(fits ? JsonKind::kInt : JsonKind::kDouble);
  added->integer = fits ? static_cast<int64_t>(value) : 0;
  added->real = static_cast<double>(value);
  return WithinLimits(cursor_);
}

bool JsonBuilder::number_float(number_float_t value, const string_t&) {
  AddScalar(JsonKind::kDouble)->real = value;
  return WithinLimits(cursor_);
}

bool JsonBuilder::string(string_t& value) {
  AddScalar(JsonKind::kString)->text = std::move(value);
  return WithinLimits(cursor_);
}

bool JsonBuilder::binary(binary_t&) { return false; }  // JSON text has none

bool JsonBuilder::Open(JsonKind kind) {
  size_t start = NextToken();
  open_.push_back(Add(kind, start, 1));
  keys_.emplace_back();
  after_ = After::kOpen;
  return WithinLimits(start);
}

bool JsonBuilder::Close() {
  cursor_ = NextToken() + 1;
  open_.back()->end = cursor_;
  open_.pop_back();
  keys_.pop_back();
  after_ = After::kValue;
  return true;
}

bool JsonBuilder::start_object(size_t) { return Open(JsonKind::kObject); }
bool JsonBuilder::start_array(size_t) { return Open(JsonKind::kArray); }
bool JsonBuilder::end_object() { return Close(); }
bool JsonBuilder::end_array() { return Close(); }

bool JsonBuilder::key(string_t& value) {
  key_offset_ = NextToken();
  cursor_ = EndOfString(text(), key_offset_);
  after_ = After::kKey;
  auto first = keys_.back().find(value);
  key_is_duplicate_ = first != keys_.back().end();
  if (key_is_duplicate_) {
    rule::Place earlier = document_->PlaceOfKey(*first->second);
    findings_
        ->Error("R501", document_->PlaceAt(key_offset_, cursor_ - key_offset_),
                absl::StrFormat("key `%s` stands twice in one object, first at line %d, column "
                                "%d; keep one of them",
                                value, earlier.line, earlier.column))
        .pointer = JsonDocument::PointerTo(*first->second);
  }
  key_ = std::move(value);
  return true;
}

bool JsonBuilder::parse_error(size_t, const std::string&, const nlohmann::json::exception&) {
  DescribeError();
  return false;
}

void JsonBuilder::DescribeError() {
  JsonContext context = JsonContext::kStart;
  bool in_object = !open_.empty() && open_.back()->kind == JsonKind::kObject;
  switch (after_) {
    case After::kNothing:
      context = JsonContext::kStart;
      break;
    case After::kOpen:
      context = in_object ? JsonContext::kObjectOpened : JsonContext::kArrayOpened;
      break;
    case After::kKey:
      context = JsonContext::kKeyRead;
      break;
    case After::kValue:
      context = open_.empty() ? JsonContext::kEnd
                : in_object   ? JsonContext::kMemberRead
                              : JsonContext::kItemRead;
      break;
  }
  JsonError error = DescribeJsonError(text(), cursor_, context);
  findings_->Error("R502", document_->PlaceAt(error.offset, error.length),
                   "not JSON: " + error.message);
}

}  // namespace verdict::ruleset
