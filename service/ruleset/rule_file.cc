// The file around its rules: schema name, lists, and ids that must be unique in the set.
#include "ruleset/rule_file.h"

#include "absl/strings/str_format.h"
#include "ruleset/object_reader.h"
#include "ruleset/rule_reader.h"

namespace verdict::ruleset {

void RuleFileReader::Read(const JsonDocument& document) {
  if (document.root().kind != JsonKind::kObject) {
    findings_->ErrorAt("R507", document, document.root(),
                       "a rule file must be one object with `schema` and `rules`");
    return;
  }
  ObjectReader root(document, document.root(), "a rule file", findings_);
  root.String("$schema", Need::kOptional);  // for editors: rules/editor
  std::optional<std::string> schema = root.String("schema", Need::kRequired);
  if (schema && *schema != context_.schema_name) {
    root.Error("R516", *document.root().Find("schema"),
               absl::StrFormat("this file is written for schema `%s`, but schema.json is `%s`; "
                               "check its rules against the new fields, then change the name",
                               *schema, context_.schema_name));
  }
  if (const JsonValue* lists = root.Value("lists", JsonKind::kObject, Need::kOptional)) {
    lists_->Read(document, *lists);
  }
  const JsonValue* rules = root.Value("rules", JsonKind::kArray, Need::kOptional);
  root.Finish();
  if (rules == nullptr) return;
  for (const JsonValue* value : rules->children) {
    if (value->kind != JsonKind::kObject) {
      findings_->ErrorAt("R507", document, *value, "a rule must be an object");
      continue;
    }
    if (drafts_.size() == kRulesMax) {
      findings_->ErrorAt("R522", document, *value,
                         absl::StrFormat("a set may have at most %d rules", kRulesMax));
      return;
    }
    DraftRule draft = ReadRule(document, *value, context_, findings_);
    if (draft.rule.id.empty()) continue;
    const JsonValue& id = *value->Find("id");
    auto [earlier, is_new] = ids_.emplace(draft.rule.id, document.PlaceOf(id));
    if (is_new) {
      drafts_.push_back(std::move(draft));
      continue;
    }
    const rule::Place& place = earlier->second;
    findings_->set_rule_id(draft.rule.id);
    findings_->ErrorAt("R512", document, id,
                       absl::StrFormat("rule `%s` stands twice, first at %s:%d:%d; an id is unique "
                                       "in the set",
                                       draft.rule.id, place.file, place.line, place.column));
    findings_->set_rule_id("");
  }
}

}  // namespace verdict::ruleset
