// The rules that benchmarks of deciding share: 12 features, 100 rules.
#pragma once

#include "absl/strings/str_format.h"
#include "decide/world.h"

namespace verdict::bench {

// `sliding` adds four features whose windows slide.
inline testing::RuleTexts HundredRules(bool sliding) {
  testing::RuleTexts texts;
  texts.policy = R"({ "review_at": 50, "deny_at": 100, "default": "allow", "reasons": ["R"] })";
  for (const char* entity : {"merchant", "card"}) {
    for (const char* window : {"1d", "7d", "30d"}) {
      for (const char* aggregate : {"sum", "count"}) {
        texts.features += absl::StrFormat(
            R"(%s{ "name": "%s_%s", "entity": "%s", "aggregate": "%s", %s "window": "%s" })",
            texts.features.empty() ? "" : ",", aggregate, window, entity, aggregate,
            *aggregate == 's' ? R"("of": "txn.amount_base_minor",)" : "", window);
      }
    }
  }
  if (sliding) {
    texts.features += R"(,
      { "name": "sum_1h", "entity": "merchant", "aggregate": "sum", "window": "1h" },
      { "name": "max_24h", "entity": "merchant", "aggregate": "max", "window": "24h" },
      { "name": "count_5m", "entity": "card", "aggregate": "count", "window": "5m" },
      { "name": "count_1h", "entity": "card", "aggregate": "count", "window": "1h" })";
  }
  texts.features = R"({ "features": [)" + texts.features + "] }";
  for (int i = 0; i < 100; ++i) {
    texts.rules += absl::StrFormat(
        R"(%s{ "id": "rule_%03d", "name": "Rule", "owner": "bench", "mode": "live", "action": "review", "reason": "R",
           "when_all": [ "txn.amount > %d.0", "card.count_1d >= %d", "merchant.sum_30d > %d.0" ] })",
        i == 0 ? "" : ",", i, 100 + i * 10, i % 7, 1000 * i);
  }
  texts.rules = R"({ "schema": "txn/1", "rules": [)" + texts.rules + "] }";
  return texts;
}

}  // namespace verdict::bench
