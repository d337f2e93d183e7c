#include "cli/aggregate_show.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "absl/strings/str_format.h"
#include "aggregate/aggregate_store.h"
#include "base/status.h"
#include "feature/feature_set.h"
#include "model/business_day.h"
#include "model/money.h"

namespace verdict::cli {
namespace {

// One measure of the entity, as it stands in the store.
struct Shown {
  std::string features;  // those that read it
  feature::MeasureState state = feature::MeasureState::kTotals;
  bool money = false;
  std::string currency;
  aggregate::Manifest manifest;
  feature::Blob blob;
};

std::string MarkNames(uint8_t marks) {
  std::string names;
  const auto add = [&](uint8_t bit, const char* name) {
    if ((marks & bit) != 0) names += (names.empty() ? "" : "|") + std::string(name);
  };
  add(feature::kMarkFx, "fx");
  add(feature::kMarkRange, "range");
  add(feature::kMarkLimit, "limit");
  return names;
}

std::string CutName(feature::CutId cut) {
  return cut == feature::kNoCut ? "none" : model::FormatDay(cut);
}

int64_t Narrow(feature::Int128 value) {
  if (value > INT64_MAX) return INT64_MAX;
  return value < INT64_MIN ? INT64_MIN : static_cast<int64_t>(value);
}

absl::StatusOr<std::optional<Shown>> ReadMeasure(const feature::FeatureSet& features,
                                                 uint16_t index, const model::EntityKey& key,
                                                 aggregate::AggregateStore* store) {
  const feature::Measure& measure = features.measures()[index];
  Shown shown;
  shown.state = measure.state;
  for (const feature::Feature& feature : features.features()) {
    if (feature.slides() || feature.measure != index) continue;
    shown.features += (shown.features.empty() ? "" : ", ") + feature.full_name;
    if (!feature.money) continue;
    shown.money = true;
    shown.currency = feature.money_currency;
  }
  const aggregate::BlobKey blob_key{measure.hash, key};
  ASSIGN_OR_RETURN(shown.manifest, store->GetManifest(measure.hash));
  ASSIGN_OR_RETURN(std::vector<aggregate::BlobResult> found, store->GetNow({&blob_key, 1}));
  switch (found.at(0).state) {
    case aggregate::BlobResult::State::kFailed:
      return absl::DataLossError("the stored value of " + shown.features + " cannot be read");
    case aggregate::BlobResult::State::kAbsent:
      return std::nullopt;
    case aggregate::BlobResult::State::kFound:
      shown.blob = std::move(found[0].blob);
      return shown;
  }
  return std::nullopt;
}

// What a tile holds beside sum, count and marks: names for people, and texts; empty where nothing.
struct Words {
  std::string first_name, second_name;
  std::string first, second;
};

Words WordsOf(const Shown& shown, const feature::Tile& tile) {
  const auto value = [&](int64_t v) {
    return shown.money ? model::FormatMoney(v, shown.currency) : WithThousands(v);
  };
  const bool any = tile.has_extremes();
  switch (shown.state) {
    case feature::MeasureState::kTotals:
    case feature::MeasureState::kExtremes:
      return {"least", "most", any ? value(tile.min) : "", any ? value(tile.max) : ""};
    case feature::MeasureState::kSeen:
      return {"first seen", "last seen", any ? model::FormatTimeMs(tile.min) : "",
              any ? model::FormatTimeMs(tile.max) : ""};
    case feature::MeasureState::kVariance:
      return {"squares", "", absl::StrFormat("%.0Lf", static_cast<long double>(tile.squares())),
              ""};
    case feature::MeasureState::kLast:
      return {"last", "", tile.has_last() ? value(tile.last_value()) : "", ""};
  }
  return {};
}

void PrintText(const Shown& shown) {
  absl::PrintF("%s\n", shown.features);
  if (shown.blob.day) {
    absl::PrintF("  imported: the days before %s, rev %d (DAY mode)\n", CutName(shown.blob.cut),
                 shown.blob.rev);
  } else {
    absl::PrintF("  folded up to the cut of %s; the newest published cut is that of %s\n",
                 CutName(shown.blob.cut), CutName(shown.manifest.published));
  }
  const auto value = [&](feature::Int128 v) {
    return shown.money ? model::FormatMoney(Narrow(v), shown.currency) : WithThousands(Narrow(v));
  };
  const Words names = WordsOf(shown, {});
  Table table({"day", "sum", "count", names.first_name, names.second_name, "marks"});
  for (const feature::DayTile& day : shown.blob.tiles) {
    const feature::Tile& tile = day.tile;
    Words words = WordsOf(shown, tile);
    table.Add({model::FormatDay(day.day), value(tile.sum), WithThousands(tile.count),
               std::move(words.first), std::move(words.second), MarkNames(tile.marks)});
  }
  absl::PrintF("%s\n", table.Text());
}

void AddWords(const Shown& shown, const feature::Tile& tile, nlohmann::json* json) {
  if (shown.state == feature::MeasureState::kSeen && tile.has_extremes()) {
    (*json)["first_seen"] = model::FormatTimeMs(tile.min);
    (*json)["last_seen"] = model::FormatTimeMs(tile.max);
  } else if (tile.has_extremes()) {
    (*json)["min"] = tile.min;
    (*json)["max"] = tile.max;
  } else if (tile.has_last()) {
    (*json)["last"] = tile.last_value();
  } else if (shown.state == feature::MeasureState::kVariance) {
    (*json)["squares"] = static_cast<double>(tile.squares());
  }
}

nlohmann::json Json(const Shown& shown) {
  nlohmann::json json = {
      {"features", shown.features},
      {"mode", shown.blob.day ? "DAY" : "CUT"},
      {"cut", CutName(shown.blob.cut)},
      {"published", CutName(shown.blob.day && shown.manifest.day && shown.manifest.day->published
                                ? shown.manifest.day->published->before
                                : shown.manifest.published)},
      {"tiles", nlohmann::json::array()}};
  for (const feature::DayTile& day : shown.blob.tiles) {
    nlohmann::json tile = {{"day", model::FormatDay(day.day)},
                           {"sum", Narrow(day.tile.sum)},
                           {"count", day.tile.count},
                           {"marks", MarkNames(day.tile.marks)}};
    AddWords(shown, day.tile, &tile);
    json["tiles"].push_back(std::move(tile));
  }
  return json;
}

}  // namespace

absl::StatusOr<EntityName> ParseEntity(const std::string& text,
                                       const feature::FeatureSet& features) {
  const size_t colon = text.find(':');
  if (colon == std::string::npos || colon + 1 == text.size()) {
    return absl::InvalidArgumentError("name the entity as type:id, for example merchant:m000004");
  }
  const std::string type = text.substr(0, colon);
  std::string names;
  for (size_t i = 0; i < features.entities().size(); ++i) {
    const std::string& name = features.entities()[i].name;
    if (name == type) return EntityName{static_cast<uint16_t>(i), type, text.substr(colon + 1)};
    names += (names.empty() ? "" : ", ") + name;
  }
  return absl::InvalidArgumentError(
      absl::StrFormat("there is no entity \"%s\"; there are %s", type, names));
}

absl::Status ShowEntity(const AggregateArguments& arguments) {
  ASSIGN_OR_RETURN(const auto rules, LoadFeatures(arguments));
  const feature::FeatureSet& features = *rules->features;
  ASSIGN_OR_RETURN(const EntityName entity, ParseEntity(arguments.entity, features));
  ASSIGN_OR_RETURN(
      const std::unique_ptr<OpenedDeployment> opened,
      OpenedDeployment::Open(arguments.where, deployment::Role::kBatch, "verdict aggregate show"));
  RETURN_IF_ERROR(opened->parts().AddMeasures(features));
  const model::KeyHasher hasher(opened->parts().secret());
  const model::EntityKey key = hasher.Entity(entity.type, entity.id);
  std::vector<Shown> all;
  for (uint16_t m = 0; m < features.measures().size(); ++m) {
    if (features.measures()[m].entity != entity.index) continue;
    ASSIGN_OR_RETURN(std::optional<Shown> shown,
                     ReadMeasure(features, m, key, &opened->parts().aggregates()));
    if (shown.has_value()) all.push_back(*std::move(shown));
  }
  if (all.empty()) {
    return absl::NotFoundError("nothing is folded of " + arguments.entity +
                               "; is the id right, and was it ever paid?");
  }
  if (arguments.format == OutputFormat::kText) {
    for (const Shown& shown : all) PrintText(shown);
    return absl::OkStatus();
  }
  nlohmann::json json = nlohmann::json::array();
  for (const Shown& shown : all) json.push_back(Json(shown));
  absl::PrintF("%s\n", json.dump());
  return absl::OkStatus();
}

}  // namespace verdict::cli
