// Random records of the test schema.
#pragma once

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "rule/rule_fixture.h"

namespace verdict::rule {

// Each field of the test schema with some value, or missing.
inline Record RandomRecord(std::mt19937_64* random) {
  static const Value kSkus[] = {Value::String("GIFT1"), Value::String("FR"), Value::String("")};
  static const Value kSizes[] = {Value::Int(6), Value::Int(0), Value::Int(-3)};
  const std::vector<std::pair<std::string, std::vector<Value>>> kValues = {
      {"txn.amount", {Value::Double(742.5), Value::Double(0), Value::Double(-0.5)}},
      {"txn.amount_minor", {Value::Int(74'250), Value::Int(0)}},
      {"txn.currency", {Value::String("EUR"), Value::String("")}},
      {"txn.email", {Value::String("bob77777@example.com"), Value::String("\u00e9@a")}},
      {"txn.skus", {Value::List(kSkus), Value::List({})}},
      {"txn.sizes", {Value::List(kSizes), Value::List({})}},
      {"txn.is_recurring", {Value::Bool(true), Value::Bool(false)}},
      {"txn.delay", {Value::Duration(90'000'000'000)}},
      {"txn.time", {Value::TimestampMs(1'795'203'372'500)}},
      {"txn.ip", {Value::String("10.1.2.3"), Value::String("2001:db8::1"), Value::String("x")}},
      {"card.first_seen", {Value::TimestampMs(1'790'000'000'000), Value::TimestampMs(0)}},
      {"card.count_1h@age", {Value::Duration(2'000'000'000), Value::Duration(0)}},
      {"card.count_1h@provenance", {Value::String("FULL"), Value::String("STALE")}},
      {"card.count_1h", {Value::Int(6), Value::Int(0), Value::Int(INT64_MAX)}},
      {"card.count_1d", {Value::Int(9), Value::Int(INT64_MIN)}},
      {"card.avg_30d", {Value::Double(25), Value::Double(0)}},
      {"card.country", {Value::String("FR"), Value::String("DE")}},
      {"device.age_days", {Value::Int(3)}},
      {"merchant.mcc", {Value::String("4829"), Value::String("5999")}}};
  Fields given;
  for (const auto& [name, values] : kValues) {
    if ((*random)() % 4 != 0) given.emplace_back(name, values[(*random)() % values.size()]);
  }
  return MakeRecord(given);
}

}  // namespace verdict::rule
