// The lists that rules may use: written in a rule file, or in a file of their own under lists/.
#pragma once

#include <map>
#include <string>

#include "rule/expression.h"
#include "ruleset/findings.h"
#include "ruleset/json_document.h"
#include "ruleset/rule_folder.h"

namespace verdict::ruleset {

inline constexpr size_t kListEntriesMax = 10'000'000;
inline constexpr size_t kListsMax = 1'000;

// Thread-compatible. Collects the lists of all rule files: their names are global to the set.
class ListReader {
 public:
  ListReader(RuleFolder* folder, Findings* findings) : folder_(folder), findings_(findings) {}

  // `lists` is the object of that name in a rule file.
  void Read(const JsonDocument& document, const JsonValue& lists);
  rule::NamedLists Take() { return std::move(lists_); }
  // Some list could not be read: its entries are not known.
  bool faulty() const { return faulty_; }

 private:
  void ReadAll(const JsonDocument& document, const JsonValue& lists);
  void ReadOne(const JsonDocument& document, const JsonValue& value);
  void ReadEntries(const JsonDocument& document, const JsonValue& list, const JsonValue& entries,
                   rule::ListKind kind);
  void ReadObject(const JsonDocument& document, const JsonValue& value);

  RuleFolder* folder_;
  Findings* findings_;
  rule::NamedLists lists_;
  bool faulty_ = false;
  std::map<std::string, rule::Place> declared_;
};

}  // namespace verdict::ruleset
