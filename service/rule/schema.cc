// The built-in fields, and how declared ones join them.
#include "rule/schema.h"

#include <algorithm>
#include <utility>

namespace verdict::rule {
namespace {

constexpr int kMaxIdLength = 128;

// Sizes without a line of their own in RULES.md section 3: an ISO 18245 code is four digits, a word
// of the log's status or channel is short.
constexpr int kMaxWordLength = 32;

struct BuiltIn {
  BuiltInSlot slot;
  std::string_view object;
  std::string_view name;
  FieldType type;
  bool required;
  int max_len;
};

constexpr BuiltIn kBuiltIns[] = {
    {kTxnId, "txn", "id", FieldType::kString, true, kMaxIdLength},
    {kTxnTime, "txn", "time", FieldType::kTimestamp, true, 0},
    {kTxnAmountMinor, "txn", "amount_minor", FieldType::kInt, true, 0},
    {kTxnAmount, "txn", "amount", FieldType::kDouble, true, 0},
    {kTxnCurrency, "txn", "currency", FieldType::kString, true, 3},
    {kTxnAmountBaseMinor, "txn", "amount_base_minor", FieldType::kInt, false, 0},
    {kTxnAmountBase, "txn", "amount_base", FieldType::kDouble, false, 0},
    {kTxnStatus, "txn", "status", FieldType::kString, false, kMaxWordLength},
    {kTxnChannel, "txn", "channel", FieldType::kString, false, kMaxWordLength},
    {kTxnIp, "txn", "ip", FieldType::kString, false, 45},
    {kTxnCountry, "txn", "country", FieldType::kString, false, 2},
    {kMerchantId, "merchant", "id", FieldType::kString, true, kMaxIdLength},
    {kMerchantMcc, "merchant", "mcc", FieldType::kString, false, kMaxWordLength},
    {kMerchantCountry, "merchant", "country", FieldType::kString, false, 2},
    {kCardId, "card", "id", FieldType::kString, false, kMaxIdLength},
    {kCardCountry, "card", "country", FieldType::kString, false, 2},
    {kCustomerId, "customer", "id", FieldType::kString, false, kMaxIdLength},
    {kDeviceId, "device", "id", FieldType::kString, false, kMaxIdLength},
};
static_assert(std::size(kBuiltIns) == kBuiltInSlots);

}  // namespace

std::string_view FieldTypeName(FieldType type) {
  switch (type) {
    case FieldType::kBool:
      return "bool";
    case FieldType::kInt:
      return "int";
    case FieldType::kDouble:
      return "double";
    case FieldType::kString:
      return "string";
    case FieldType::kTimestamp:
      return "timestamp";
    case FieldType::kDuration:
      return "duration";
    case FieldType::kStringList:
      return "list(string)";
    case FieldType::kIntList:
      return "list(int)";
  }
  return "unknown";
}

std::string Field::spelled() const {
  if (!hidden()) return full_name();
  return name.substr(name.find('@') + 1) + "(" + visible_name() + ")";
}

std::string Field::visible_name() const { return object + "." + name.substr(0, name.find('@')); }

Schema::Schema(std::string name) : name_(std::move(name)) {
  for (const BuiltIn& b : kBuiltIns) {
    Field field;
    field.object = b.object;
    field.name = b.name;
    field.type = b.type;
    field.required = b.required;
    if (b.max_len > 0) field.max_len = b.max_len;
    if (b.type == FieldType::kInt || b.type == FieldType::kDouble) field.min = 0;
    Add(std::move(field));
  }
}

std::optional<uint16_t> Schema::Add(Field field) {
  // UINT16_MAX means "no slot" in a missing value.
  if (fields_.size() >= UINT16_MAX) return std::nullopt;
  field.slot = static_cast<uint16_t>(fields_.size());
  if (!by_name_.emplace(field.full_name(), field.slot).second) return std::nullopt;
  fields_.push_back(std::move(field));
  return fields_.back().slot;
}

const Field* Schema::Find(std::string_view object, std::string_view field) const {
  std::string key;
  key.reserve(object.size() + field.size() + 1);
  key.append(object).append(1, '.').append(field);
  auto found = by_name_.find(key);
  return found == by_name_.end() ? nullptr : &fields_[found->second];
}

bool Schema::HasObject(std::string_view object) const {
  return std::any_of(fields_.begin(), fields_.end(),
                     [&](const Field& f) { return f.object == object; });
}

std::vector<std::string> Schema::objects() const {
  std::vector<std::string> names;
  for (const Field& f : fields_) {
    if (std::find(names.begin(), names.end(), f.object) == names.end()) names.push_back(f.object);
  }
  return names;
}

}  // namespace verdict::rule
