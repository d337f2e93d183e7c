// A whole rule set: how long one evaluation of all its rules takes over records that vary, what one
// rule takes and a unit of its bound, and how long a set takes to load, its tests included. Beside
// each figure stands what is asked of it. ruleset_bench [rules] [rules of the set to load]; run at
// the top of the tree.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/check.h"
#include "bench/allocation_count.h"
#include "ruleset/folder.h"
#include "ruleset/rule_set.h"

namespace verdict {
namespace {

using std::chrono::steady_clock;

constexpr size_t kEntries = 10'000'000;
constexpr size_t kRecords = 509;  // prime, so that rules and records do not fall into step

// Conditions as analysts write them; $ is a number that differs from rule to rule.
const char* const kConditions[] = {
    R"c("txn.amount > $", "card.country != merchant.country", "card.count_1d >= 5")c",
    R"c("merchant.mcc in ['4829', '6051', '7995', '4511', '5944', '$']", "txn.amount >= 100.0")c",
    R"c("card.avg_30d > 0.0 && txn.amount / card.avg_30d > $.5")c",
    R"c("txn.email.matches('^[a-z]+[0-9]{4,}@mail$[.]example')")c",
    R"c("txn.amount > $ || card.count_1d >= 5", "!(merchant.mcc in ['5411', '$'])", "card.country == 'NG' || merchant.country == 'NG'")c",
    R"c("card.count_1d * 5 > card.count_30d", "card.count_30d - card.count_7d >= $")c",
    R"c("txn.skus.exists(s, s.startsWith('GIFT$'))", "txn.amount_base > 10.0 * card.avg_30d")c",
    R"c("has(device.age_days) && device.age_days < $", "card.?count_1h.orValue(0) >= 3")c",
    R"c("txn.country != card.country", "merchant.volume_1d > 10.0 * double(merchant.count_30d) + $.0")c",
    R"c("txn.currency == 'EUR' && txn.amount_minor >= $00", "customer.count_1d > card.count_1d")c",
    R"c("card.id in lists.blocked", "txn.amount > $.0")c",
    R"c("txn.time.getHours('Europe/Paris') < 6", "card.declined_1d >= 2", "txn.amount > $.0")c",
    R"c("txn.email.lowerAscii().endsWith('@host$.example')")c",
};

std::string Condition(size_t i) {
  std::string text = kConditions[i % std::size(kConditions)];
  for (size_t at; (at = text.find('$')) != std::string::npos;) {
    text.replace(at, 1, std::to_string(10 + i % 89));
  }
  return text;
}

// The shipped declarations, and as many rules with two tests each.
void WriteRules(size_t count, ruleset::TestFolder* folder) {
  for (const char* name : {"schema.json", "features.json", "policy.json"}) {
    folder->Write(name, ruleset::ReadFileText(std::filesystem::path("rules") / name));
  }
  std::string rules;
  for (size_t i = 0; i < count; ++i) {
    const char* given =
        R"({ "txn": { "amount": 1.5, "email": "ann@b.example", "currency": "GBP", "country": "FR", "skus": ["A1", "B2"] },
             "card": { "id": "c", "country": "FR", "count_1d": 1, "count_7d": 2, "count_30d": 9, "avg_30d": 40, "declined_1d": 0 },
             "merchant": { "mcc": "5999", "country": "FR", "volume_1d": 1, "count_30d": 9 }, "device": { "age_days": 400 },
             "customer": { "count_1d": 1 } })";
    rules += absl::StrFormat(
        R"(%s{ "id": "rule_%d", "name": "Rule", "owner": "bench", "mode": "live", "action": "none", "score": 1, "reason": "VELOCITY",
             "when_all": [ %s ],
             "tests": [ { "name": "a quiet payment", "expect": "no_match", "given": %s },
                        { "name": "another", "expect": "no_match", "given": %s } ] })",
        i == 0 ? "" : ",\n", i, Condition(i), given, given);
  }
  folder->Write("rules.json",
                R"({ "schema": "txn/1", "lists": { "blocked": ["c1", "c2", "c3"] }, "rules": [)" +
                    rules + "] }");
}

ruleset::LoadResult LoadOrDie(const ruleset::TestFolder& folder) {
  ruleset::LoadResult loaded = folder.Load();
  if (loaded.set == nullptr) {
    for (const auto& d : loaded.diagnostics) {
      std::fputs(rule::FormatDiagnostic(d, false).c_str(), stderr);
    }
    std::exit(1);
  }
  return loaded;
}

// Deterministic. One field in sixteen that may be absent is.
class Records {
 public:
  explicit Records(const rule::Schema& schema)
      : skus_{rule::Value::String("BOOK1"), rule::Value::String("GIFT20")} {
    for (size_t i = 0; i < kRecords; ++i) {
      rule::Record record;
      record.Reset(schema.fields().size());
      for (const rule::Field& field : schema.fields()) {
        if (field.slot != rule::kTxnTime && Below(16) == 0) continue;
        record.slots[field.slot] = ValueOf(field);
      }
      all.push_back(std::move(record));
    }
  }
  std::vector<rule::Record> all;

 private:
  uint64_t Below(uint64_t end) {
    state_ = state_ * 6364136223846793005 + 1442695040888963407;
    return (state_ >> 33) % end;
  }
  rule::Value ValueOf(const rule::Field& field) {
    static const char* const kCountries[] = {"FR", "DE", "NG", "GB"};
    static const char* const kCodes[] = {"5411", "6051", "5999", "7995"};
    static const char* const kEmails[] = {"bob77777@mail10.example", "Alice.Cooper@host20.example"};
    switch (field.type) {
      case rule::FieldType::kBool:
        return rule::Value::Bool(Below(2) == 0);
      case rule::FieldType::kInt:
        return rule::Value::Int(static_cast<int64_t>(Below(40)));
      case rule::FieldType::kDouble:
        return rule::Value::Double(static_cast<double>(Below(2000)));
      case rule::FieldType::kTimestamp:
        return rule::Value::TimestampMs(ruleset::TestFolder::kNowMs +
                                        static_cast<int64_t>(Below(86'400'000)));
      case rule::FieldType::kStringList:
        return rule::Value::List(skus_);
      default:
        break;
    }
    if (field.name == "country") return rule::Value::String(kCountries[Below(4)]);
    if (field.name == "email") return rule::Value::String(kEmails[Below(2)]);
    if (field.name == "currency") return rule::Value::String(Below(2) == 0 ? "EUR" : "USD");
    return rule::Value::String(kCodes[Below(4)]);
  }
  uint64_t state_ = 7;
  std::vector<rule::Value> skus_;
};

double Microseconds(steady_clock::duration spent) {
  return std::chrono::duration<double, std::micro>(spent).count();
}

// Of sorted figures.
double At(const std::vector<double>& sorted, double share) {
  return sorted[static_cast<size_t>(share * static_cast<double>(sorted.size() - 1))];
}

void TimeTheSet(const ruleset::RuleSet& set, const Records& records) {
  const rule::EvaluationArenaPtr arena = rule::MakeEvaluationArena();
  ruleset::Evaluation evaluation;
  model::Decision decision;
  constexpr size_t kTimes = 40 * kRecords;
  std::vector<double> us;
  us.reserve(kTimes);
  uint64_t allocated = 0;
  for (size_t i = 0; i < kRecords + kTimes; ++i) {
    const uint64_t before = bench::AllocationsOfThisThread();
    const auto start = steady_clock::now();
    ruleset::EvaluateRules(set, records.all[i % kRecords], arena.get(), &evaluation);
    ruleset::Decide(set, evaluation, model::Provenance::kFull, &decision);
    const auto spent = steady_clock::now() - start;
    if (i < kRecords) continue;  // warm
    us.push_back(Microseconds(spent));
    allocated += bench::AllocationsOfThisThread() - before;
  }
  std::sort(us.begin(), us.end());
  std::printf(
      "%zu rules, evaluated and decided: p50 %.2f us (10 asked at 200 rules), p99 %.2f us (25), "
      "%.3f allocations (0)\n",
      set.rules.size(), At(us, 0.5), At(us, 0.99),
      static_cast<double>(allocated) / static_cast<double>(us.size()));
}

void TimeEachRule(const ruleset::RuleSet& set, const Records& records) {
  const rule::EvaluationArenaPtr arena = rule::MakeEvaluationArena();
  std::vector<double> ns;
  double dearest_unit = 0;
  std::string dearest;
  for (const ruleset::Rule& rule : set.rules) {
    double units = 0;
    for (const auto& clause : rule.clauses) units += static_cast<double>(clause->cost().units);
    double best = 1e9;  // of five rounds: what disturbs is not the rule's
    for (int round = 0; round < 5; ++round) {
      int matched = 0;
      const auto start = steady_clock::now();
      for (const rule::Record& record : records.all) {
        matched += ruleset::EvaluateRule(rule, record, arena.get()) == ruleset::RuleResult::kMatch;
      }
      best = std::min(best, 1000 * Microseconds(steady_clock::now() - start) / kRecords);
      CHECK(matched < static_cast<int>(kRecords));
    }
    ns.push_back(best);
    if (best / units > dearest_unit) {
      dearest_unit = best / units;
      dearest = rule.clause_texts.front();
    }
  }
  std::sort(ns.begin(), ns.end());
  std::printf("a rule: median %.1f ns (50 asked, 20 hoped for), dearest %.1f ns\n", At(ns, 0.5),
              ns.back());
  std::printf("a unit of the bound: at most %.2f ns (policy: %lld), by `%s`\n", dearest_unit,
              static_cast<long long>(set.policy.cost_ns_per_unit), dearest.c_str());
}

void TimeLoading(size_t rules) {
  ruleset::TestFolder folder;
  WriteRules(rules, &folder);
  std::vector<double> ms;
  for (int round = 0; round < 5; ++round) {
    const auto start = steady_clock::now();
    const ruleset::LoadResult loaded = LoadOrDie(folder);
    ms.push_back(Microseconds(steady_clock::now() - start) / 1000);
  }
  std::sort(ms.begin(), ms.end());
  std::printf(
      "%zu rules with 2 tests each, read, compiled and tested: %.0f ms (100 asked at 1,000)\n",
      rules, At(ms, 0.5));
}

double ResidentMb() {
  std::ifstream status("/proc/self/statm");
  size_t all = 0;
  size_t resident = 0;
  status >> all >> resident;
  return static_cast<double>(resident) * static_cast<double>(getpagesize()) / 1e6;
}

// The longest list there may be, and what a reload costs that leaves its file alone.
void TimeAList() {
  ruleset::TestFolder folder;
  std::string lines;
  for (size_t i = 0; i < kEntries; ++i) lines += absl::StrFormat("tok_%012d\n", i * 7919);
  folder.Write("lists/long.txt", lines);
  lines = std::string();
  folder.Write("long.json", R"({ "schema": "txn/1", "lists": {
      "long": { "file": "lists/long.txt" } }, "rules": [] })");
  const double before_mb = ResidentMb();
  const auto start = steady_clock::now();
  const ruleset::LoadResult first = LoadOrDie(folder);
  const auto between = steady_clock::now();
  const double first_mb = ResidentMb();
  const ruleset::LoadResult again =
      ruleset::LoadRuleSet(folder.path().string(), {.like = first.set});
  const auto end = steady_clock::now();
  CHECK(again.set->lists.at("long") == first.set->lists.at("long"));
  std::printf(
      "a list of %zu entries: read in %.0f ms, %.0f MB; a reload beside it %.0f ms, %.0f MB\n",
      kEntries, Microseconds(between - start) / 1000, first_mb - before_mb,
      Microseconds(end - between) / 1000, ResidentMb() - first_mb);
}

int Run(size_t rules, size_t rules_to_load) {
  ruleset::TestFolder folder;
  WriteRules(rules, &folder);
  const ruleset::LoadResult loaded = LoadOrDie(folder);
  const Records records(*loaded.set->schema);
  TimeTheSet(*loaded.set, records);
  TimeEachRule(*loaded.set, records);
  TimeLoading(rules_to_load);
  TimeAList();
  return 0;
}

}  // namespace
}  // namespace verdict

int main(int argc, char** argv) {
  return verdict::Run(argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 200,
                      argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 1000);
}
