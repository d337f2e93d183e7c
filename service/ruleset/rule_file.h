// A rule file: its rules, read and checked but not yet compiled. Expressions and tests stay in the
// document.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ruleset/findings.h"
#include "ruleset/json_document.h"
#include "ruleset/list_file.h"
#include "ruleset/rule_set.h"

namespace verdict::ruleset {

inline constexpr size_t kRulesMax = 10'000;  // of a set
inline constexpr size_t kClausesMax = 64;    // of a rule
inline constexpr size_t kTestsMax = 100;     // of a rule

// A rule and the places in its file that later steps speak of.
struct DraftRule {
  Rule rule;  // without clauses
  const JsonDocument* document = nullptr;
  const JsonValue* value = nullptr;
  std::vector<const JsonValue*> clauses;  // strings
  struct Test {
    std::string name;
    RuleResult expect = RuleResult::kMatch;
    const JsonValue* given = nullptr;  // an object
    const JsonValue* value = nullptr;
  };
  std::vector<Test> tests;
};

// What all rule files are checked against.
struct RuleFileContext {
  std::string schema_name;
  const Policy* policy = nullptr;
  bool policy_read = true;  // false: its reasons are not known
  int64_t now_ms = 0;
};

// Thread-compatible. Collects the rules of all files; a rule without an id is checked and left out.
class RuleFileReader {
 public:
  RuleFileReader(RuleFileContext context, ListReader* lists, Findings* findings)
      : context_(std::move(context)), lists_(lists), findings_(findings) {}

  // `document` must outlive the drafts.
  void Read(const JsonDocument& document);
  std::vector<DraftRule> Take() { return std::move(drafts_); }

 private:
  RuleFileContext context_;
  ListReader* lists_;
  Findings* findings_;
  std::map<std::string, rule::Place> ids_;
  std::vector<DraftRule> drafts_;
};

}  // namespace verdict::ruleset
