#include "mapping/row_mapper.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "base/status.h"
#include "mapping/exact_number.h"
#include "model/business_day.h"
#include "model/money.h"

namespace verdict::mapping {
namespace {

constexpr std::string_view kAttributePrefix = "attributes.";

absl::StatusOr<size_t> ColumnOf(const std::vector<std::string>& header, const std::string& column) {
  const auto found = std::find(header.begin(), header.end(), column);
  if (found != header.end()) return static_cast<size_t>(found - header.begin());
  std::string names;
  for (const std::string& name : header) names += (names.empty() ? "" : ", ") + name;
  return absl::InvalidArgumentError(
      absl::StrFormat("the file has no column \"%s\"; its header is: %s", column, names));
}

bool HasOffset(std::string_view text) {
  return text.ends_with('Z') || text.ends_with('z') ||
         (text.size() > 10 && text.find_first_of("+-", 10) != std::string_view::npos);
}

// A time without an offset, in `zone`.
absl::StatusOr<int64_t> ParseText(std::string_view text, const absl::TimeZone& zone) {
  ASSIGN_OR_RETURN(const int64_t as_utc, model::ParseTimeMs(text));
  if (zone == absl::UTCTimeZone() || HasOffset(text)) return as_utc;
  const absl::Time utc = absl::FromUnixMillis(as_utc);
  const absl::CivilSecond civil = absl::ToCivilSecond(utc, absl::UTCTimeZone());
  const absl::Duration rest = utc - absl::FromCivil(civil, absl::UTCTimeZone());
  return absl::ToUnixMillis(absl::FromCivil(civil, zone) + rest);
}

absl::StatusOr<int64_t> ParseTime(std::string_view text, const FieldSource& source) {
  switch (source.time_unit) {
    case FieldSource::TimeUnit::kText:
      return ParseText(text, source.zone);
    case FieldSource::TimeUnit::kSeconds:
      return ParseDecimal(text, 3);
    case FieldSource::TimeUnit::kMilliseconds:
      return ParseWhole(text);
    case FieldSource::TimeUnit::kPattern: {
      absl::Time time;
      std::string error;
      if (absl::ParseTime(source.time_pattern, std::string(text), source.zone, &time, &error)) {
        return absl::ToUnixMillis(time);
      }
      return absl::InvalidArgumentError(absl::StrFormat("`%s` is not a time of the pattern %s: %s",
                                                        text, source.time_pattern, error));
    }
  }
  return absl::InternalError("a time unit that is none");
}

absl::StatusOr<model::EventKind> ParseKind(std::string_view text) {
  for (const model::EventKind kind : {model::EventKind::kPayment, model::EventKind::kRefund,
                                      model::EventKind::kReversal, model::EventKind::kLabel}) {
    if (text == model::EventKindName(kind)) return kind;
  }
  return absl::InvalidArgumentError(absl::StrFormat(
      "`%s` is not PAYMENT, REFUND, REVERSAL or LABEL (\"values\" translates)", text));
}

absl::StatusOr<model::AttributeValue> ParseAttribute(std::string_view text,
                                                     const std::string& type) {
  if (type == "string") return model::AttributeValue(std::string(text));
  if (type == "int") {
    ASSIGN_OR_RETURN(const int64_t value, ParseWhole(text));
    return model::AttributeValue(value);
  }
  if (type == "double") {
    double value = 0;
    if (absl::SimpleAtod(absl::string_view(text.data(), text.size()), &value))
      return model::AttributeValue(value);
    return absl::InvalidArgumentError(absl::StrFormat("`%s` is not a number", text));
  }
  if (text == "true" || text == "1") return model::AttributeValue(true);
  if (text == "false" || text == "0") return model::AttributeValue(false);
  return absl::InvalidArgumentError(absl::StrFormat("`%s` is not true or false", text));
}

}  // namespace

absl::StatusOr<RowMapper> RowMapper::Bind(Mapping mapping, const std::vector<std::string>& header) {
  RowMapper mapper(std::move(mapping));
  mapper.columns_ = header.size();
  for (const auto& [name, source] : mapper.mapping_.fields) {
    BoundField field{name, source, 0, nullptr};
    if (!source.column.empty()) {
      ASSIGN_OR_RETURN(field.column, ColumnOf(header, source.column));
    }
    for (const TextField& text : TextFields()) {
      if (text.name == name) field.text = text.member;
    }
    const bool first = field.text != nullptr;
    mapper.fields_.insert(first ? mapper.fields_.begin() : mapper.fields_.end(), std::move(field));
  }
  for (const RowFilter& filter : mapper.mapping_.filters) {
    BoundFilter& bound = mapper.filters_.emplace_back(BoundFilter{filter, 0});
    ASSIGN_OR_RETURN(bound.column, ColumnOf(header, filter.column));
  }
  if (mapper.mapping_.label.has_value()) {
    ASSIGN_OR_RETURN(mapper.label_column_, ColumnOf(header, mapper.mapping_.label->column));
  }
  return mapper;
}

bool RowMapper::Keeps(const std::vector<std::string_view>& row) const {
  return std::all_of(filters_.begin(), filters_.end(), [&](const BoundFilter& bound) {
    const auto& values = bound.filter.values;
    const bool listed = std::find(values.begin(), values.end(), row[bound.column]) != values.end();
    return listed == bound.filter.keep;
  });
}

absl::StatusOr<bool> RowMapper::Map(const std::vector<std::string_view>& row, model::Event* event,
                                    std::optional<bool>* label) {
  label->reset();
  if (row.size() != columns_) {
    return absl::InvalidArgumentError(
        absl::StrFormat("has %d columns, the header has %d", row.size(), columns_));
  }
  if (!Keeps(row)) return false;
  event->kind = model::EventKind::kPayment;
  event->sequence = 0;
  event->is_fraud = false;
  event->txn.Clear();
  for (const BoundField& field : fields_) {
    const std::string_view text =
        field.source.column.empty() ? std::string_view(field.source.constant) : row[field.column];
    const absl::Status status = Set(field, text, event);
    if (status.ok()) continue;
    const std::string column =
        field.source.column.empty() ? "" : " (column " + field.source.column + ")";
    return absl::InvalidArgumentError(
        absl::StrFormat("%s%s: %s", field.name, column, std::string(status.message())));
  }
  if (mapping_.label.has_value()) {
    const auto& fraud = mapping_.label->fraud_values;
    const bool is_fraud = std::find(fraud.begin(), fraud.end(), row[label_column_]) != fraud.end();
    if (is_fraud || !mapping_.label->only_fraud) *label = is_fraud;
  }
  return true;
}

absl::Status RowMapper::Set(const BoundField& field, std::string_view text, model::Event* event) {
  const FieldSource& source = field.source;
  if (!source.values.empty()) {
    const auto found = source.values.find(text);
    if (found != source.values.end()) {
      text = found->second;
    } else if (source.otherwise.has_value()) {
      text = *source.otherwise;
    } else {
      return absl::InvalidArgumentError(
          absl::StrFormat("`%s` is not among \"values\" (\"otherwise\" takes the rest)", text));
    }
  }
  if (field.text != nullptr) {
    std::string& target = event->txn.*field.text;
    if (!text.empty()) target.assign(source.prefix);
    target.append(text);
    return absl::OkStatus();
  }
  if (text.empty() && field.name != "event_time_ms" && field.name != "amount_minor")
    return absl::OkStatus();
  if (field.name == "event_time_ms") {
    ASSIGN_OR_RETURN(event->txn.event_time_ms, ParseTime(text, source));
  } else if (field.name == "kind") {
    ASSIGN_OR_RETURN(event->kind, ParseKind(text));
  } else if (field.name == "sequence") {
    ASSIGN_OR_RETURN(const int64_t sequence, ParseWhole(text));
    if (sequence < 0 || sequence > UINT32_MAX)
      return absl::InvalidArgumentError("is not a sequence number");
    event->sequence = static_cast<uint32_t>(sequence);
  } else if (field.name.starts_with(kAttributePrefix)) {
    ASSIGN_OR_RETURN(model::AttributeValue value, ParseAttribute(text, source.type));
    event->txn.attributes.push_back({field.name.substr(kAttributePrefix.size()), std::move(value)});
  } else {
    return SetAmount(field, text, event);
  }
  return absl::OkStatus();
}

absl::Status RowMapper::SetAmount(const BoundField& field, std::string_view text,
                                  model::Event* event) {
  int64_t minor = 0;
  if (field.source.unit == FieldSource::Unit::kMajor) {
    // The base currency's decimals are not known here; all that are in use as one have two.
    const bool own = field.name == "amount_minor";
    const std::optional<int> exponent = own ? model::CurrencyExponent(event->txn.currency) : 2;
    if (!exponent.has_value()) {
      return absl::InvalidArgumentError(
          absl::StrFormat("`%s` is no currency of ISO 4217", event->txn.currency));
    }
    ASSIGN_OR_RETURN(minor, ParseDecimal(text, *exponent));
  } else {
    ASSIGN_OR_RETURN(minor, ParseWhole(text));
  }
  if (__builtin_mul_overflow(minor, field.source.multiply, &minor)) {
    return absl::InvalidArgumentError(
        absl::StrFormat("`%s` times \"multiply\" is too large", text));
  }
  if (field.name == "amount_minor") {
    event->txn.amount_minor = minor;
  } else {
    event->txn.amount_base_minor = minor;
  }
  return absl::OkStatus();
}

}  // namespace verdict::mapping
