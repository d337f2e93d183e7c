// A small feature set, its clock and keys, and short ways to make events: what tests of live state
// share.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "eventlog/event_source.h"
#include "eventlog/rules_of_the_log.h"
#include "feature/feature_set.h"
#include "model/business_day.h"
#include "model/entity_key.h"
#include "model/event.h"
#include "rule/expression.h"
#include "rule/schema.h"

namespace verdict::testing {

inline constexpr int64_t kMinuteMs = 60'000;
inline constexpr int64_t kHourMs = 60 * kMinuteMs;
inline constexpr int64_t kDayMs = 24 * kHourMs;
// 2024-05-14T12:00:00Z, a Tuesday.
inline constexpr int64_t kNoon = 1'715'688'000'000;

struct OwnedFeatures {
  rule::Schema schema;
  std::shared_ptr<const feature::FeatureSet> set;
};

inline feature::FeatureDeclaration Declare(std::string name, std::string entity,
                                           std::string aggregate, std::string of,
                                           std::string window, std::string where = "") {
  feature::FeatureDeclaration declaration;
  declaration.name = std::move(name);
  declaration.entity = std::move(entity);
  declaration.aggregate = std::move(aggregate);
  declaration.of = std::move(of);
  declaration.window = std::move(window);
  declaration.where.text = std::move(where);
  declaration.file = "features.json";
  return declaration;
}

// Entities merchant and card. The set keeps its schema alive.
inline std::shared_ptr<const feature::FeatureSet> CompileFeatures(
    const std::vector<feature::FeatureDeclaration>& declarations,
    const feature::FeatureOptions& options = {}) {
  auto owned = std::make_shared<OwnedFeatures>();
  std::vector<rule::Diagnostic> diagnostics;
  owned->set =
      feature::FeatureSet::Compile({{"merchant", rule::kMerchantId}, {"card", rule::kCardId}},
                                   declarations, options, &owned->schema, &diagnostics);
  CHECK(owned->set != nullptr);
  return {owned, owned->set.get()};
}

inline std::vector<feature::FeatureDeclaration> SmallDeclarations() {
  const std::string approved = "txn.status == 'approved'";
  return {Declare("volume_30d", "merchant", "sum", "txn.amount_base_minor", "30d", approved),
          Declare("max_7d", "merchant", "max", "txn.amount_base_minor", "7d", approved),
          Declare("count_1d", "merchant", "count", "", "1d"),
          Declare("count_7d", "card", "count", "", "7d")};
}

inline model::Transaction Payment(std::string id, int64_t time_ms, int64_t amount,
                                  std::string merchant = "m1", std::string card = "c1",
                                  std::string status = "approved") {
  model::Transaction txn;
  txn.id = std::move(id);
  txn.event_time_ms = time_ms;
  txn.amount_minor = amount;
  txn.currency = "EUR";
  txn.merchant_id = std::move(merchant);
  txn.card_id = std::move(card);
  txn.status = std::move(status);
  return txn;
}

inline model::Event EventOf(model::Transaction txn,
                            model::EventKind kind = model::EventKind::kPayment,
                            uint32_t sequence = 0) {
  model::Event event;
  event.kind = kind;
  event.sequence = sequence;
  event.txn = std::move(txn);
  return event;
}

}  // namespace verdict::testing
