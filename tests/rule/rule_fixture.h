// What the tests of the rule room share: a schema with features, records by field name, compiled
// expressions.
#pragma once

#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "rule/expression.h"

namespace verdict::rule {

inline void AddField(Schema* schema, std::string object, std::string name, FieldType type) {
  Field field;
  field.object = std::move(object);
  field.name = std::move(name);
  field.type = type;
  field.source = FieldSource::kFeature;
  CHECK(schema->Add(field).has_value());
}

// The built-in fields, and some of each type.
inline const Schema& TestSchema() {
  static const Schema* schema = [] {
    auto* s = new Schema;
    AddField(s, "txn", "email", FieldType::kString);
    AddField(s, "txn", "skus", FieldType::kStringList);
    AddField(s, "txn", "sizes", FieldType::kIntList);
    AddField(s, "txn", "is_recurring", FieldType::kBool);
    AddField(s, "txn", "delay", FieldType::kDuration);
    AddField(s, "card", "count_1h", FieldType::kInt);
    AddField(s, "card", "count_1h@age", FieldType::kDuration);
    Field provenance;
    provenance.object = "card";
    provenance.name = "count_1h@provenance";
    provenance.source = FieldSource::kFeature;
    provenance.values = {"FULL", "STALE", "PARTIAL"};
    CHECK(s->Add(provenance).has_value());
    AddField(s, "card", "count_1d", FieldType::kInt);
    AddField(s, "card", "declines_24h", FieldType::kInt);
    AddField(s, "card", "count_24h", FieldType::kInt);
    AddField(s, "card", "avg_30d", FieldType::kDouble);
    AddField(s, "card", "first_seen", FieldType::kTimestamp);
    AddField(s, "card", "bin", FieldType::kString);
    AddField(s, "device", "age_days", FieldType::kInt);
    return s;
  }();
  return *schema;
}

using ListEntries = std::vector<std::pair<std::string, int64_t>>;  // and when they expire

inline std::shared_ptr<const NamedList> MakeList(ListKind kind, const ListEntries& entries) {
  auto list = std::make_shared<NamedList>(kind, entries.size());
  for (const auto& [text, expires_ms] : entries) CHECK(list->Add(text, expires_ms));
  list->Finish();
  return list;
}

// 2026-11-20T00:00:00Z.
inline constexpr int64_t kTestDayMs = 1'795'132'800'000;

inline const NamedLists& TestLists() {
  static const auto* lists = new NamedLists{
      {"high_risk_mcc",
       MakeList(ListKind::kSet, {{"4829", kNever}, {"6051", kNever}, {"7995", kNever}})},
      {"empty", MakeList(ListKind::kSet, {})},
      {"snoozed", MakeList(ListKind::kSet, {{"tok_1", kTestDayMs}, {"tok_2", kNever}})},
      {"datacentres",
       MakeList(ListKind::kCidr,
                {{"10.0.0.0/8", kNever}, {"192.0.2.7", kNever}, {"2001:db8::/32", kNever}})},
      {"bins", MakeList(ListKind::kPrefix, {{"4111", kNever}, {"55", kTestDayMs}})}};
  return *lists;
}

struct Compiled {
  std::unique_ptr<const Expression> expression;
  std::vector<Diagnostic> diagnostics;
};

inline CompileOptions AnyResult() {
  return {.schema = &TestSchema(), .lists = &TestLists(), .check_result = false};
}

inline Compiled Compile(const std::string& text, const CompileOptions& options = AnyResult()) {
  Compiled compiled;
  Source source;
  source.text = text;
  compiled.expression = Expression::Compile(source, options, &compiled.diagnostics);
  return compiled;
}

// An expression and its value as people read it. Prints as the expression itself.
struct ExpressionCase {
  std::string expression;
  std::string value;
};
inline void PrintTo(const ExpressionCase& c, std::ostream* os) { *os << c.expression; }

using Fields = std::vector<std::pair<std::string, Value>>;

// `given` by full name; all else is missing.
inline Record MakeRecord(const Fields& given) {
  Record record;
  record.Reset(TestSchema().fields().size());
  for (const auto& [name, value] : given) {
    const size_t dot = name.find('.');
    const Field* field = TestSchema().Find(name.substr(0, dot), name.substr(dot + 1));
    CHECK(field != nullptr);
    record.slots[field->slot] = value;
  }
  return record;
}

// The value as people read it; what did not compile yields its diagnostics.
inline std::string Evaluated(const std::string& text, const Fields& given = {}) {
  const Compiled compiled = Compile(text);
  if (compiled.expression == nullptr) {
    std::string out;
    for (const Diagnostic& d : compiled.diagnostics) out += FormatDiagnostic(d, false);
    return out;
  }
  static const EvaluationArenaPtr& arena = *new EvaluationArenaPtr(MakeEvaluationArena());
  const Record record = MakeRecord(given);
  const std::string reference =
      FormatValue(compiled.expression->EvaluateByReference(record, arena.get()), &TestSchema());
  const std::string value =
      FormatValue(compiled.expression->Evaluate(record, arena.get()), &TestSchema());
  return value == reference ? value : value + ", but by reference " + reference;
}

}  // namespace verdict::rule
