// Limits first, then the library's parser, with our handler behind it.
#include "ruleset/json_reader.h"

#include "absl/strings/str_format.h"
#include "nlohmann/json.hpp"
#include "ruleset/json_builder.h"

namespace verdict::ruleset {

std::unique_ptr<const JsonDocument> ReadJson(std::string file, std::string text,
                                             Findings* findings) {
  if (text.size() > kJsonBytesMax) {
    findings->ErrorInFile(
        "R500", std::move(file),
        absl::StrFormat("%d bytes; a file may have at most %d", text.size(), kJsonBytesMax));
    return nullptr;
  }
  auto document = std::make_unique<JsonDocument>(std::move(file), std::move(text));
  JsonBuilder builder(document.get(), findings);
  const std::string& bytes = document->text();
  bool whole = nlohmann::json::sax_parse(bytes.begin(), bytes.end(), &builder,
                                         nlohmann::json::input_format_t::json,
                                         /*strict=*/true, /*ignore_comments=*/true);
  if (!whole) return nullptr;
  return document;
}

}  // namespace verdict::ruleset
