// A running verdictd is asked to explain a payment of nothing by the entity: nothing is counted,
// and every feature comes with its parts.
#include <nlohmann/json.hpp>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/status.h"
#include "cli/aggregate_show.h"
#include "cli/score_client.h"
#include "feature/feature_set.h"
#include "model/business_day.h"
#include "model/money.h"

namespace verdict::cli {
namespace {

constexpr std::chrono::seconds kTimeout{10};
constexpr char kNobody[] = "-";  // the merchant of a payment that names another entity
constexpr std::string_view kCurrent = "current";  // the payment of nothing itself

// Rules read card.id of the payment's card_id, txn.channel of its channel; what has no field of its
// own is an attribute.
void SetField(const rule::Field& field, const std::string& value, v1::Transaction* txn) {
  const std::string name = field.object == "txn" ? field.name : field.object + "_" + field.name;
  const auto* known = v1::Transaction::descriptor()->FindFieldByName(name);
  if (known != nullptr) {
    txn->GetReflection()->SetString(txn, known, value);
  } else {
    (*txn->mutable_attributes())[field.full_name()].set_string_value(value);
  }
}

absl::StatusOr<v1::ExplainRequest> RequestFor(const AggregateArguments& arguments,
                                              const ruleset::RuleSet& rules,
                                              const EntityName& entity) {
  int64_t at_ms = absl::ToUnixMillis(absl::Now());
  if (!arguments.at.empty()) {
    ASSIGN_OR_RETURN(at_ms, model::ParseTimeMs(arguments.at));
  }
  v1::ExplainRequest request;
  v1::Transaction* txn = request.mutable_transaction();
  txn->set_id("show");
  txn->set_event_time_ms(at_ms);
  txn->set_currency(arguments.where.days.base_currency);
  txn->set_merchant_id(kNobody);
  const uint16_t slot = rules.features->entities()[entity.index].key_slot;
  SetField(rules.schema->fields()[slot], entity.id, txn);
  return request;
}

// The features of one entity alone; what is counted of the payment of nothing is left out.
std::vector<v1::FeatureValue> FeaturesOf(const EntityName& entity,
                                         const v1::ExplainResponse& response) {
  std::vector<v1::FeatureValue> own;
  for (const v1::FeatureValue& feature : response.features()) {
    if (!feature.name().starts_with(entity.type + ".")) continue;
    own.push_back(feature);
    v1::FeatureValue& kept = own.back();
    kept.clear_parts();
    for (const v1::FeaturePart& part : feature.parts()) {
      if (part.source() != kCurrent) *kept.add_parts() = part;
    }
  }
  return own;
}

// "2026-11-20", or of a window that slides "2026-11-20T20:15:00.000Z .. 2026-11-20T21:15:00.000Z".
std::string WhenOf(const v1::FeaturePart& part) {
  if (!part.day().empty()) return part.day();
  const std::string until = model::FormatTimeMs(part.until_ms());
  const bool one_moment = part.until_ms() - part.after_ms() == 1;
  return one_moment ? until : model::FormatTimeMs(part.after_ms()) + " .. " + until;
}

void PrintText(const v1::FeatureValue& value, const feature::Feature& feature) {
  absl::PrintF("%s  %s, mode %s%s\n", value.name(), ShortName(value.provenance()), value.mode(),
               value.parts_size() == 0 ? ", nothing in its window" : "");
  if (value.parts_size() == 0) return;
  Table table({feature.slides() ? "time" : "day", "source", "sum", "count"});
  for (const v1::FeaturePart& part : value.parts()) {
    table.Add({WhenOf(part), part.source(),
               feature.money ? model::FormatMoney(part.sum(), feature.money_currency)
                             : WithThousands(part.sum()),
               WithThousands(part.count())});
  }
  absl::PrintF("%s\n", table.Text());
}

nlohmann::json Json(const v1::FeatureValue& value) {
  nlohmann::json parts = nlohmann::json::array();
  for (const v1::FeaturePart& part : value.parts()) {
    nlohmann::json json = {{"source", part.source()}, {"sum", part.sum()}, {"count", part.count()}};
    if (part.day().empty()) {
      json["after"] = model::FormatTimeMs(part.after_ms());
      json["until"] = model::FormatTimeMs(part.until_ms());
    } else {
      json["day"] = part.day();
    }
    parts.push_back(std::move(json));
  }
  return {{"feature", value.name()},
          {"provenance", ShortName(value.provenance())},
          {"mode", value.mode()},
          {"parts", std::move(parts)}};
}

}  // namespace

absl::Status ShowLiveEntity(const AggregateArguments& arguments) {
  ASSIGN_OR_RETURN(const auto rules, LoadFeatures(arguments));
  ASSIGN_OR_RETURN(const EntityName entity, ParseEntity(arguments.entity, *rules->features));
  ASSIGN_OR_RETURN(const v1::ExplainRequest request, RequestFor(arguments, *rules, entity));
  ScoreClient client(arguments.address, kTimeout);
  RETURN_IF_ERROR(client.Connect());
  ASSIGN_OR_RETURN(const v1::ExplainResponse response, client.Explain(request));
  const std::vector<v1::FeatureValue> values = FeaturesOf(entity, response);
  if (arguments.format == OutputFormat::kJson) {
    nlohmann::json json = nlohmann::json::array();
    for (const v1::FeatureValue& value : values) json.push_back(Json(value));
    absl::PrintF("%s\n", json.dump());
    return absl::OkStatus();
  }
  for (const v1::FeatureValue& value : values) {
    for (const feature::Feature& feature : rules->features->features()) {
      if (feature.full_name == value.name()) PrintText(value, feature);
    }
  }
  return absl::OkStatus();
}

}  // namespace verdict::cli
