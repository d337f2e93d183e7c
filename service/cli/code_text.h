// What each code of a message means, why it is refused or told, and how to mend it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "rule/diagnostic.h"

namespace verdict::cli {

// Where an example stands: a whole condition, or members of an object of one of the files.
enum class ExampleIn : uint8_t {
  kNowhere,
  kCondition,
  kRule,
  kRuleFile,
  kFeature,
  kPolicy,
  kSchema
};

struct CodeText {
  std::string_view code;  // "R210"
  rule::Severity severity = rule::Severity::kError;
  std::string_view title;  // one line
  std::string_view text;   // whole sentences; paragraphs are lines
  ExampleIn in = ExampleIn::kNowhere;
  std::string_view bad;     // both may have several lines
  std::string_view mended;  // the same without the mistake
};

// By code.
std::span<const CodeText> CodeTexts();

// The parts of the table, by what the codes are about.
std::span<const CodeText> SyntaxAndNameTexts();  // R0xx, R1xx
std::span<const CodeText> MeaningTexts();        // R2xx to R4xx
std::span<const CodeText> FileTexts();           // R5xx

}  // namespace verdict::cli
