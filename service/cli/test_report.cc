// The table of a folder's tests: aligned over all rules, so that results stand under each other.
#include "cli/test_report.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "cli/lint.h"
#include "cli/terminal.h"
#include "nlohmann/json.hpp"
#include "ruleset/json_document.h"
#include "ruleset/rule_set.h"

namespace verdict::cli {
namespace {

using Json = nlohmann::ordered_json;
using ruleset::RuleResult;
using ruleset::TestedCase;
using ruleset::TestedRule;

constexpr std::string_view kGreen = "\x1b[1;32m";
constexpr std::string_view kRed = "\x1b[1;31m";
constexpr std::string_view kPlain = "\x1b[0m";
constexpr size_t kNameWidthMax = 40;  // a longer name moves the rest of its own line alone

struct TestCounts {
  int tests = 0, passed = 0, failed = 0, not_run = 0;
  int made = 0;
  int differences = 0;
};

TestCounts Count(const std::vector<TestedRule>& rules) {
  TestCounts counts;
  for (const TestedRule& rule : rules) {
    for (const TestedCase& one : rule.cases) {
      counts.differences += static_cast<int>(one.differences.size());
      if (one.made()) {
        ++counts.made;
        continue;
      }
      ++counts.tests;
      ++(!one.got ? counts.not_run : one.failed() ? counts.failed : counts.passed);
    }
  }
  return counts;
}

std::string ResultText(const TestedRule& rule, const TestedCase& one) {
  if (!one.got) return "not run: its `given` has errors";
  const std::string got(RuleResultName(*one.got));
  if (one.failed()) {
    return absl::StrFormat("expected %s, got %s: %s", RuleResultName(*one.expect), got, one.why);
  }
  if (one.got == RuleResult::kError) return got + ": " + one.why;
  if (one.got != RuleResult::kMissing) return got;
  return got + ": " + absl::StrJoin(one.missing, ", ") +
         (rule.match_on_missing ? "; matches, by on_missing" : "");
}

std::string Numbers(const std::vector<size_t>& numbers) { return absl::StrJoin(numbers, ", "); }

// "clauses seen true 4/4, false 1/4, missing 2/4   never false: 1, 2, 4"
std::string CoverageText(const TestedRule& rule) {
  const size_t clauses = rule.clause_texts.size();
  const auto never_true = ClausesNeverSeen(rule, RuleResult::kMatch);
  const auto never_false = ClausesNeverSeen(rule, RuleResult::kNoMatch);
  const auto never_missing = ClausesNeverSeen(rule, RuleResult::kMissing);
  std::string text = absl::StrFormat(
      "clauses seen true %d/%d, false %d/%d, missing %d/%d", clauses - never_true.size(), clauses,
      clauses - never_false.size(), clauses, clauses - never_missing.size(), clauses);
  std::vector<std::string> hints;
  if (!never_true.empty()) hints.push_back("never true: " + Numbers(never_true));
  if (!never_false.empty()) hints.push_back("never false: " + Numbers(never_false));
  if (!hints.empty()) text += "   " + absl::StrJoin(hints, "; ");
  return text;
}

// A clause may have several lines, a name any character.
std::string OneLine(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return text;
}

size_t Width(std::string_view text) { return static_cast<size_t>(ruleset::CountCodePoints(text)); }

std::string Padded(const std::string& text, size_t width) {
  return text + std::string(width - std::min(width, Width(text)), ' ');
}

// Thread-compatible. Lines of cases and rules, columns aligned.
class CaseTable {
 public:
  CaseTable(const std::vector<TestedRule>& rules, bool color) : color_(color) {
    for (const TestedRule& rule : rules) {
      id_width_ = std::max(id_width_, Width(rule.id));
      for (const TestedCase& one : rule.cases) {
        const size_t width = Width(one.name);
        if (width <= kNameWidthMax) name_width_ = std::max(name_width_, width);
      }
    }
  }

  void Add(const TestedRule& rule) {
    const auto ran = [](const TestedCase& one) { return one.got.has_value(); };
    if (rule.cases.empty()) return AddRuleLine(rule, "no tests");
    if (std::none_of(rule.cases.begin(), rule.cases.end(), ran)) {
      return AddRuleLine(rule, "tests not run: see the errors");
    }
    for (const TestedCase& one : rule.cases) {
      AddCase(rule, one);
      for (const std::string& difference : one.differences) {
        AddLine(rule, "DIFF", one.name,
                difference +
                    ": the evaluators differ, a mistake of Verdict's; write the clause in "
                    "another way, and report it");
      }
    }
    AddRuleLine(rule, CoverageText(rule));
  }
  const std::string& text() const { return text_; }

 private:
  void AddCase(const TestedRule& rule, const TestedCase& one) {
    const char* word = one.made() ? "made" : !one.got ? "----" : one.failed() ? "FAIL" : "PASS";
    AddLine(rule, word, one.name, ResultText(rule, one));
  }
  void AddLine(const TestedRule& rule, const std::string& word, const std::string& name,
               const std::string& result) {
    std::string colored = word;
    if (color_ && word == "PASS") colored = absl::StrFormat("%s%s%s", kGreen, word, kPlain);
    if (color_ && (word == "FAIL" || word == "DIFF")) {
      colored = absl::StrFormat("%s%s%s", kRed, word, kPlain);
    }
    absl::StrAppendFormat(&text_, "%s  %s  %s  %s\n", Padded(rule.id, id_width_), colored,
                          Padded(OneLine(name), name_width_), OneLine(result));
  }
  void AddRuleLine(const TestedRule& rule, const std::string& what) {
    absl::StrAppendFormat(&text_, "%s  %s\n", Padded(rule.id, id_width_), what);
  }

  const bool color_;
  size_t id_width_ = 0, name_width_ = 0;
  std::string text_;
};

// "212 rules, 431 tests: 430 passed, 1 failed; evaluators agree on all"
std::string SumText(const TestReport& report, const TestCounts& counts) {
  std::string text = absl::StrFormat(
      "%s, %s: %s passed, %s failed", Counted(static_cast<int64_t>(report.rules.size()), "rule"),
      Counted(counts.tests, "test"), WithThousands(counts.passed), WithThousands(counts.failed));
  if (counts.not_run > 0) text += ", " + WithThousands(counts.not_run) + " not run";
  if (counts.differences > 0) {
    text += "; evaluators differ in " + Counted(counts.differences, "place");
  } else if (counts.passed + counts.failed > 0) {
    text += "; evaluators agree on all";
  }
  return text + "\n";
}

Json CaseJson(const TestedCase& one) {
  const auto name = [](RuleResult result) { return std::string(RuleResultName(result)); };
  Json json = {{"name", one.name}, {"kind", one.made() ? "made" : "test"}};
  json["expect"] = one.expect ? Json(name(*one.expect)) : Json();
  json["got"] = one.got ? Json(name(*one.got)) : Json();
  json["missing"] = one.missing;
  json["why"] = one.why;
  json["clauses"] = Json::array();
  for (const RuleResult clause : one.clauses) {
    json["clauses"].push_back(clause == RuleResult::kMatch     ? "true"
                              : clause == RuleResult::kNoMatch ? "false"
                                                               : name(clause));
  }
  json["differences"] = one.differences;
  return json;
}

Json RuleJson(const TestedRule& rule) {
  Json json = {{"rule", rule.id},
               {"on_missing", rule.match_on_missing ? "match" : "skip"},
               {"cases", Json::array()},
               {"clauses", rule.clause_texts},
               {"never_true", ClausesNeverSeen(rule, RuleResult::kMatch)},
               {"never_false", ClausesNeverSeen(rule, RuleResult::kNoMatch)},
               {"never_missing", ClausesNeverSeen(rule, RuleResult::kMissing)}};
  for (const TestedCase& one : rule.cases) json["cases"].push_back(CaseJson(one));
  return json;
}

}  // namespace

std::string TestReportText(const TestReport& report, bool color) {
  CaseTable table(report.rules, color);
  for (const TestedRule& rule : report.rules) table.Add(rule);
  std::string text = table.text();
  for (const rule::Diagnostic& error : report.errors) text += rule::FormatDiagnostic(error, color);
  if (report.errors_left_out > 0) {
    text += "and " + Counted(static_cast<int64_t>(report.errors_left_out), "more error") + "\n";
  }
  return text + SumText(report, Count(report.rules));
}

std::string TestReportJson(const TestReport& report) {
  const TestCounts counts = Count(report.rules);
  Json json = {{"rules", report.rules.size()},
               {"tests", counts.tests},
               {"passed", counts.passed},
               {"failed", counts.failed},
               {"not_run", counts.not_run},
               {"made", counts.made},
               {"differences", counts.differences},
               {"errors", report.errors.size() + report.errors_left_out},
               {"results", Json::array()}};
  for (const TestedRule& rule : report.rules) json["results"].push_back(RuleJson(rule));
  json["diagnostics"] = Json::parse(DiagnosticsJson(report.errors));
  // A name or a clause may hold bytes that are not UTF-8.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

int ExitStatusOf(const TestReport& report) {
  const TestCounts counts = Count(report.rules);
  const bool found = counts.failed + counts.not_run + counts.differences > 0 ||
                     !report.errors.empty() || report.errors_left_out > 0;
  return found ? kExitFindings : kExitOk;
}

}  // namespace verdict::cli
