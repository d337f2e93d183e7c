// What one event adds to each measure, of days and of sliding windows.
#include "base/hash.h"
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

constexpr base::SipKey kPublicKey = {0x7665726469637402ULL, 0x6c61737470616964ULL};  // no secret
constexpr int64_t kSquaredValueEnd = int64_t{1} << 46;  // what is larger is left out, and marked

// A mark alone, of the kind that the measure's tiles have.
Tile MarkedTile(const Measure& measure, uint8_t mark) {
  Tile tile;
  if (measure.state == MeasureState::kVariance) tile = Tile::OfSquares(0);
  if (measure.state == MeasureState::kLast) tile.kind = TileKind::kLast;
  tile.marks = mark;
  return tile;
}

// What a payment adds to a state that refunds and reversals leave alone.
Tile TileOfPayment(const Measure& measure, const model::Transaction& txn, int64_t value) {
  Tile tile;
  switch (measure.state) {
    case MeasureState::kVariance:
      if (value <= -kSquaredValueEnd || value >= kSquaredValueEnd) {
        return MarkedTile(measure, kMarkRange);
      }
      tile = Tile::OfSquares(Int128{value} * value);
      tile.sum = value;
      break;
    case MeasureState::kLast:
      tile = Tile::OfLast(LastPlace(txn.event_time_ms, base::SipHash128(kPublicKey, txn.id).high),
                          value);
      break;
    case MeasureState::kSeen:
      tile.min = tile.max = txn.event_time_ms;
      break;
    case MeasureState::kTotals:
    case MeasureState::kExtremes:
      break;
  }
  tile.count = 1;
  return tile;
}

// The tile that the event adds to `measure`; empty where it adds nothing.
Tile TileOf(const Measure& measure, const model::Event& event, const rule::Record& record) {
  int64_t amount = 0;
  const std::optional<AmountState> state = AmountOf(measure, record, &amount);
  if (!state) return {};
  if (measure.state != MeasureState::kTotals && measure.state != MeasureState::kExtremes) {
    if (event.kind != model::EventKind::kPayment) return {};
    if (*state == AmountState::kUnknown) return MarkedTile(measure, kMarkFx);
    return TileOfPayment(measure, event.txn, amount);
  }
  Tile tile = TileOfEvent(event.kind, *state, amount);
  if (measure.state == MeasureState::kTotals) tile.min = Tile::kNoMin, tile.max = Tile::kNoMax;
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
    const Tile tile = TileOf(measure, event, record);
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
