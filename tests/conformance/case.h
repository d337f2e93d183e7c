// One test of the public CEL suite, as the JSON files have it (`cel-conformance/README.md`).
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nlohmann/json.hpp"
#include "rule/arena.h"
#include "rule/type.h"

namespace verdict::conformance {

struct Case {
  std::string id;
  std::string group;  // "A" core, "B" extensions, "C" later
  std::string expression;
  std::string container;
  bool disable_check = false;
  bool check_only = false;
  nlohmann::json variables = nlohmann::json::array();
  nlohmann::json bindings = nlohmann::json::object();
  nlohmann::json functions = nlohmann::json::array();
  nlohmann::json expect;  // "value", "error", "type"
};

// All tests of all *.json of a folder, file by file. Throws what the JSON reader throws.
std::vector<Case> ReadCases(const std::filesystem::path& folder);

// A value as the files spell it; strings, lists and maps of it lie in `arena`. Throws
// std::runtime_error where there is no such value.
rule::Value ReadValue(const nlohmann::json& json, rule::EvaluationArena* arena);

// A type as the files spell it. Throws std::runtime_error where there is no such type.
rule::Type ReadType(const nlohmann::json& json, rule::TypePool* pool);

// The same kind and number (int 1 is not double 1.0), maps in any order, NaN equal to NaN.
bool Same(const rule::Value& a, const rule::Value& b);

}  // namespace verdict::conformance
