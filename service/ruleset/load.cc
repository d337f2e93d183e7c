// The steps of a load, in order: files, schema, features, policy, rules; then compile, test, and
// publishable or not.
#include <algorithm>
#include <tuple>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "base/hash.h"
#include "ruleset/admission.h"
#include "ruleset/features_file.h"
#include "ruleset/json_reader.h"
#include "ruleset/list_file.h"
#include "ruleset/policy_file.h"
#include "ruleset/rule_file.h"
#include "ruleset/rule_folder.h"
#include "ruleset/rule_set.h"
#include "ruleset/rule_tests.h"
#include "ruleset/schema_file.h"

namespace verdict::ruleset {
namespace {

constexpr std::string_view kSchemaName = "schema.json";
constexpr std::string_view kFeaturesName = "features.json";
constexpr std::string_view kPolicyName = "policy.json";

// Of what a rule does: who owns it, how it is called and laid out may change.
std::string TextDigest(const Rule& rule) {
  std::string text =
      absl::StrFormat("%s %s %d %d %d %d %d %s", ModeName(rule.mode), ActionName(rule.action),
                      rule.score, rule.final ? 1 : 0, rule.priority, rule.match_on_missing ? 1 : 0,
                      rule.expires_ms.value_or(0), rule.reason);
  for (const std::string& clause : rule.clause_texts) text += "\n" + clause;
  const base::Hash128 digest = base::SipHash128({0x72756c652074, 0x657874}, text);
  return absl::StrFormat("%016x%016x", digest.high, digest.low);
}

// Thread-compatible. One load; its documents live as long as it does.
class Loader {
 public:
  Loader(const std::string& folder, const LoadOptions& options)
      : folder_(folder, {.copy_to = options.copy_to, .instead = options.instead}),
        options_(options),
        now_ms_(options.now_ms.value_or(absl::ToUnixMillis(absl::Now()))) {}

  LoadResult Load();

 private:
  void ReadFiles();
  const JsonDocument* Named(std::string_view name);
  void ReadDeclarations();
  void ReadRules();
  void SwitchOff();
  void CompileRules();
  void RunTests();
  void LayOutClauses();
  void FinishSet();
  LoadResult Result();
  // LoadResult::fixable.
  std::map<std::string, std::string> Fixable(
      const std::vector<rule::Diagnostic>& diagnostics) const;
  // Null where there were errors; passes on what is to be told.
  std::unique_ptr<const rule::Expression> Compile(const DraftRule& draft, const JsonValue& clause);

  RuleFolder folder_;
  const LoadOptions options_;
  const int64_t now_ms_;
  Findings findings_;
  std::vector<std::unique_ptr<const JsonDocument>> documents_;
  std::vector<std::string> unread_;  // names of JSON files that could not be read
  std::shared_ptr<RuleSet> set_ = std::make_shared<RuleSet>();
  bool fields_known_ = true;  // schema.json and features.json are sound
  bool lists_known_ = true;
  bool policy_read_ = true;
  std::vector<feature::FeatureDeclaration> declarations_;
  std::vector<DraftRule> drafts_;
  uint64_t worst_units_ = 0;
  std::vector<OffRule> off_, changed_;  // LoadResult's
};

void Loader::ReadFiles() {
  for (const std::string& name : folder_.JsonNames(&findings_)) {
    std::unique_ptr<const JsonDocument> document;
    if (auto bytes = folder_.Read(name, kJsonBytesMax, &findings_)) {
      document = ReadJson(folder_.PathOf(name), std::move(*bytes), &findings_);
    }
    if (document != nullptr) {
      documents_.push_back(std::move(document));
    } else {
      unread_.push_back(name);
    }
  }
}

const JsonDocument* Loader::Named(std::string_view name) {
  const std::string path = folder_.PathOf(std::string(name));
  for (const auto& document : documents_) {
    if (document->file() == path) return document.get();
  }
  if (std::find(unread_.begin(), unread_.end(), name) == unread_.end()) {
    findings_.Error("R500", {.file = path},
                    absl::StrFormat("there is no %s; a folder of rules needs schema.json, "
                                    "features.json and policy.json",
                                    name));
  }
  return nullptr;
}

void Loader::ReadDeclarations() {
  size_t errors_before = findings_.errors();
  const JsonDocument* schema_document = Named(kSchemaName);
  SchemaFile schema = ReadSchemaFile(schema_document, &findings_);
  set_->schema = std::move(schema.schema);
  const JsonDocument* features_document = Named(kFeaturesName);
  FeaturesFile features = ReadFeaturesFile(features_document, options_.deployment, &findings_);
  set_->features =
      feature::FeatureSet::Compile(std::move(schema.entities), features.declarations,
                                   features.options, set_->schema.get(), &findings_.list());
  declarations_ = std::move(features.declarations);
  fields_known_ = schema_document != nullptr && features_document != nullptr &&
                  findings_.errors() == errors_before;
  errors_before = findings_.errors();
  const JsonDocument* policy_document = Named(kPolicyName);
  set_->policy = ReadPolicyFile(policy_document, &findings_);
  policy_read_ = policy_document != nullptr && findings_.errors() == errors_before;
}

void Loader::ReadRules() {
  ListReader lists(&folder_, options_.like == nullptr ? nullptr : &options_.like->list_files,
                   &findings_);
  RuleFileReader rules({.schema_name = set_->schema->name(),
                        .policy = &set_->policy,
                        .policy_read = policy_read_,
                        .now_ms = now_ms_},
                       &lists, &findings_);
  for (const auto& document : documents_) {
    bool declares = false;
    for (std::string_view name : {kSchemaName, kFeaturesName, kPolicyName}) {
      declares |= document->file() == folder_.PathOf(std::string(name));
    }
    if (!declares) rules.Read(*document);
  }
  set_->lists = lists.Take();
  set_->list_files = lists.TakeFiles();
  lists_known_ = !lists.faulty();
  drafts_ = rules.Take();
  std::sort(drafts_.begin(), drafts_.end(),
            [](const DraftRule& a, const DraftRule& b) { return a.rule.id < b.rule.id; });
}

void Loader::SwitchOff() {
  for (DraftRule& draft : drafts_) {
    draft.rule.text_digest = TextDigest(draft.rule);
  }
  for (const OffRule& off : options_.off) {
    const auto draft = std::find_if(drafts_.begin(), drafts_.end(),
                                    [&](const DraftRule& one) { return one.rule.id == off.rule; });
    if (draft == drafts_.end()) {
      off_.push_back(off);  // it may come back, from another file
      continue;
    }
    if (draft->rule.text_digest != off.text_digest) {
      changed_.push_back(off);
      continue;
    }
    draft->rule.switched_off = true;
    draft->rule.mode = Mode::kOff;
    off_.push_back(off);
  }
  std::sort(off_.begin(), off_.end(),
            [](const OffRule& a, const OffRule& b) { return a.rule < b.rule; });
}

std::unique_ptr<const rule::Expression> Loader::Compile(const DraftRule& draft,
                                                        const JsonValue& clause) {
  rule::Source source = draft.document->SourceOf(clause);
  source.rule_id = draft.rule.id;
  std::vector<rule::Diagnostic> found;
  auto expression = rule::Expression::Compile(
      source, {.schema = set_->schema.get(), .lists = &set_->lists}, &found);
  for (rule::Diagnostic& diagnostic : found) {
    // A field whose declaration is faulty is not known; its rules are not to blame.
    if (!fields_known_ && diagnostic.code.starts_with("R1")) continue;
    findings_.list().push_back(std::move(diagnostic));
  }
  return expression;
}

void Loader::CompileRules() {
  for (DraftRule& draft : drafts_) {
    for (const JsonValue* clause : draft.clauses) {
      auto expression = Compile(draft, *clause);
      if (expression != nullptr) draft.rule.clauses.push_back(std::move(expression));
    }
  }
  if (set_->features != nullptr) {
    CheckFilterCost(*set_->features, set_->policy, declarations_, &findings_);
  }
  worst_units_ = CheckCost(drafts_, set_->policy, *set_->schema, folder_.folder(), &findings_);
}

void Loader::RunTests() {
  const auto keep = [this](TestedRule tested) {
    if (options_.tested != nullptr) options_.tested->push_back(std::move(tested));
  };
  if (!fields_known_ || !lists_known_) {  // a failure would not be the rule's
    for (const DraftRule& draft : drafts_) keep(NotRun(draft));
    return;
  }
  const GivenContext context = {.schema = set_->schema.get(),
                                .features = set_->features.get(),
                                .base_currency = set_->features->options().base_currency};
  rule::EvaluationArenaPtr arena = rule::MakeEvaluationArena();
  for (const DraftRule& draft : drafts_) {
    bool whole = !draft.clauses.empty() && draft.rule.clauses.size() == draft.clauses.size();
    TestedRule tested =
        whole ? RunRuleTests(draft, context, arena.get(), &findings_) : NotRun(draft);
    if (whole && options_.tested != nullptr) AddMadeCases(draft, context, arena.get(), &tested);
    keep(std::move(tested));
  }
}

void Loader::LayOutClauses() {
  RuleSet& set = *set_;
  for (const Rule& rule : set.rules) {
    RuleSteps steps = {.first_clause = static_cast<uint32_t>(set.clauses.size()),
                       .live = rule.mode == Mode::kLive,
                       .expires_ms = rule.expires_ms.value_or(INT64_MAX)};
    std::vector<const rule::Expression*> clauses;
    for (const auto& clause : rule.clauses) clauses.push_back(clause.get());
    std::stable_sort(clauses.begin(), clauses.end(),
                     [](const rule::Expression* a, const rule::Expression* b) {
                       return a->cost().units < b->cost().units;
                     });
    if (rule.mode == Mode::kOff) clauses.clear();
    for (const rule::Expression* clause : clauses) set.clauses.push_back(clause->runnable());
    steps.clauses = static_cast<uint16_t>(clauses.size());
    set.steps.push_back(steps);
  }
}

void Loader::FinishSet() {
  RuleSet& set = *set_;
  for (DraftRule& draft : drafts_) {
    for (const DraftRule::Test& test : draft.tests) {
      draft.rule.tests.push_back({test.name, test.expect, draft.document->TextOf(*test.given)});
    }
    set.rules.push_back(std::move(draft.rule));
  }
  LayOutClauses();
  set.by_priority.resize(set.rules.size());
  for (uint32_t i = 0; i < set.by_priority.size(); ++i) set.by_priority[i] = i;
  std::stable_sort(set.by_priority.begin(), set.by_priority.end(), [&](uint32_t a, uint32_t b) {
    return set.rules[a].priority > set.rules[b].priority;
  });
  std::vector<bool> slot_read(set.schema->fields().size(), false);
  for (const Rule& rule : set.rules) {
    if (rule.mode != Mode::kLive) continue;
    for (const auto& clause : rule.clauses) {
      for (uint16_t slot : clause->slots()) slot_read[slot] = true;
    }
  }
  for (const feature::Feature& feature : set.features->features()) {
    set.feature_read_live.push_back(
        slot_read[feature.slot] || (feature.minor_slot && slot_read[*feature.minor_slot]) ||
        slot_read[feature.age_slot] || slot_read[feature.provenance_slot]);
  }
  set.files_hash = folder_.Hash();
  set.hash = HashOf(set.files_hash, off_);
  set.short_hash = set.hash.substr(0, 12);
  set.loaded_at_ms = now_ms_;
}

std::map<std::string, std::string> Loader::Fixable(
    const std::vector<rule::Diagnostic>& diagnostics) const {
  std::map<std::string, std::string> texts;
  for (const rule::Diagnostic& diagnostic : diagnostics) {
    if (diagnostic.fixes.empty()) continue;
    for (const auto& document : documents_) {
      if (document->file() != diagnostic.place.file) continue;
      texts.emplace(document->file(), document->text());
    }
  }
  return texts;
}

LoadResult Loader::Result() {
  LoadResult result;
  result.files_hash = folder_.Hash();
  result.off = off_;
  result.changed = changed_;
  result.files = static_cast<int>(folder_.files_read());
  result.rules = static_cast<int>(drafts_.size());
  result.lists = static_cast<int>(set_->lists.size());
  result.worst_units = static_cast<int64_t>(worst_units_);
  result.units_allowed = set_->policy.cost_set_units;
  std::vector<rule::Diagnostic>& found = findings_.list();
  std::stable_sort(found.begin(), found.end(),
                   [](const rule::Diagnostic& a, const rule::Diagnostic& b) {
                     return std::tie(a.place.file, a.place.line, a.place.column) <
                            std::tie(b.place.file, b.place.line, b.place.column);
                   });
  size_t errors = 0;
  for (rule::Diagnostic& diagnostic : found) {
    bool is_error = diagnostic.severity == rule::Severity::kError;
    if (is_error && ++errors > kErrorsMax) {
      ++result.errors_left_out;
    } else {
      result.diagnostics.push_back(std::move(diagnostic));
    }
  }
  result.fixable = Fixable(result.diagnostics);
  if (errors == 0) {
    FinishSet();
    result.set = std::move(set_);
  }
  return result;
}

LoadResult Loader::Load() {
  ReadFiles();
  if (!documents_.empty() || !unread_.empty() || findings_.errors() == 0) {
    ReadDeclarations();
    ReadRules();
    SwitchOff();
    CompileRules();
    RunTests();
  }
  return Result();
}

}  // namespace

std::string HashOf(const std::string& files_hash, const std::vector<OffRule>& off) {
  if (off.empty()) return files_hash;
  std::string text = files_hash;
  for (const OffRule& one : off) text += "\noff " + one.rule + " " + one.text_digest;
  return base::Sha256Hex(text);
}

LoadResult LoadRuleSet(const std::string& folder, const LoadOptions& options) {
  return Loader(folder, options).Load();
}

}  // namespace verdict::ruleset
