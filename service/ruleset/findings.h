// What a load has found so far: diagnostics of files, ready for places in JSON documents.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rule/diagnostic.h"
#include "ruleset/json_document.h"

namespace verdict::ruleset {

// At most so many errors are reported in one pass.
inline constexpr size_t kErrorsMax = 100;

// Thread-compatible.
class Findings {
 public:
  // An error at `place`. The reference is good until the next call.
  rule::Diagnostic& Error(std::string code, rule::Place place, std::string message);
  // An error at a value, at a member's key, or about a file as a whole.
  rule::Diagnostic& ErrorAt(std::string code, const JsonDocument& document, const JsonValue& value,
                            std::string message);
  rule::Diagnostic& ErrorAtKey(std::string code, const JsonDocument& document,
                               const JsonValue& member, std::string message);
  rule::Diagnostic& ErrorInFile(std::string code, std::string file, std::string message);

  // The rule that is being read: findings carry its id until it is set anew.
  void set_rule_id(std::string id) { rule_id_ = std::move(id); }
  const std::string& rule_id() const { return rule_id_; }

  std::vector<rule::Diagnostic>& list() { return list_; }
  size_t errors() const;

 private:
  std::vector<rule::Diagnostic> list_;
  std::string rule_id_;
};

// The name of `names` that `name` was probably meant to be; empty where none is near.
std::string NearestName(std::string_view name, const std::vector<std::string>& names);
// "; did you mean `review_at`?", or "; known are `a`, `b` and `c`" where none is near and there are
// few.
std::string NameAdvice(std::string_view name, const std::vector<std::string>& names);
// "`a`, `b` or `c`".
std::string JoinNames(const std::vector<std::string>& names, std::string_view last_word);

}  // namespace verdict::ruleset
