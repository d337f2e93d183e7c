// Reads the suite.
#include "conformance/case.h"

#include <algorithm>
#include <fstream>

namespace verdict::conformance {
namespace {

Case ReadCase(const nlohmann::json& json) {
  Case one;
  one.id = json.at("id");
  one.group = json.at("group");
  one.expression = json.at("expr");
  one.container = json.value("container", "");
  one.disable_check = json.value("disable_check", false);
  one.check_only = json.value("check_only", false);
  one.variables = json.value("variables", nlohmann::json::array());
  one.bindings = json.value("bindings", nlohmann::json::object());
  one.functions = json.value("functions", nlohmann::json::array());
  one.expect = json.at("expect");
  return one;
}

}  // namespace

std::vector<Case> ReadCases(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<Case> cases;
  for (const std::filesystem::path& file : files) {
    std::ifstream stream(file);
    const nlohmann::json json = nlohmann::json::parse(stream);
    for (const nlohmann::json& test : json.at("tests")) cases.push_back(ReadCase(test));
  }
  return cases;
}

}  // namespace verdict::conformance
