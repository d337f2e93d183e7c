// Prints generated expressions with records and what Verdict makes of them, a JSON object a line:
// {"expr": .., "records": [{"txn": {"amount": {"double": 742.5}}}, ..], "results": ["true", ..]}.
// usage: cel_pairs COUNT SEED     (COUNT expressions, four records each)
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

#include "nlohmann/json.hpp"
#include "rule/expression_generator.h"
#include "rule/random_record.h"
#include "rule/rule_fixture.h"

namespace verdict::rule {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kRecords = 4;

Json ToJson(const Value& v) {
  switch (v.kind()) {
    case Kind::kBool:
      return {{"bool", v.boolean()}};
    case Kind::kInt:
      return {{"int", std::to_string(v.integer())}};
    case Kind::kDouble:
      return {{"double", v.real()}};
    case Kind::kString:
      return {{"string", std::string(v.string())}};
    case Kind::kTimestamp:
      return {{"timestamp_ms", std::to_string(v.integer())}};
    case Kind::kDuration:
      return {{"duration_ns", std::to_string(v.integer())}};
    case Kind::kList: {
      Json items = Json::array();
      for (const Value& item : v.list()) items.push_back(ToJson(item));
      return {{"list", std::move(items)}};
    }
    default:
      std::fprintf(stderr, "cel_pairs: a record holds a value of a kind without a JSON form\n");
      std::exit(1);
  }
}

// By object, absent fields left out.
Json ToJson(const Record& record) {
  Json objects = Json::object();
  for (const Field& field : TestSchema().fields()) {
    const Value& v = record.slots[field.slot];
    if (!v.is_missing()) objects[field.object][field.name] = ToJson(v);
  }
  return objects;
}

// true, false, missing or error.
std::string ResultOf(const Expression& expression, const Record& record, EvaluationArena* arena) {
  const std::string text = FormatValue(expression.Evaluate(record, arena), &TestSchema());
  return text.substr(0, text.find(':'));
}

void Print(int count, uint64_t seed) {
  ExpressionGenerator generator = ExpressionGenerator::OfCommonCel(seed);
  std::mt19937_64 random(seed);
  const EvaluationArenaPtr arena = MakeEvaluationArena();
  for (int made = 0, tried = 0; made < count; ++tried) {
    const std::string text = generator.Bool(1 + tried % 4);
    const Compiled one = Compile(text);
    if (one.expression == nullptr) continue;
    ++made;
    Json line = {{"expr", text}, {"records", Json::array()}, {"results", Json::array()}};
    for (int r = 0; r < kRecords; ++r) {
      const Record record = RandomRecord(&random);
      line["records"].push_back(ToJson(record));
      line["results"].push_back(ResultOf(*one.expression, record, arena.get()));
    }
    std::printf("%s\n", line.dump().c_str());
  }
}

}  // namespace
}  // namespace verdict::rule

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: cel_pairs COUNT SEED\n");
    return 2;
  }
  verdict::rule::Print(std::atoi(argv[1]), std::strtoull(argv[2], nullptr, 10));
  return 0;
}
