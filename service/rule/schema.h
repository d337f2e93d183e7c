// Which fields a rule may read: `txn.amount`, `card.country`, `merchant.volume_30d`, each with a
// type and a slot.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "rule/value.h"

namespace verdict::rule {

enum class FieldType : uint8_t {
  kBool,
  kInt,
  kDouble,
  kString,
  kTimestamp,
  kDuration,
  kStringList,
  kIntList
};
std::string_view FieldTypeName(FieldType type);  // "list(string)"

// What a request field holds, so that one table fills the slots from a transaction.
enum class FieldSource : uint8_t {
  kBuiltIn,    // a field of model::Transaction
  kAttribute,  // an attribute of the request, declared in rules/schema.json
  kFeature     // computed
};

struct Field {
  std::string object;  // "txn", "card"
  std::string name;    // "amount"
  FieldType type = FieldType::kString;
  FieldSource source = FieldSource::kBuiltIn;
  uint16_t slot = 0;
  bool required = false;
  int max_len = 256;           // strings, in bytes; also of list items
  int max_items = 64;          // lists
  std::optional<int64_t> min;  // numbers
  std::optional<int64_t> max;
  std::vector<std::string> values = {};  // all that a string may be; empty: anything
  std::string full_name() const { return object + "." + name; }
  bool hidden() const { return name.find('@') != std::string::npos; }
  // As expressions read it: "card.count_1h", "age(card.count_1h)".
  std::string spelled() const;
  // The field that a payment lacks where this one is missing: "card.count_1h" for all three.
  std::string visible_name() const;
};

// age(f) and provenance(f) read hidden fields beside a feature f: add `count_1h@age` (duration) and
// `count_1h@provenance` (string) to offer them. No expression can spell such a name by itself.
inline constexpr std::string_view kAgeSuffix = "@age";
inline constexpr std::string_view kProvenanceSuffix = "@provenance";

// The slots of the built-in fields, the same in every schema.
enum BuiltInSlot : uint16_t {
  kTxnId,
  kTxnTime,
  kTxnAmountMinor,
  kTxnAmount,
  kTxnCurrency,
  kTxnAmountBaseMinor,
  kTxnAmountBase,
  kTxnStatus,
  kTxnChannel,
  kTxnIp,
  kTxnCountry,
  kMerchantId,
  kMerchantMcc,
  kMerchantCountry,
  kCardId,
  kCardCountry,
  kCustomerId,
  kDeviceId,
  kBuiltInSlots
};

// Immutable once built. Slots are dense: built-in fields, then attributes, then features, in the
// order of Add.
class Schema {
 public:
  // Holds the built-in fields; `name` is what rule files must repeat ("txn/1").
  explicit Schema(std::string name = "txn/1");
  // The slot, or nothing where `object.name` is taken already.
  std::optional<uint16_t> Add(Field field);

  const std::string& name() const { return name_; }
  const Field* Find(std::string_view object, std::string_view field) const;
  const std::vector<Field>& fields() const { return fields_; }  // by slot
  bool HasObject(std::string_view object) const;
  std::vector<std::string> objects() const;  // in the order of first mention

 private:
  std::string name_;
  std::vector<Field> fields_;
  std::unordered_map<std::string, uint16_t> by_name_;  // "txn.amount"
};

// The values of one transaction, by slot; what is absent is missing. Views: the transaction must
// outlive it.
struct Record {
  std::vector<Value> slots;
  std::vector<Value>
      list_items;  // what lists in `slots` point into: a copy's lists need its original
  void Reset(size_t size) { slots.assign(size, Value()); }
};

}  // namespace verdict::rule
