// From declarations to a feature set: check each, give it its fields, compile its `where`, share
// measures, hash.
#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/check.h"
#include "feature/declaration.h"
#include "feature/definition_hash.h"
#include "feature/feature_set.h"
#include "feature/pinned_currency.h"
#include "model/decision.h"
#include "model/money.h"

namespace verdict::feature {
namespace {

using rule::Diagnostic;

MeasureState StateOf(Aggregate aggregate) {
  switch (aggregate) {
    case Aggregate::kSum:
    case Aggregate::kCount:
    case Aggregate::kAvg:
      return MeasureState::kTotals;
    case Aggregate::kMin:
    case Aggregate::kMax:
      return MeasureState::kExtremes;
    case Aggregate::kVariance:
    case Aggregate::kStddev:
      return MeasureState::kVariance;
    case Aggregate::kLast:
      return MeasureState::kLast;
    case Aggregate::kFirstSeen:
    case Aggregate::kLastSeen:
      return MeasureState::kSeen;
  }
  return MeasureState::kTotals;
}

// Money sum, min, max and last also give rules their exact minor units.
bool HasMinorField(const Feature& feature) {
  return feature.money && !IsRealAlone(feature.aggregate);
}

rule::FieldType TypeOf(const Feature& feature) {
  if (IsMoment(feature.aggregate)) return rule::FieldType::kTimestamp;
  const bool real = feature.money || IsRealAlone(feature.aggregate);
  return real ? rule::FieldType::kDouble : rule::FieldType::kInt;
}

}  // namespace

// **Thread-compatible.** Compiles one set.
class FeatureCompiler {
 public:
  FeatureCompiler(rule::Schema* schema, std::vector<Diagnostic>* diagnostics)
      : schema_(schema), diagnostics_(diagnostics), set_(new FeatureSet) {
    set_->schema_ = schema;
  }

  std::shared_ptr<const FeatureSet> Run(std::vector<Entity> entities,
                                        const std::vector<FeatureDeclaration>& declarations,
                                        const FeatureOptions& options) {
    set_->entities_ = std::move(entities);
    set_->options_ = options;
    const size_t before = diagnostics_->size();
    CheckDeployment();
    std::vector<Draft> drafts = CheckAll(declarations);
    for (Draft& draft : drafts) AddFields(draft);
    for (Draft& draft : drafts) CompileWhere(draft);
    for (Draft& draft : drafts) CheckCurrency(draft);
    const std::vector<Diagnostic> ours(diagnostics_->begin() + static_cast<ptrdiff_t>(before),
                                       diagnostics_->end());
    if (rule::HasErrors(ours)) return nullptr;
    if (!ShareMeasures(drafts)) return nullptr;
    for (Draft& draft : drafts) set_->features_.push_back(std::move(draft.feature));
    PrepareRecord();
    return std::shared_ptr<const FeatureSet>(std::move(set_));
  }

 private:
  // An error that no declaration is to blame for.
  void DeploymentError(std::string_view code, std::string message) {
    Diagnostic diagnostic;
    diagnostic.code = code;
    diagnostic.message = std::move(message);
    diagnostics_->push_back(std::move(diagnostic));
  }

  void CheckDeployment() {
    auto calendar = model::BusinessCalendar::Load(set_->options_.zone_name);
    if (calendar.ok()) {
      set_->calendar_ = *std::move(calendar);
    } else {
      DeploymentError("R517", std::string(calendar.status().message()));
    }
    if (!model::CurrencyExponent(set_->options_.base_currency)) {
      DeploymentError("R517", absl::StrFormat("the base currency `%s` is no code of ISO 4217",
                                              set_->options_.base_currency));
    }
    if (set_->entities_.size() > kEntitiesMax) {
      DeploymentError("R522", absl::StrFormat("%d entities; a deployment may have at most %d",
                                              set_->entities_.size(), kEntitiesMax));
    }
    for (const Entity& entity : set_->entities_) {
      CHECK(schema_->fields().at(entity.key_slot).type == rule::FieldType::kString);
    }
  }

  std::vector<Draft> CheckAll(const std::vector<FeatureDeclaration>& declarations) {
    std::vector<std::string> names;
    names.reserve(declarations.size());
    for (const FeatureDeclaration& declaration : declarations) {
      names.push_back(declaration.entity + "." + declaration.name);
    }
    std::vector<Draft> drafts;
    const DeclarationScope scope{set_->entities_, *schema_, names};
    for (const FeatureDeclaration& declaration : declarations) {
      std::optional<Draft> draft = CheckDeclaration(declaration, scope, diagnostics_);
      if (draft) drafts.push_back(*std::move(draft));
    }
    return drafts;
  }

  void AddFields(Draft& draft) {
    Feature& feature = draft.feature;
    feature.slot = AddField(draft, feature.name, TypeOf(feature));
    if (HasMinorField(feature)) {
      feature.minor_slot = AddField(draft, feature.name + "_minor", rule::FieldType::kInt);
    }
    feature.age_slot = AddHidden(draft, rule::kAgeSuffix, rule::FieldType::kDuration);
    feature.provenance_slot = AddHidden(draft, rule::kProvenanceSuffix, rule::FieldType::kString);
  }

  // Taken only where the feature's own name is, which AddField reports.
  uint16_t AddHidden(const Draft& draft, std::string_view suffix, rule::FieldType type) {
    rule::Field field;
    field.object = draft.declaration->entity;
    field.name = absl::StrFormat("%s%s", draft.feature.name, suffix);
    field.type = type;
    field.source = rule::FieldSource::kFeature;
    if (type == rule::FieldType::kString) {
      field.max_len = 0;
      for (const auto provenance :
           {model::Provenance::kFull, model::Provenance::kStale, model::Provenance::kPartial}) {
        field.values.emplace_back(model::ProvenanceName(provenance));
        field.max_len = std::max(field.max_len, static_cast<int>(field.values.back().size()));
      }
    }
    return schema_->Add(std::move(field)).value_or(0);
  }

  // The slot; 0 where the name is taken, which is an error.
  uint16_t AddField(const Draft& draft, const std::string& name, rule::FieldType type) {
    rule::Field field;
    field.object = draft.declaration->entity;
    field.name = name;
    field.type = type;
    field.source = rule::FieldSource::kFeature;
    const std::string full_name = field.full_name();
    const std::optional<uint16_t> slot = schema_->Add(std::move(field));
    if (slot) return *slot;
    const rule::Field* taken = schema_->Find(draft.declaration->entity, name);
    CHECK(taken != nullptr);
    const bool by_feature = taken->source == rule::FieldSource::kFeature;
    const bool minor = name != draft.declaration->name;
    ReportError("R112", *draft.declaration, "name",
                absl::StrFormat("`%s`%s is %s already; choose another name", full_name,
                                minor ? ", the exact minor units that come with this feature," : "",
                                by_feature ? "a feature" : "a field of the transaction"),
                diagnostics_);
    return 0;
  }

  void CompileWhere(Draft& draft) {
    const rule::Source& source = draft.declaration->where;
    if (source.text.empty()) return;
    rule::CompileOptions options;
    options.schema = schema_;
    std::vector<Diagnostic> found;
    draft.where = rule::Expression::Compile(source, options, &found);
    for (Diagnostic& diagnostic : found) {
      diagnostic.rule_title = absl::StrFormat("feature %s, `where`", draft.feature.full_name);
      diagnostics_->push_back(std::move(diagnostic));
    }
    if (draft.where != nullptr) RefuseFeaturesIn(draft);
  }

  // `where` is asked of every event, also where no feature is computed.
  void RefuseFeaturesIn(const Draft& draft) {
    for (const uint16_t slot : draft.where->slots()) {
      const rule::Field& field = schema_->fields()[slot];
      if (field.source != rule::FieldSource::kFeature) continue;
      Diagnostic& diagnostic = ReportError(
          "R117", *draft.declaration, "where",
          absl::StrFormat("`%s` is a feature; `where` reads the event's own fields alone",
                          field.visible_name()),
          diagnostics_);
      diagnostic.expression = draft.declaration->where.text;
    }
  }

  void CheckCurrency(Draft& draft) {
    Feature& feature = draft.feature;
    if (!feature.money) return;
    feature.money_currency = set_->options_.base_currency;
    if (draft.of_slot != rule::kTxnAmountMinor) return;
    if (!draft.declaration->where.text.empty() && draft.where == nullptr) return;  // reported
    const std::optional<std::string> pinned =
        draft.where == nullptr ? std::nullopt : PinnedCurrency(*draft.where);
    if (!pinned) {
      ReportError("R214", *draft.declaration, "of",
                  absl::StrFormat("`txn.amount_minor` is in many currencies, whose total means "
                                  "nothing: write `txn.amount_base_minor`, or pin one currency in "
                                  "`where`: `txn.currency == '%s'`",
                                  set_->options_.base_currency),
                  diagnostics_);
      return;
    }
    feature.money_currency = *pinned;
    if (model::CurrencyExponent(*pinned)) return;
    ReportError("R214", *draft.declaration, "where",
                absl::StrFormat("`%s` is no currency of ISO 4217", *pinned), diagnostics_);
  }

  // What tells measures apart; sorted by it, those of one `where` stand together and none comes
  // first. Windows that slide keep each event, so one state serves all their aggregates.
  using MeasureKey = std::tuple<std::string, std::string, std::string, MeasureState>;
  using Groups = std::map<MeasureKey, std::vector<Draft*>>;

  MeasureKey KeyOf(const Draft& draft) const {
    return {draft.where_text(), set_->entities_[draft.feature.entity].name,
            draft.of_slot ? schema_->fields()[*draft.of_slot].full_name() : "",
            draft.feature.slides() ? MeasureState::kTotals : StateOf(draft.feature.aggregate)};
  }

  // What measures of days and sliding ones have in common; `like` (may be null) shares its `where`
  // where that is the same.
  template <typename AnyMeasure>
  AnyMeasure MeasureOf(const Draft& draft, const AnyMeasure* like) const {
    AnyMeasure measure;
    measure.entity = draft.feature.entity;
    measure.where = draft.where;
    measure.of_slot = draft.of_slot;
    measure.of_base_amount = draft.of_slot == rule::kTxnAmountBaseMinor;
    if (like != nullptr && like->where != nullptr && draft.where != nullptr &&
        like->where->canonical() == draft.where->canonical()) {
      measure.where = like->where;
    }
    return measure;
  }

  template <typename AnyMeasure>
  void Add(AnyMeasure measure, const std::vector<Draft*>& group,
           std::vector<AnyMeasure>* measures) {
    measure.hash = MeasureHash(measure, set_->entities_[measure.entity], set_->options_, *schema_);
    for (Draft* draft : group) {
      draft->feature.measure = static_cast<uint16_t>(measures->size());
      draft->feature.hash = FeatureHash(draft->feature, measure.hash);
    }
    measures->push_back(std::move(measure));
  }

  // False where there are too many.
  bool ShareMeasures(std::vector<Draft>& drafts) {
    Groups days, sliding;
    for (Draft& draft : drafts) {
      (draft.feature.slides() ? sliding : days)[KeyOf(draft)].push_back(&draft);
    }
    if (days.size() > kMeasuresMax || sliding.size() > kMeasuresMax) {
      DeploymentError("R522",
                      absl::StrFormat("the features need %d measures (entity, `where` and `of`); a "
                                      "deployment may have at most %d",
                                      std::max(days.size(), sliding.size()), kMeasuresMax));
      return false;
    }
    for (const auto& [key, group] : days) {
      auto& measures = set_->measures_;
      auto measure = MeasureOf(*group.front(), measures.empty() ? nullptr : &measures.back());
      measure.state = StateOf(group.front()->feature.aggregate);
      for (const Draft* draft : group) {
        measure.window_days_max = std::max(measure.window_days_max, draft->feature.window_days);
      }
      Add(std::move(measure), group, &measures);
    }
    for (const auto& [key, group] : sliding) {
      auto& measures = set_->sliding_measures_;
      auto measure = MeasureOf(*group.front(), measures.empty() ? nullptr : &measures.back());
      for (const Draft* draft : group) {
        measure.window_ms_max = std::max(measure.window_ms_max, draft->feature.window_ms);
      }
      Add(std::move(measure), group, &measures);
    }
    return true;
  }

  void PrepareRecord() {
    int longest = 1;
    for (const Measure& measure : set_->measures_) {
      longest = std::max(longest, measure.window_days_max);
    }
    set_->kept_days_ = longest + set_->options_.late_accept_days + 1;
    for (const rule::Field& field : schema_->fields()) {
      set_->blank_.slots.push_back(rule::Value::Missing(field.slot));
      if (field.source != rule::FieldSource::kAttribute) continue;
      set_->attribute_slots_.emplace(field.full_name(), field.slot);
      if (field.object == "txn") set_->attribute_slots_.emplace(field.name, field.slot);
    }
  }

  rule::Schema* schema_;
  std::vector<Diagnostic>* diagnostics_;
  std::unique_ptr<FeatureSet> set_;
};

std::shared_ptr<const FeatureSet> FeatureSet::Compile(
    std::vector<Entity> entities, const std::vector<FeatureDeclaration>& declarations,
    const FeatureOptions& options, rule::Schema* schema, std::vector<Diagnostic>* diagnostics) {
  return FeatureCompiler(schema, diagnostics).Run(std::move(entities), declarations, options);
}

}  // namespace verdict::feature
