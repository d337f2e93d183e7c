// What one event adds to each measure, of days and of sliding windows.
#include "feature/effect.h"
#include "feature/feature_set.h"

namespace verdict::feature {
namespace {

bool IsTrue(const rule::Value& value) {
  return value.kind() == rule::Kind::kBool && value.boolean();
}

// `where` of one measure after the other: those that share one stand together, and it is asked
// once.
class WhereAnswer {
 public:
  bool Counts(const rule::Expression* where, const rule::Record& record,
              rule::EvaluationArena* arena) {
    if (where != evaluated_) {
      evaluated_ = where;
      counts_ = where == nullptr || IsTrue(where->Evaluate(record, arena));
    }
    return counts_;
  }

 private:
  const rule::Expression* evaluated_ = nullptr;
  bool counts_ = true;
};

// What of the event `measure` adds up, days or sliding; nothing where it adds nothing.
template <typename AnyMeasure>
std::optional<AmountState> AmountOf(const AnyMeasure& measure, const rule::Record& record,
                                    int64_t* amount) {
  if (!measure.of_slot) return AmountState::kNone;
  const rule::Value& value = record.slots[*measure.of_slot];
  if (value.kind() == rule::Kind::kInt) {
    *amount = value.integer();
    return AmountState::kKnown;
  }
  if (measure.of_base_amount) return AmountState::kUnknown;
  return std::nullopt;
}

// The tile that the event adds to `measure`; empty where it adds nothing.
Tile TileOf(const Measure& measure, model::EventKind kind, const rule::Record& record) {
  int64_t amount = 0;
  const std::optional<AmountState> state = AmountOf(measure, record, &amount);
  if (!state) return {};
  Tile tile = TileOfEvent(kind, *state, amount);
  if (!measure.extremes) tile.min = Tile{}.min, tile.max = Tile{}.max;
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
  const model::DayNumber day = calendar_->DayOf(event.txn.event_time_ms);
  WhereAnswer where;
  for (size_t i = 0; i < measures_.size(); ++i) {
    const Measure& measure = measures_[i];
    const bool counts = where.Counts(measure.where.get(), record, arena);
    const std::optional<model::EntityKey>& key = keys[measure.entity];
    if (!counts || !key) continue;
    const Tile tile = TileOf(measure, event.kind, record);
    if (tile == Tile{}) continue;
    out->push_back({static_cast<uint16_t>(i), *key, day, tile});
  }
}

void FeatureSet::SlidingContributions(const model::Event& event, const rule::Record& record,
                                      const std::vector<std::optional<model::EntityKey>>& keys,
                                      rule::EvaluationArena* arena,
                                      std::vector<SlidingContribution>* out) const {
  out->clear();
  if (event.kind == model::EventKind::kLabel) return;
  WhereAnswer where;
  for (size_t i = 0; i < sliding_measures_.size(); ++i) {
    const SlidingMeasure& measure = sliding_measures_[i];
    const bool counts = where.Counts(measure.where.get(), record, arena);
    const std::optional<model::EntityKey>& key = keys[measure.entity];
    if (!counts || !key) continue;
    int64_t amount = 0;
    const std::optional<AmountState> state = AmountOf(measure, record, &amount);
    if (!state) continue;
    const SlidingEntry entry(event.txn.event_time_ms, event.kind, *state, amount);
    if (entry.tile() == Tile{}) continue;  // a refund where events are counted
    out->push_back({static_cast<uint16_t>(i), *key, entry});
  }
}

}  // namespace verdict::feature
