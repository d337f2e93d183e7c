// What one evaluation and one compilation of a rule cost, over records that vary.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "rule/rule_fixture.h"

namespace verdict::rule {
namespace {

constexpr size_t kRecords = 256;

// Deterministic, and different enough that no branch is always the same.
std::vector<Record> Records() {
  static const char* const kCountries[] = {"FR", "DE", "NG", "GB"};
  static const char* const kCodes[] = {"5411", "6051", "5999", "7995"};
  static const char* const kEmails[] = {"bob77777@example.com", "alice@example.com"};
  std::vector<Record> records;
  uint64_t state = 7;
  auto next = [&state](uint64_t below) {
    state = state * 6364136223846793005 + 1442695040888963407;
    return (state >> 33) % below;
  };
  for (size_t i = 0; i < kRecords; ++i) {
    records.push_back(MakeRecord(
        {{"txn.amount", Value::Double(static_cast<double>(next(1000)))},
         {"card.country", Value::String(kCountries[next(4)])},
         {"merchant.country", Value::String(kCountries[next(4)])},
         {"merchant.mcc", Value::String(kCodes[next(4)])},
         {"txn.email", Value::String(kEmails[next(2)])},
         {"card.avg_30d", Value::Double(static_cast<double>(next(200)))},
         {"card.count_1h", next(8) == 0 ? Value() : Value::Int(static_cast<int64_t>(next(10)))},
         {"card.count_1d", Value::Int(static_cast<int64_t>(next(10)))}}));
  }
  return records;
}

const char* const kRules[] = {
    "txn.amount > 500 && card.country != merchant.country && card.count_1d >= 5",
    "merchant.mcc in ['4829', '6051', '7995', '4511', '5944', '5094', '6211', '7273', '7801', "
    "'7802'] "
    "&& txn.amount >= 100.0",
    "card.avg_30d > 0.0 && txn.amount / card.avg_30d > 8.0",
    "txn.email.matches('^[a-z]+[0-9]{4,}@')",
    "(txn.amount > 900 || card.count_1h >= 5) && !(merchant.mcc in ['5411']) && "
    "(card.country == 'NG' || merchant.country == 'NG')",
};

void Evaluate(benchmark::State& state) {
  const Compiled compiled = Compile(kRules[state.range(0)]);
  const std::vector<Record> records = Records();
  const EvaluationArenaPtr arena = MakeEvaluationArena();
  size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(compiled.expression->Evaluate(records[i], arena.get()));
    i = (i + 1) % kRecords;
  }
  state.SetLabel(kRules[state.range(0)]);
}
BENCHMARK(Evaluate)->DenseRange(0, static_cast<int>(std::size(kRules)) - 1);

void CompileRule(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(Compile(kRules[state.range(0)]).expression);
}
BENCHMARK(CompileRule)->DenseRange(0, static_cast<int>(std::size(kRules)) - 1);

}  // namespace
}  // namespace verdict::rule
