// One line a field; the two directions stand in the same order, so that a forgotten field shows.
#include "wire/event_proto.h"

#include <algorithm>
#include <string>
#include <type_traits>
#include <variant>

#include "absl/strings/str_format.h"

namespace verdict::wire {
namespace {

using AttributeMap = google::protobuf::Map<std::string, v1::AttributeValue>;

void ToProto(const model::AttributeValue& value, v1::AttributeValue* out) {
  std::visit(
      [out](const auto& v) {
        using T = std::decay_t<decltype(v)>;
        if constexpr (std::is_same_v<T, bool>) {
          out->set_bool_value(v);
        } else if constexpr (std::is_same_v<T, int64_t>) {
          out->set_int_value(v);
        } else if constexpr (std::is_same_v<T, double>) {
          out->set_double_value(v);
        } else if constexpr (std::is_same_v<T, std::string>) {
          out->set_string_value(v);
        } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
          out->mutable_string_list()->mutable_values()->Assign(v.begin(), v.end());
        } else {
          out->mutable_int_list()->mutable_values()->Assign(v.begin(), v.end());
        }
      },
      value);
}

absl::Status FromProto(const v1::AttributeValue& in, const std::string& name,
                       model::AttributeValue* out) {
  switch (in.kind_case()) {
    case v1::AttributeValue::kStringValue:
      *out = in.string_value();
      return absl::OkStatus();
    case v1::AttributeValue::kIntValue:
      *out = int64_t{in.int_value()};
      return absl::OkStatus();
    case v1::AttributeValue::kDoubleValue:
      *out = in.double_value();
      return absl::OkStatus();
    case v1::AttributeValue::kBoolValue:
      *out = in.bool_value();
      return absl::OkStatus();
    case v1::AttributeValue::kStringList: {
      const auto& values = in.string_list().values();
      *out = std::vector<std::string>(values.begin(), values.end());
      return absl::OkStatus();
    }
    case v1::AttributeValue::kIntList: {
      const auto& values = in.int_list().values();
      *out = std::vector<int64_t>(values.begin(), values.end());
      return absl::OkStatus();
    }
    case v1::AttributeValue::KIND_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError(
      absl::StrFormat("transaction.attributes[\"%s\"]: holds no value; set one of string_value, "
                      "int_value, double_value, "
                      "bool_value, string_list, int_list",
                      name));
}

absl::Status CheckLimits(const AttributeMap& in) {
  if (in.size() > kAttributesMax) {
    return absl::InvalidArgumentError(
        absl::StrFormat("transaction.attributes: %d given; at most %d are taken, send those that "
                        "rules/schema.json declares",
                        in.size(), kAttributesMax));
  }
  for (const auto& [name, value] : in) {
    if (name.size() <= kAttributeNameBytesMax) continue;
    return absl::InvalidArgumentError(absl::StrFormat(
        "transaction.attributes: a name of %d bytes; at most %d are taken, use the names that "
        "rules/schema.json declares",
        name.size(), kAttributeNameBytesMax));
  }
  return absl::OkStatus();
}

absl::Status FromProto(const AttributeMap& in, std::vector<model::Attribute>* out) {
  out->resize(in.size());
  size_t i = 0;
  for (const auto& [name, value] : in) {
    (*out)[i].name = name;
    const absl::Status status = FromProto(value, name, &(*out)[i].value);
    if (!status.ok()) return status;
    ++i;
  }
  std::sort(out->begin(), out->end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return absl::OkStatus();
}

}  // namespace

void ToProto(const model::Transaction& txn, v1::Transaction* out) {
  out->set_id(txn.id);
  out->set_event_time_ms(txn.event_time_ms);
  out->set_amount_minor(txn.amount_minor);
  out->set_currency(txn.currency);
  out->clear_amount_base_minor();
  if (txn.amount_base_minor.has_value()) out->set_amount_base_minor(*txn.amount_base_minor);
  out->set_merchant_id(txn.merchant_id);
  out->set_merchant_mcc(txn.merchant_mcc);
  out->set_merchant_country(txn.merchant_country);
  out->set_card_id(txn.card_id);
  out->set_card_country(txn.card_country);
  out->set_customer_id(txn.customer_id);
  out->set_device_id(txn.device_id);
  out->set_ip(txn.ip);
  out->set_country(txn.country);
  out->set_channel(txn.channel);
  out->set_status(txn.status);
  out->clear_attributes();
  for (const model::Attribute& attribute : txn.attributes) {
    ToProto(attribute.value, &(*out->mutable_attributes())[attribute.name]);
  }
}

absl::Status FromProto(const v1::Transaction& in, model::Transaction* out, Source source) {
  if (source == Source::kClient) {
    if (absl::Status limits = CheckLimits(in.attributes()); !limits.ok()) return limits;
  }
  out->id = in.id();
  out->event_time_ms = in.event_time_ms();
  out->amount_minor = in.amount_minor();
  out->currency = in.currency();
  out->amount_base_minor.reset();
  if (in.has_amount_base_minor()) out->amount_base_minor = in.amount_base_minor();
  out->merchant_id = in.merchant_id();
  out->merchant_mcc = in.merchant_mcc();
  out->merchant_country = in.merchant_country();
  out->card_id = in.card_id();
  out->card_country = in.card_country();
  out->customer_id = in.customer_id();
  out->device_id = in.device_id();
  out->ip = in.ip();
  out->country = in.country();
  out->channel = in.channel();
  out->status = in.status();
  return FromProto(in.attributes(), &out->attributes);
}

void ToProto(const model::Event& event, v1::TransactionEvent* out) {
  out->set_kind(static_cast<v1::EventKind>(event.kind));
  ToProto(event.txn, out->mutable_transaction());
  out->set_sequence(event.sequence);
  out->set_is_fraud(event.is_fraud);
}

absl::Status FromProto(const v1::TransactionEvent& in, model::Event* out, Source source) {
  if (in.kind() == v1::EVENT_KIND_UNSPECIFIED || !v1::EventKind_IsValid(in.kind())) {
    return absl::InvalidArgumentError(
        absl::StrFormat("kind: %d is no event kind; set EVENT_KIND_PAYMENT, EVENT_KIND_REFUND, "
                        "EVENT_KIND_REVERSAL or "
                        "EVENT_KIND_LABEL",
                        static_cast<int>(in.kind())));
  }
  if (!in.has_transaction()) return absl::InvalidArgumentError("transaction: is missing");
  out->kind = static_cast<model::EventKind>(in.kind());
  out->sequence = in.sequence();
  out->is_fraud = in.is_fraud();
  return FromProto(in.transaction(), &out->txn, source);
}

static_assert(static_cast<int>(model::EventKind::kPayment) == v1::EVENT_KIND_PAYMENT);
static_assert(static_cast<int>(model::EventKind::kRefund) == v1::EVENT_KIND_REFUND);
static_assert(static_cast<int>(model::EventKind::kReversal) == v1::EVENT_KIND_REVERSAL);
static_assert(static_cast<int>(model::EventKind::kLabel) == v1::EVENT_KIND_LABEL);

}  // namespace verdict::wire
