// Places: from byte offsets to lines and columns, and through a string's escapes.
#include "ruleset/json_document.h"

#include <algorithm>

namespace verdict::ruleset {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// Bytes of the escape or character at the start of `raw`. A surrogate pair, written \uD83D\uDE00,
// is one character.
size_t RawCharacterLength(std::string_view raw) {
  if (raw[0] != '\\') return std::min(Utf8Length(raw[0]), raw.size());
  if (raw.size() < 2 || raw[1] != 'u') return 2;
  bool high_surrogate = raw.size() >= 12 && (raw[2] == 'd' || raw[2] == 'D') &&
                        std::string_view("89abAB").find(raw[3]) != std::string_view::npos;
  return high_surrogate ? 12 : 6;
}

std::string EscapedPointerStep(std::string_view key) {
  std::string step;
  for (char c : key) {
    if (c == '~') {
      step += "~0";
    } else if (c == '/') {
      step += "~1";
    } else {
      step += c;
    }
  }
  return step;
}

}  // namespace

std::string_view JsonKindName(JsonKind kind) {
  switch (kind) {
    case JsonKind::kNull:
      return "null";
    case JsonKind::kBool:
      return "a bool";
    case JsonKind::kInt:
      return "an int";
    case JsonKind::kDouble:
      return "a number with a fraction";
    case JsonKind::kString:
      return "a string";
    case JsonKind::kArray:
      return "an array";
    case JsonKind::kObject:
      return "an object";
  }
  return "a value";
}

size_t Utf8Length(char lead) {
  auto byte = static_cast<unsigned char>(lead);
  if (byte >= 0xF0) return 4;
  if (byte >= 0xE0) return 3;
  if (byte >= 0xC0) return 2;
  return 1;
}

int CountCodePoints(std::string_view text) {
  return static_cast<int>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

const JsonValue* JsonValue::Find(std::string_view name) const {
  for (const JsonValue* child : children) {
    if (child->key == name) return child;
  }
  return nullptr;
}

JsonDocument::JsonDocument(std::string file, std::string text)
    : file_(std::move(file)), text_(std::move(text)), line_starts_{0} {
  for (size_t i = 0; i < text_.size(); ++i) {
    if (text_[i] == '\n') line_starts_.push_back(i + 1);
  }
}

rule::Place JsonDocument::PlaceAt(size_t offset, size_t length) const {
  offset = std::min(offset, text_.size());
  size_t line =
      std::upper_bound(line_starts_.begin(), line_starts_.end(), offset) - line_starts_.begin() - 1;
  size_t start = line_starts_[line];
  if (start == 0 && text_.starts_with(kByteOrderMark)) {
    start = std::min(offset, kByteOrderMark.size());
  }
  std::string_view text = text_;
  return {.file = file_,
          .line = static_cast<int>(line) + 1,
          .column = CountCodePoints(text.substr(start, offset - start)) + 1,
          .length = CountCodePoints(text.substr(offset, length))};
}

rule::Place JsonDocument::PlaceOf(const JsonValue& value) const {
  return PlaceAt(value.offset, value.length);
}

rule::Place JsonDocument::PlaceOfKey(const JsonValue& member) const {
  size_t end = member.key_offset + 1;
  while (end < text_.size() && text_[end] != '"') end += text_[end] == '\\' ? 2 : 1;
  return PlaceAt(member.key_offset, end + 1 - member.key_offset);
}

std::string JsonDocument::TextOf(const JsonValue& value) const {
  return text_.substr(value.offset, value.end - value.offset);
}

std::string JsonDocument::PointerTo(const JsonValue& value) {
  if (value.parent == nullptr) return "";
  std::string step = value.parent->kind == JsonKind::kArray ? std::to_string(value.index)
                                                            : EscapedPointerStep(value.key);
  return PointerTo(*value.parent) + "/" + step;
}

rule::Source JsonDocument::SourceOf(const JsonValue& value) const {
  rule::Source source;
  source.text = value.text;
  source.file = file_;
  source.pointer = PointerTo(value);
  rule::Place place = PlaceOf(value);
  std::string_view raw = std::string_view(text_).substr(value.offset + 1, value.length - 2);
  int column = place.column + 1;  // after the opening quote
  while (!raw.empty()) {
    source.place_of.push_back({place.line, column});
    size_t bytes = RawCharacterLength(raw);
    column += CountCodePoints(raw.substr(0, bytes));
    raw.remove_prefix(std::min(bytes, raw.size()));
  }
  source.place_of.push_back({place.line, column});
  return source;
}

}  // namespace verdict::ruleset
