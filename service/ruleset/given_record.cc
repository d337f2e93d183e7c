// From JSON to typed slots, by the schema.
#include "ruleset/given_record.h"

#include <cmath>

#include "absl/strings/str_format.h"
#include "feature/merge.h"
#include "model/business_day.h"
#include "model/money.h"
#include "ruleset/object_reader.h"

namespace verdict::ruleset {
namespace {

using rule::FieldType;
using rule::Value;

constexpr double kMinorMax = 9.0e15;  // doubles are exact integers up to here

// Two slots that hold one amount: in major units as a double, and exactly in minor ones.
struct AmountPair {
  uint16_t major;
  uint16_t minor;
  std::string currency;
};

// Thread-compatible. One use.
class GivenReader {
 public:
  GivenReader(const JsonDocument& document, const GivenContext& context, Findings* findings)
      : document_(document),
        schema_(*context.schema),
        features_(context.features),
        findings_(findings) {
    out_.record.Reset(schema_.fields().size());
    places_.resize(schema_.fields().size());
  }

  void ReadObjects(const JsonValue& given);
  void FillAmounts(const std::string& base_currency);
  // age(f) and provenance(f) of the features that are there.
  void FillQualities();
  GivenRecord Take() { return std::move(out_); }

 private:
  void Error(std::string code, const JsonValue& value, std::string message) {
    findings_->ErrorAt(std::move(code), document_, value, std::move(message));
  }
  const rule::Field* FieldOf(const JsonValue& member);
  void ReadField(const rule::Field& field, const JsonValue& value);
  // The value within {"value": .., "age": .., "provenance": ..}; null where there is none to read.
  const JsonValue* ReadFeatureObject(const rule::Field& field, const JsonValue& value);
  void AddQuality(GivenQuality quality, bool provenance_given, const JsonValue& place);
  int64_t FreshMs() const;
  std::optional<Value> Typed(const rule::Field& field, const JsonValue& value);
  std::optional<Value> TypedList(FieldType type, const JsonValue& value);
  void WrongType(const rule::Field& field, const JsonValue& value);
  void FillPair(const AmountPair& pair);
  Value& slot(uint16_t i) { return out_.record.slots[i]; }

  const JsonDocument& document_;
  const rule::Schema& schema_;
  const feature::FeatureSet* features_;  // may be null
  Findings* findings_;
  GivenRecord out_;
  std::vector<const JsonValue*> places_;  // by slot: where the value was given
};

void GivenReader::ReadObjects(const JsonValue& given) {
  for (const JsonValue* object : given.children) {
    if (!schema_.HasObject(object->key)) {
      findings_->ErrorAtKey("R102", document_, *object,
                            absl::StrFormat("unknown object `%s`%s", object->key,
                                            NameAdvice(object->key, schema_.objects())));
    } else if (object->kind != JsonKind::kObject) {
      Error("R507", *object, absl::StrFormat("`%s` must be an object of fields", object->key));
    } else {
      for (const JsonValue* member : object->children) {
        const rule::Field* field = FieldOf(*member);
        if (field != nullptr) ReadField(*field, *member);
      }
    }
  }
}

const rule::Field* GivenReader::FieldOf(const JsonValue& member) {
  const std::string& object = member.parent->key;
  const rule::Field* field = schema_.Find(object, member.key);
  if (field != nullptr && !field->hidden()) return field;
  std::vector<std::string> names;
  for (const rule::Field& f : schema_.fields()) {
    if (f.object == object && !f.hidden()) names.push_back(f.name);
  }
  findings_->ErrorAtKey("R102", document_, member,
                        absl::StrFormat("unknown field `%s` of `%s`%s", member.key, object,
                                        NameAdvice(member.key, names)));
  return nullptr;
}

const JsonValue* GivenReader::ReadFeatureObject(const rule::Field& field, const JsonValue& value) {
  ObjectReader reader(document_, value, "a feature's value", findings_);
  const JsonValue* inner = reader.Member("value");
  const std::optional<std::string> age = reader.String("age", Need::kOptional);
  if (age && !ParseDurationMs(*age)) {
    reader.Error("R517", *value.Find("age"),
                 "`age` must be a duration such as `2s` or `10m`, of at most 106751d");
  }
  auto grade =
      reader.Choice("provenance", Need::kOptional, {"FULL", "STALE", "PARTIAL", "DEFAULT"});
  reader.Finish();
  GivenQuality quality;
  quality.slot = field.slot;
  quality.provenance = static_cast<model::Provenance>(grade.value_or(0));
  quality.age = age.value_or("");
  AddQuality(quality, grade.has_value(), value);
  return quality.provenance == model::Provenance::kDefault ? nullptr : inner;
}

int64_t GivenReader::FreshMs() const {
  return (features_ == nullptr ? feature::FeatureOptions() : features_->options()).fresh_within_ms;
}

void GivenReader::AddQuality(GivenQuality quality, bool provenance_given, const JsonValue& place) {
  const bool stale = quality.provenance == model::Provenance::kStale;
  quality.age_ms = ParseDurationMs(quality.age).value_or(stale ? FreshMs() + 1 : 0);
  const model::Provenance aged =
      feature::AgedProvenance(model::Provenance::kFull, quality.age_ms, FreshMs());
  if (!provenance_given) {
    quality.provenance = aged;
  } else if (quality.provenance == model::Provenance::kFull && aged != quality.provenance) {
    Error("R517", *place.Find("provenance"),
          absl::StrFormat("no value of this age is FULL: beyond `fresh_within`, %d ms, it is "
                          "STALE; leave out one of `age` and `provenance`",
                          FreshMs()));
  }
  out_.qualities.push_back(std::move(quality));
}

void GivenReader::ReadField(const rule::Field& field, const JsonValue& member) {
  const JsonValue* value = &member;
  if (field.source == rule::FieldSource::kFeature && member.kind == JsonKind::kObject) {
    value = ReadFeatureObject(field, member);
  }
  if (value == nullptr || value->kind == JsonKind::kNull) return;
  places_[field.slot] = value;
  if (std::optional<Value> typed = Typed(field, *value)) slot(field.slot) = *typed;
}

void GivenReader::WrongType(const rule::Field& field, const JsonValue& value) {
  Error("R507", value,
        absl::StrFormat("`%s` is a field of type %s, found %s", field.full_name(),
                        rule::FieldTypeName(field.type), JsonKindName(value.kind)));
}

std::optional<Value> GivenReader::TypedList(FieldType type, const JsonValue& value) {
  JsonKind wanted = type == FieldType::kIntList ? JsonKind::kInt : JsonKind::kString;
  std::vector<Value>& items = out_.lists.emplace_back();
  for (const JsonValue* item : value.children) {
    if (item->kind != wanted) {
      Error("R507", *item, absl::StrFormat("an item must be %s", JsonKindName(wanted)));
      return std::nullopt;
    }
    items.push_back(wanted == JsonKind::kInt ? Value::Int(item->integer)
                                             : Value::String(item->text));
  }
  return Value::List(items);
}

std::optional<Value> GivenReader::Typed(const rule::Field& field, const JsonValue& value) {
  bool number = value.kind == JsonKind::kInt || value.kind == JsonKind::kDouble;
  switch (field.type) {
    case FieldType::kBool:
      if (value.kind == JsonKind::kBool) return Value::Bool(value.boolean);
      break;
    case FieldType::kInt:
      if (value.kind == JsonKind::kInt) return Value::Int(value.integer);
      if (value.kind == JsonKind::kDouble && std::trunc(value.real) == value.real &&
          std::fabs(value.real) <= kMinorMax) {
        return Value::Int(static_cast<int64_t>(value.real));
      }
      break;
    case FieldType::kDouble:
      if (number) return Value::Double(value.real);
      break;
    case FieldType::kString:
      if (value.kind == JsonKind::kString) return Value::String(value.text);
      break;
    case FieldType::kTimestamp:
      if (value.kind == JsonKind::kString) {
        auto ms = model::ParseTimeMs(value.text);
        if (ms.ok()) return Value::TimestampMs(*ms);
        Error("R517", value, "a time is written as `2026-11-20T09:15:00Z`");
        return std::nullopt;
      }
      break;
    case FieldType::kDuration:
      if (value.kind == JsonKind::kString) {
        if (auto ms = ParseDurationMs(value.text)) return Value::Duration(*ms * 1'000'000);
        Error("R517", value, "a duration is written as `90s`, `10m` or `24h`");
        return std::nullopt;
      }
      break;
    case FieldType::kStringList:
    case FieldType::kIntList:
      if (value.kind == JsonKind::kArray) return TypedList(field.type, value);
      break;
  }
  WrongType(field, value);
  return std::nullopt;
}

void GivenReader::FillPair(const AmountPair& pair) {
  Value& major = slot(pair.major);
  Value& minor = slot(pair.minor);
  if (major.is_missing() && minor.is_missing()) return;
  if (major.is_missing()) {
    major = Value::Double(model::ToMajorUnits(minor.integer(), pair.currency));
    return;
  }
  double scaled = major.real() * std::pow(10.0, model::CurrencyExponent(pair.currency).value_or(2));
  const JsonValue& place = *places_[pair.major];
  const std::string name = schema_.fields()[pair.major].full_name();
  if (std::fabs(scaled) > kMinorMax || std::fabs(scaled - std::round(scaled)) > 1e-4) {
    Error("R519", place,
          absl::StrFormat("`%s` is not a whole number of minor units of %s", name, pair.currency));
    return;
  }
  auto exact = static_cast<int64_t>(std::llround(scaled));
  if (minor.is_missing()) {
    minor = Value::Int(exact);
  } else if (minor.integer() != exact) {
    Error("R519", place,
          absl::StrFormat("`%s` and `%s` are one amount in %s, but differ: %s and %s; give one of "
                          "them",
                          name, schema_.fields()[pair.minor].full_name(), pair.currency,
                          model::FormatMoney(exact, pair.currency),
                          model::FormatMoney(minor.integer(), pair.currency)));
  }
}

void GivenReader::FillAmounts(const std::string& base_currency) {
  const Value& given_currency = slot(rule::kTxnCurrency);
  std::string currency(given_currency.is_missing() ? base_currency : given_currency.string());
  FillPair({rule::kTxnAmount, rule::kTxnAmountMinor, currency});
  bool base = !given_currency.is_missing() && currency == base_currency;
  bool given =
      !slot(rule::kTxnAmountBase).is_missing() || !slot(rule::kTxnAmountBaseMinor).is_missing();
  if (base && !given) {
    slot(rule::kTxnAmountBase) = slot(rule::kTxnAmount);
    slot(rule::kTxnAmountBaseMinor) = slot(rule::kTxnAmountMinor);
  } else {
    FillPair({rule::kTxnAmountBase, rule::kTxnAmountBaseMinor, base_currency});
  }
  if (features_ == nullptr) return;
  for (const feature::Feature& feature : features_->features()) {
    if (feature.minor_slot) FillPair({feature.slot, *feature.minor_slot, feature.money_currency});
  }
}

void GivenReader::FillQualities() {
  if (features_ == nullptr) return;
  for (const feature::Feature& feature : features_->features()) {
    if (slot(feature.slot).is_missing()) continue;  // DEFAULT too
    GivenQuality worst;
    for (const GivenQuality& quality : out_.qualities) {
      if (!feature.Fills(quality.slot)) continue;
      worst.provenance = std::max(worst.provenance, quality.provenance);
      worst.age_ms = std::max(worst.age_ms, quality.age_ms);
    }
    if (worst.provenance == model::Provenance::kDefault) {
      const uint16_t there = places_[feature.slot] ? feature.slot : *feature.minor_slot;
      Error("R519", *places_[there],
            absl::StrFormat("`%s` has a value, but is said to be DEFAULT in its other form, which "
                            "has none",
                            schema_.fields()[there].full_name()));
      continue;
    }
    slot(feature.age_slot) = Value::Duration(worst.age_ms * 1'000'000);
    slot(feature.provenance_slot) = Value::String(model::ProvenanceName(worst.provenance));
  }
}

}  // namespace

std::optional<GivenRecord> ReadGiven(const JsonDocument& document, const JsonValue& given,
                                     const GivenContext& context, Findings* findings) {
  size_t errors_before = findings->errors();
  GivenReader reader(document, context, findings);
  reader.ReadObjects(given);
  if (findings->errors() != errors_before) return std::nullopt;
  reader.FillAmounts(context.base_currency);
  if (findings->errors() != errors_before) return std::nullopt;
  reader.FillQualities();
  if (findings->errors() != errors_before) return std::nullopt;
  return reader.Take();
}

}  // namespace verdict::ruleset
