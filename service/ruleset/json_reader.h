// Reads JSON with // comments into a document with places; says in plain words what is wrong where
// it is not JSON.
#pragma once

#include <memory>
#include <string>

#include "ruleset/findings.h"
#include "ruleset/json_document.h"

namespace verdict::ruleset {

inline constexpr size_t kJsonBytesMax = 16 << 20;    // of one file
inline constexpr size_t kJsonDepthMax = 64;          // of nested arrays and objects
inline constexpr size_t kJsonValuesMax = 1'000'000;  // of one file

// Null where the text is not JSON (R502) or beyond a limit (R500). A key that stands twice in one
// object is R501; the document comes all the same, with the first.
std::unique_ptr<const JsonDocument> ReadJson(std::string file, std::string text,
                                             Findings* findings);

}  // namespace verdict::ruleset
