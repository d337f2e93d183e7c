#include "cli/explain_code.h"

#include <algorithm>
#include <cctype>
#include <vector>

#include "absl/strings/str_format.h"
#include "rule/suggest.h"
#include "rule/text.h"

namespace verdict::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kColumnsMax = 96;

std::string_view SeverityName(rule::Severity severity) {
  switch (severity) {
    case rule::Severity::kError:
      return "error";
    case rule::Severity::kWarning:
      return "warning";
    case rule::Severity::kHint:
      return "hint";
  }
  return "error";
}

std::string_view Where(ExampleIn in) {
  switch (in) {
    case ExampleIn::kNowhere:
      return "";
    case ExampleIn::kCondition:
      return "a condition";
    case ExampleIn::kRule:
      return "a rule";
    case ExampleIn::kRuleFile:
      return "a file of rules";
    case ExampleIn::kFeature:
      return "a feature of features.json";
    case ExampleIn::kPolicy:
      return "policy.json";
    case ExampleIn::kSchema:
      return "schema.json";
  }
  return "";
}

std::string Upper(std::string_view word) {
  std::string upper(word);
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return upper;
}

// Broken between words, each line two columns in.
std::string Wrapped(std::string_view text) {
  std::string out = " ";
  int64_t column = 1;
  while (!text.empty()) {
    const size_t space = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, space);
    const int64_t width = rule::CodePointCount(word) + 1;
    if (column + width > kColumnsMax) {
      out += "\n ";
      column = 1;
    }
    out.append(" ").append(word);
    column += width;
    text.remove_prefix(std::min(space + 1, text.size()));
  }
  return out + "\n";
}

// Lines after the first stand below it.
std::string Example(std::string_view label, std::string_view example) {
  const std::string begin = absl::StrFormat("    %-8s  ", label);
  std::string out = begin;
  for (char c : example) {
    out += c;
    if (c == '\n') out.append(begin.size(), ' ');
  }
  return out + "\n";
}

}  // namespace

bool LooksLikeCode(std::string_view word) {
  return word.size() > 1 && (word[0] == 'R' || word[0] == 'r') &&
         word.find_first_not_of("0123456789", 1) == std::string_view::npos;
}

const CodeText* FindCode(std::string_view code) {
  const std::string wanted = Upper(code);
  for (const CodeText& one : CodeTexts()) {
    if (one.code == wanted) return &one;
  }
  return nullptr;
}

std::string NearestCode(std::string_view code) {
  std::vector<std::string> codes;
  for (const CodeText& one : CodeTexts()) codes.emplace_back(one.code);
  return rule::Nearest(Upper(code), codes);
}

std::string CodeTextText(const CodeText& code) {
  std::string text = absl::StrFormat("%s  %s  %s\n\n%s", code.code, SeverityName(code.severity),
                                     code.title, Wrapped(code.text));
  if (code.in == ExampleIn::kNowhere) return text;
  const bool refused = code.severity == rule::Severity::kError;
  return text + absl::StrFormat("\n  In %s:\n", Where(code.in)) +
         Example(refused ? "refused" : "told of", code.bad) + Example("mended", code.mended);
}

Json CodeTextJson(const CodeText& code) {
  Json report = {{"code", code.code},
                 {"severity", SeverityName(code.severity)},
                 {"title", code.title},
                 {"text", code.text}};
  if (code.in != ExampleIn::kNowhere) {
    report["example"] = {{"in", Where(code.in)}, {"bad", code.bad}, {"mended", code.mended}};
  }
  return report;
}

std::string CodeListText() {
  std::string text;
  for (const CodeText& code : CodeTexts()) {
    absl::StrAppendFormat(&text, "%s  %-7s  %s\n", code.code, SeverityName(code.severity),
                          code.title);
  }
  return text;
}

Json CodeListJson() {
  Json list = Json::array();
  for (const CodeText& code : CodeTexts()) {
    list.push_back(
        {{"code", code.code}, {"severity", SeverityName(code.severity)}, {"title", code.title}});
  }
  return list;
}

}  // namespace verdict::cli
