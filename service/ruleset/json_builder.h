// The SAX handler: follows the JSON library's events with a cursor of its own, so that each value
// gets its place.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "nlohmann/json.hpp"
#include "ruleset/findings.h"
#include "ruleset/json_document.h"

namespace verdict::ruleset {

// Thread-compatible. One use: hand it to nlohmann::json::sax_parse over the document's text.
class JsonBuilder : public nlohmann::json_sax<nlohmann::json> {
 public:
  JsonBuilder(JsonDocument* document, Findings* findings);

  bool null() override;
  bool boolean(bool value) override;
  bool number_integer(number_integer_t value) override;
  bool number_unsigned(number_unsigned_t value) override;
  bool number_float(number_float_t value, const string_t& text) override;
  bool string(string_t& value) override;
  bool binary(binary_t& value) override;
  bool start_object(size_t elements) override;
  bool key(string_t& value) override;
  bool end_object() override;
  bool start_array(size_t elements) override;
  bool end_array() override;
  bool parse_error(size_t position, const std::string& last_token,
                   const nlohmann::json::exception& error) override;

 private:
  // Where the cursor stands in the grammar, to say what was expected.
  enum class After : uint8_t { kNothing, kOpen, kKey, kValue };

  std::string_view text() const { return document_->text_; }
  // The start of the next token behind the cursor; what lies between tokens has been checked by the
  // library.
  size_t NextToken() const;
  JsonValue* AddScalar(JsonKind kind);
  JsonValue* Add(JsonKind kind, size_t offset, size_t length);
  bool Open(JsonKind kind);
  bool Close();
  bool WithinLimits(size_t offset);
  // What is wrong behind the cursor, and where.
  void DescribeError();

  JsonDocument* document_;
  Findings* findings_;
  size_t cursor_ = 0;  // end of the last token
  After after_ = After::kNothing;
  std::string key_;
  size_t key_offset_ = 0;
  bool key_is_duplicate_ = false;
  std::vector<JsonValue*> open_;  // arrays and objects not yet closed
  // Keys seen so far of each open object; empty for an array.
  std::vector<std::unordered_map<std::string_view, const JsonValue*>> keys_;
};

}  // namespace verdict::ruleset
