// The long text of a message's code, and the list of all codes.
#pragma once

#include <string>
#include <string_view>

#include "cli/code_text.h"
#include "nlohmann/json.hpp"

namespace verdict::cli {

// "R210", "r210", "R2100": meant as a code, known or not.
bool LooksLikeCode(std::string_view word);
// Null where there is no such code; capital or small.
const CodeText* FindCode(std::string_view code);
// The nearest code; empty where none is near.
std::string NearestCode(std::string_view code);

std::string CodeTextText(const CodeText& code);
nlohmann::ordered_json CodeTextJson(const CodeText& code);
// A line a code.
std::string CodeListText();
nlohmann::ordered_json CodeListJson();

}  // namespace verdict::cli
