// A transaction as Score receives it, and as the log records it. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace verdict::model {

// A value of a declared attribute (rules/schema.json says which names and types there are).
using AttributeValue = std::variant<bool, int64_t, double, std::string, std::vector<std::string>,
                                    std::vector<int64_t>>;

struct Attribute {
  std::string name;  // dotted names fill entity fields: "card.bin"
  AttributeValue value;
  friend bool operator==(const Attribute&, const Attribute&) = default;
};

// An empty string is an absent field.
struct Transaction {
  std::string id;
  int64_t event_time_ms = 0;                 // Unix epoch
  int64_t amount_minor = 0;                  // minor units of `currency`
  std::string currency;                      // ISO 4217, three capitals
  std::optional<int64_t> amount_base_minor;  // minor units of the deployment's base currency
  std::string merchant_id;
  std::string merchant_mcc;
  std::string merchant_country;
  std::string card_id;  // a token, never a card number
  std::string card_country;
  std::string customer_id;
  std::string device_id;
  std::string ip;
  std::string country;
  std::string channel;
  std::string status;
  std::vector<Attribute> attributes;

  // Empties every field and keeps the capacity of the strings.
  void Clear();
  friend bool operator==(const Transaction&, const Transaction&) = default;
};

}  // namespace verdict::model
