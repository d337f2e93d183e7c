// From a transaction to the slots that expressions read. Nothing is allocated once the record has
// grown to its size.
#include <cmath>
#include <variant>

#include "feature/feature_set.h"
#include "model/money.h"

namespace verdict::feature {
namespace {

using model::AttributeValue;
using model::Transaction;
using rule::Field;
using rule::FieldType;
using rule::Value;

constexpr double kWholeDoubleMax =
    9007199254740992.0;  // 2^53: beyond, a double names several integers

struct TextField {
  uint16_t slot;
  std::string Transaction::*member;
};

constexpr TextField kTextFields[] = {
    {rule::kTxnId, &Transaction::id},
    {rule::kTxnCurrency, &Transaction::currency},
    {rule::kTxnStatus, &Transaction::status},
    {rule::kTxnChannel, &Transaction::channel},
    {rule::kTxnIp, &Transaction::ip},
    {rule::kTxnCountry, &Transaction::country},
    {rule::kMerchantId, &Transaction::merchant_id},
    {rule::kMerchantMcc, &Transaction::merchant_mcc},
    {rule::kMerchantCountry, &Transaction::merchant_country},
    {rule::kCardId, &Transaction::card_id},
    {rule::kCardCountry, &Transaction::card_country},
    {rule::kCustomerId, &Transaction::customer_id},
    {rule::kDeviceId, &Transaction::device_id},
};

bool FitsLength(const Field& field, std::string_view text) {
  return text.size() <= static_cast<size_t>(field.max_len);
}

Value NumberWithin(const Field& field, int64_t number) {
  if (field.min && number < *field.min) return Value::Missing(field.slot);
  if (field.max && number > *field.max) return Value::Missing(field.slot);
  return Value::Int(number);
}

Value NumberWithin(const Field& field, double number) {
  if (std::isnan(number)) return Value::Missing(field.slot);
  if (field.min && number < static_cast<double>(*field.min)) return Value::Missing(field.slot);
  if (field.max && number > static_cast<double>(*field.max)) return Value::Missing(field.slot);
  return Value::Double(number);
}

Value IntValue(const Field& field, const AttributeValue& value) {
  if (const auto* integer = std::get_if<int64_t>(&value)) return NumberWithin(field, *integer);
  const auto* real = std::get_if<double>(&value);
  if (real == nullptr || !(std::abs(*real) <= kWholeDoubleMax) || *real != std::trunc(*real)) {
    return Value::Missing(field.slot);
  }
  return NumberWithin(field, static_cast<int64_t>(*real));
}

Value DoubleValue(const Field& field, const AttributeValue& value) {
  if (const auto* real = std::get_if<double>(&value)) return NumberWithin(field, *real);
  if (const auto* integer = std::get_if<int64_t>(&value)) {
    return NumberWithin(field, static_cast<double>(*integer));
  }
  return Value::Missing(field.slot);
}

Value StringValue(const Field& field, const AttributeValue& value) {
  const auto* text = std::get_if<std::string>(&value);
  if (text == nullptr || !FitsLength(field, *text)) return Value::Missing(field.slot);
  return Value::String(*text);
}

// REQUIRES: `items` has room for the list's items.
Value StringListValue(const Field& field, const AttributeValue& value, std::vector<Value>* items) {
  const auto* list = std::get_if<std::vector<std::string>>(&value);
  const size_t first = items->size();
  if (list == nullptr || list->size() > static_cast<size_t>(field.max_items)) {
    return Value::Missing(field.slot);
  }
  for (const std::string& item : *list) {
    if (!FitsLength(field, item)) {
      items->resize(first);
      return Value::Missing(field.slot);
    }
    items->push_back(Value::String(item));
  }
  return Value::List({items->data() + first, list->size()});
}

// REQUIRES: `items` has room for the list's items.
Value IntListValue(const Field& field, const AttributeValue& value, std::vector<Value>* items) {
  const auto* list = std::get_if<std::vector<int64_t>>(&value);
  const size_t first = items->size();
  if (list == nullptr || list->size() > static_cast<size_t>(field.max_items)) {
    return Value::Missing(field.slot);
  }
  for (const int64_t item : *list) items->push_back(Value::Int(item));
  return Value::List({items->data() + first, list->size()});
}

Value AttributeSlotValue(const Field& field, const AttributeValue& value,
                         std::vector<Value>* items) {
  switch (field.type) {
    case FieldType::kBool: {
      const auto* boolean = std::get_if<bool>(&value);
      return boolean == nullptr ? Value::Missing(field.slot) : Value::Bool(*boolean);
    }
    case FieldType::kInt:
      return IntValue(field, value);
    case FieldType::kDouble:
      return DoubleValue(field, value);
    case FieldType::kString:
      return StringValue(field, value);
    case FieldType::kStringList:
      return StringListValue(field, value, items);
    case FieldType::kIntList:
      return IntListValue(field, value, items);
    case FieldType::kTimestamp:  // no attribute has these types
    case FieldType::kDuration:
      break;
  }
  return Value::Missing(field.slot);
}

size_t ItemsOf(const AttributeValue& value) {
  if (const auto* texts = std::get_if<std::vector<std::string>>(&value)) return texts->size();
  if (const auto* integers = std::get_if<std::vector<int64_t>>(&value)) return integers->size();
  return 0;
}

// Lists point into `list_items`, so it must not grow while they are added.
void ReserveListItems(const Transaction& txn, rule::Record* record) {
  size_t items = 0;
  for (const model::Attribute& attribute : txn.attributes) items += ItemsOf(attribute.value);
  record->list_items.clear();
  record->list_items.reserve(items);
}

}  // namespace

void FeatureSet::FillRecord(const Transaction& txn, rule::Record* record) const {
  record->slots = blank_.slots;
  Value* const slots = record->slots.data();
  const std::vector<Field>& fields = schema_->fields();
  for (const TextField& text : kTextFields) {
    const std::string& value = txn.*text.member;
    if (value.empty() || !FitsLength(fields[text.slot], value)) continue;
    slots[text.slot] = Value::String(value);
  }
  slots[rule::kTxnTime] = Value::TimestampMs(txn.event_time_ms);
  slots[rule::kTxnAmountMinor] = Value::Int(txn.amount_minor);
  slots[rule::kTxnAmount] = Value::Double(model::ToMajorUnits(txn.amount_minor, txn.currency));
  if (const std::optional<int64_t> base = BaseAmount(txn)) {
    slots[rule::kTxnAmountBaseMinor] = Value::Int(*base);
    slots[rule::kTxnAmountBase] = Value::Double(model::ToMajorUnits(*base, options_.base_currency));
  }
  if (txn.attributes.empty()) return;
  ReserveListItems(txn, record);
  for (const model::Attribute& attribute : txn.attributes) {
    const auto found = attribute_slots_.find(attribute.name);
    if (found == attribute_slots_.end()) continue;
    slots[found->second] =
        AttributeSlotValue(fields[found->second], attribute.value, &record->list_items);
  }
}

}  // namespace verdict::feature
