// What one event adds to each measure: R39 (kinds), R40 (amounts in the base currency).
#include "feature/feature_set.h"

namespace verdict::feature {
namespace {

// What an event of a kind does to sums and counts; payments alone take part in min and max.
struct Effect {
  int amount_sign = 0;
  int count = 0;
  bool extremes = false;
};

Effect EffectOf(model::EventKind kind) {
  switch (kind) {
    case model::EventKind::kPayment:
      return {.amount_sign = 1, .count = 1, .extremes = true};
    case model::EventKind::kRefund:
      return {.amount_sign = -1, .count = 0, .extremes = false};
    case model::EventKind::kReversal:
      return {.amount_sign = -1, .count = -1, .extremes = false};
    case model::EventKind::kLabel:
      break;
  }
  return {};
}

bool IsTrue(const rule::Value& value) {
  return value.kind() == rule::Kind::kBool && value.boolean();
}

// The tile that the event adds to `measure`; empty where it adds nothing.
Tile TileOf(const Measure& measure, const Effect& effect, const rule::Record& record) {
  Tile tile;
  if (!measure.of_slot) {
    tile.count = effect.count;
    return tile;
  }
  const rule::Value& amount = record.slots[*measure.of_slot];
  if (amount.kind() != rule::Kind::kInt) {
    if (measure.of_base_amount) tile.marks = kMarkFx;
    return tile;
  }
  tile.sum = Int128{amount.integer()} * effect.amount_sign;
  tile.count = effect.count;
  if (measure.extremes && effect.extremes) tile.min = tile.max = amount.integer();
  return tile;
}

}  // namespace

std::optional<int64_t> FeatureSet::BaseAmount(const model::Transaction& txn) const {
  if (txn.amount_base_minor) return txn.amount_base_minor;
  if (txn.currency == options_.base_currency) return txn.amount_minor;
  return std::nullopt;
}

void FeatureSet::EntityKeys(const rule::Record& record, const model::KeyHasher& hasher,
                            std::vector<std::optional<model::EntityKey>>* keys) const {
  keys->clear();
  for (const Entity& entity : entities_) {
    const rule::Value& id = record.slots[entity.key_slot];
    if (id.kind() != rule::Kind::kString || id.string().empty()) {
      keys->emplace_back();
    } else {
      keys->emplace_back(hasher.Entity(entity.name, id.string()));
    }
  }
}

void FeatureSet::Contributions(const model::Event& event, const rule::Record& record,
                               const std::vector<std::optional<model::EntityKey>>& keys,
                               rule::EvaluationArena* arena, std::vector<Contribution>* out) const {
  out->clear();
  if (event.kind == model::EventKind::kLabel) return;
  const Effect effect = EffectOf(event.kind);
  const model::DayNumber day = calendar_->DayOf(event.txn.event_time_ms);
  const rule::Expression* evaluated = nullptr;
  bool counts = true;
  for (size_t i = 0; i < measures_.size(); ++i) {
    const Measure& measure = measures_[i];
    if (measure.where.get() != evaluated) {  // measures of one `where` stand together
      evaluated = measure.where.get();
      counts = IsTrue(evaluated->Evaluate(record, arena));
    }
    const std::optional<model::EntityKey>& key = keys[measure.entity];
    if (!counts || !key) continue;
    const Tile tile = TileOf(measure, effect, record);
    if (tile == Tile{}) continue;
    out->push_back({static_cast<uint16_t>(i), *key, day, tile});
  }
}

}  // namespace verdict::feature
