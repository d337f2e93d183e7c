// A JSON file as read: a tree of values that know where they stand, down to the characters within a
// string.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "rule/diagnostic.h"
#include "rule/expression.h"

namespace verdict::ruleset {

enum class JsonKind : uint8_t { kNull, kBool, kInt, kDouble, kString, kArray, kObject };
// As people call it: "a string", "an object".
std::string_view JsonKindName(JsonKind kind);

// One value. It lives as long as its document.
struct JsonValue {
  JsonKind kind = JsonKind::kNull;
  bool boolean = false;
  int64_t integer = 0;
  double real = 0;   // of an int too
  std::string text;  // of a string, decoded
  const JsonValue* parent = nullptr;
  std::string key;                         // within an object
  size_t key_offset = 0;                   // bytes from the start of the file
  size_t index = 0;                        // within an array
  size_t offset = 0;                       // bytes from the start of the file
  size_t length = 0;                       // bytes; of an array or object its opening bracket alone
  size_t end = 0;                          // bytes from the start of the file to behind the value
  std::vector<const JsonValue*> children;  // items, or members in the order of the file

  // Null where there is no such member.
  const JsonValue* Find(std::string_view name) const;
};

// Immutable once read. Thread-safe.
class JsonDocument {
 public:
  JsonDocument(std::string file, std::string text);
  JsonDocument(const JsonDocument&) = delete;
  JsonDocument& operator=(const JsonDocument&) = delete;

  const std::string& file() const { return file_; }
  const std::string& text() const { return text_; }
  const JsonValue& root() const { return values_.front(); }

  // A place covers the characters of a scalar, the opening bracket of an array or object, or a key
  // with its quotes.
  rule::Place PlaceOf(const JsonValue& value) const;
  rule::Place PlaceOfKey(const JsonValue& member) const;
  rule::Place PlaceAt(size_t offset, size_t length) const;
  // The value as it stands in the file.
  std::string TextOf(const JsonValue& value) const;
  // RFC 6901: "/rules/0/when_all/1"; "" for the root.
  static std::string PointerTo(const JsonValue& value);
  // The string's characters, each with its place in the file; REQUIRES: value.kind == kString.
  rule::Source SourceOf(const JsonValue& value) const;

 private:
  friend class JsonBuilder;
  std::string file_;
  std::string text_;
  std::vector<size_t> line_starts_;  // byte offset of each line
  std::deque<JsonValue> values_;     // addresses are stable
};

// Bytes of the UTF-8 character that `lead` begins; 1 for a byte that begins none.
size_t Utf8Length(char lead);
// Code points of `text`.
int CountCodePoints(std::string_view text);

}  // namespace verdict::ruleset
