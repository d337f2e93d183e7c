// Shapes and types are checked here; what a declaration means is the feature room's to check.
#include "ruleset/features_file.h"

#include "absl/strings/str_format.h"
#include "ruleset/object_reader.h"

namespace verdict::ruleset {
namespace {

constexpr int64_t kDayMs = 86'400'000;
constexpr size_t kFeaturesMax = 1'000;

struct DurationRange {
  int64_t unit_ms;  // it must be a whole number of these
  int64_t max_ms;
  std::string_view shown;
};

std::optional<int64_t> ReadDuration(ObjectReader& reader, std::string_view key,
                                    const DurationRange& range) {
  std::optional<std::string> text = reader.String(key, Need::kOptional);
  if (!text) return std::nullopt;
  std::optional<int64_t> ms = ParseDurationMs(*text);
  if (!ms || *ms > range.max_ms || *ms % range.unit_ms != 0) {
    reader.Error("R517", *reader.object().Find(key),
                 absl::StrFormat("`%s` must be %s, found `%s`", key, range.shown, *text));
    return std::nullopt;
  }
  return ms;
}

void ReadDefaults(const JsonDocument& document, const JsonValue& value, Findings* findings,
                  feature::FeatureOptions* options) {
  ObjectReader reader(document, value, "`defaults`", findings);
  if (auto ms =
          ReadDuration(reader, "late_accept", {kDayMs, 30 * kDayMs, "whole days, `0d` to `30d`"})) {
    options->late_accept_days = static_cast<int>(*ms / kDayMs);
  }
  if (auto ms = ReadDuration(reader, "future_skew", {1, kDayMs, "a duration up to `24h`"})) {
    options->future_skew_ms = *ms;
  }
  if (auto ms = ReadDuration(reader, "fresh_within", {1, 3'600'000, "a duration up to `1h`"})) {
    options->fresh_within_ms = *ms;
  }
  reader.Finish();
}

// `"current": { "assume": { "txn.status": "approved" } }`.
std::optional<std::string> ReadAssumedStatus(const JsonDocument& document, const JsonValue& current,
                                             Findings* findings) {
  ObjectReader reader(document, current, "`current`", findings);
  const JsonValue* assume = reader.Value("assume", JsonKind::kObject, Need::kRequired);
  reader.Finish();
  if (assume == nullptr) return std::nullopt;
  ObjectReader assumed(document, *assume, "`assume`", findings);
  std::optional<std::string> status = assumed.String("txn.status", Need::kRequired);
  assumed.Finish();
  return status;
}

// Of all values within `object`, by pointer.
void NotePlaces(const JsonDocument& document, const JsonValue& object, const std::string& prefix,
                std::map<std::string, rule::Place, std::less<>>* places) {
  for (const JsonValue* member : object.children) {
    const std::string pointer = prefix + member->key;
    places->emplace(pointer, document.PlaceOf(*member));
    if (member->kind == JsonKind::kObject) NotePlaces(document, *member, pointer + "/", places);
  }
}

void ReadFeature(const JsonDocument& document, const JsonValue& value, Findings* findings,
                 std::vector<feature::FeatureDeclaration>* out) {
  size_t errors_before = findings->errors();
  ObjectReader reader(document, value, "a feature", findings);
  feature::FeatureDeclaration feature;
  feature.name = reader.String("name", Need::kRequired).value_or("");
  feature.entity = reader.String("entity", Need::kRequired).value_or("");
  feature.aggregate = reader.String("aggregate", Need::kRequired).value_or("");
  feature.window = reader.String("window", Need::kRequired).value_or("");
  feature.of = reader.String("of", Need::kOptional).value_or("");
  feature.partial = reader.String("partial", Need::kOptional).value_or(feature.partial);
  if (const JsonValue* where = reader.Value("where", JsonKind::kString, Need::kOptional)) {
    feature.where = document.SourceOf(*where);
  }
  if (const JsonValue* current = reader.Value("current", JsonKind::kObject, Need::kOptional)) {
    feature.assumed_status =
        ReadAssumedStatus(document, *current, findings).value_or(feature.assumed_status);
  }
  reader.String("description", Need::kOptional);
  reader.Finish();
  NotePlaces(document, value, "", &feature.members);
  rule::Place place = document.PlaceOf(value);
  feature.file = document.file();
  feature.pointer = JsonDocument::PointerTo(value);
  feature.position = {place.line, place.column};
  if (findings->errors() == errors_before) out->push_back(std::move(feature));
}

}  // namespace

FeaturesFile ReadFeaturesFile(const JsonDocument* document, const feature::FeatureOptions& options,
                              Findings* findings) {
  FeaturesFile file;
  file.options = options;
  if (document == nullptr) return file;
  if (document->root().kind != JsonKind::kObject) {
    findings->ErrorAt("R507", *document, document->root(), "features.json must be one object");
    return file;
  }
  ObjectReader root(*document, document->root(), "features.json", findings);
  root.String("$schema", Need::kOptional);  // for editors: rules/editor
  if (const JsonValue* defaults = root.Value("defaults", JsonKind::kObject, Need::kOptional)) {
    ReadDefaults(*document, *defaults, findings, &file.options);
  }
  const JsonValue* features = root.Value("features", JsonKind::kArray, Need::kRequired);
  root.Finish();
  if (features == nullptr) return file;
  if (features->children.size() > kFeaturesMax) {
    findings->ErrorAt("R522", *document, *features,
                      absl::StrFormat("%d features; a set may have at most %d",
                                      features->children.size(), kFeaturesMax));
    return file;
  }
  for (const JsonValue* feature : features->children) {
    if (feature->kind == JsonKind::kObject) {
      ReadFeature(*document, *feature, findings, &file.declarations);
    } else {
      findings->ErrorAt("R507", *document, *feature, "a feature must be an object");
    }
  }
  return file;
}

}  // namespace verdict::ruleset
