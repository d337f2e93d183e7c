// The lists that rules may use: written in a rule file, or in a file of their own under lists/.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "rule/expression.h"
#include "ruleset/findings.h"
#include "ruleset/json_document.h"
#include "ruleset/rule_folder.h"
#include "ruleset/rule_set.h"

namespace verdict::ruleset {

inline constexpr size_t kListEntriesMax = 10'000'000;
inline constexpr size_t kListsMax = 1'000;

// Thread-compatible. Collects the lists of all rule files: their names are global to the set.
class ListReader {
 public:
  // Lists of `known` are taken over; it must outlive the reader, or be null.
  ListReader(RuleFolder* folder, const ListsByContent* known, Findings* findings)
      : folder_(folder), known_(known), findings_(findings) {}

  // `lists` is the object of that name in a rule file.
  void Read(const JsonDocument& document, const JsonValue& lists);
  rule::NamedLists Take() { return std::move(lists_); }
  ListsByContent TakeFiles() { return std::move(files_); }
  // Some list could not be read: its entries are not known.
  bool faulty() const { return faulty_; }

 private:
  void ReadAll(const JsonDocument& document, const JsonValue& lists);
  void ReadOne(const JsonDocument& document, const JsonValue& value);
  void ReadEntries(const JsonDocument& document, const JsonValue& list, const JsonValue& entries,
                   rule::ListKind kind);
  void ReadObject(const JsonDocument& document, const JsonValue& value);
  // Null where it cannot be read, or has a line that is no entry.
  std::shared_ptr<const rule::NamedList> ReadFile(const JsonDocument& document,
                                                  const JsonValue& file, rule::ListKind kind,
                                                  const std::optional<std::string>& column);

  RuleFolder* folder_;
  const ListsByContent* known_;
  Findings* findings_;
  rule::NamedLists lists_;
  ListsByContent files_;
  bool faulty_ = false;
  std::map<std::string, rule::Place> declared_;
};

}  // namespace verdict::ruleset
