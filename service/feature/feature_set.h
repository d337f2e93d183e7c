// rules/features.json, compiled: features, the measures they share, and what each event adds to
// them. The one definition that serves stream, batch and decision (R12).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "absl/status/statusor.h"
#include "feature/sliding.h"
#include "feature/tile.h"
#include "model/business_day.h"
#include "model/entity_key.h"
#include "model/event.h"
#include "rule/diagnostic.h"
#include "rule/expression.h"
#include "rule/schema.h"

namespace verdict::feature {

enum class Aggregate : uint8_t {
  kSum,
  kCount,
  kAvg,
  kMin,
  kMax,
  kVariance,   // of all payments in the window, not an estimate from a sample of them
  kStddev,     // its square root
  kLast,       // the value of the newest payment
  kFirstSeen,  // the time of the oldest payment
  kLastSeen,   // and of the newest
};

// Rules read it as a double alone: no exact integer stands beside it.
inline bool IsRealAlone(Aggregate aggregate) {
  return aggregate == Aggregate::kAvg || aggregate == Aggregate::kVariance ||
         aggregate == Aggregate::kStddev;
}
// Rules read it as a timestamp.
inline bool IsMoment(Aggregate aggregate) {
  return aggregate == Aggregate::kFirstSeen || aggregate == Aggregate::kLastSeen;
}

// What the tiles of a measure hold beside marks.
enum class MeasureState : uint8_t {
  kTotals,    // sum and count
  kExtremes,  // also the least and the greatest value
  kVariance,  // count, sum and squares of payments alone
  kLast,      // the newest payment's value
  kSeen,      // the first and the last moment, as extremes of the event time
};

// An entity type: a named key of a transaction. An absent key (empty string) is no entity: nothing
// is counted, and its features are missing.
struct Entity {
  std::string name;       // "merchant"
  uint16_t key_slot = 0;  // slot of the field that names it: merchant.id
};

// What is added up. Features of one entity, `where`, `of` and state share one, whatever their
// window: sum, count and avg are one state, min and max another, variance and stddev a third, so
// that adding a max leaves the sums and their hash as they are.
struct Measure {
  uint16_t entity = 0;                            // index into entities()
  std::shared_ptr<const rule::Expression> where;  // null: every event
  std::optional<uint16_t> of_slot;                // an int field; none for a pure count
  bool of_base_amount = false;                    // txn.amount_base_minor, with its fall-back (R40)
  MeasureState state = MeasureState::kTotals;
  int window_days_max = 1;  // the longest window that reads it
  uint64_t hash = 0;        // definition hash (R13)
};

// What is added up event by event, for windows that slide. Features of one entity, `where` and `of`
// share one, whatever their aggregate and window.
struct SlidingMeasure {
  uint16_t entity = 0;
  std::shared_ptr<const rule::Expression> where;  // null: every event
  std::optional<uint16_t> of_slot;                // an int field; none for a pure count
  bool of_base_amount = false;
  int64_t window_ms_max = 0;  // the longest window that reads it
  uint64_t hash = 0;
};

struct Feature {
  std::string name;       // "volume_30d"
  std::string full_name;  // "merchant.volume_30d"
  Aggregate aggregate = Aggregate::kCount;
  uint16_t measure = 0;  // index into measures(), or into sliding_measures() where it slides()
  uint16_t entity = 0;
  int window_days = 1;       // 1..90 business days, today included; 0 where it slides()
  int64_t window_ms = 0;     // of a window that slides, whole minutes; else 0
  bool use_partial = false;  // "partial": "use"
  // current.assume: how x counts while its own answer is computed.
  std::string assumed_status = "approved";
  bool money = false;          // over an amount
  std::string money_currency;  // currency of the amounts: base, or the one that `where` pins
  // As rules read it: double in major units for money, a timestamp for first_seen and last_seen,
  // else int (avg, variance, stddev: double).
  uint16_t slot = 0;
  std::optional<uint16_t> minor_slot;  // money sum, min, max, last: exact minor units
  uint16_t age_slot = 0;               // age(f)
  uint16_t provenance_slot = 0;        // provenance(f)
  uint64_t hash = 0;

  bool slides() const { return window_ms != 0; }
  // Whether a rule that reads the slot reads this feature.
  bool Fills(uint16_t any_slot) const {
    return any_slot == slot || any_slot == minor_slot || any_slot == age_slot ||
           any_slot == provenance_slot;
  }
};

// Limits of one deployment.
inline constexpr size_t kEntitiesMax = 63;  // entity types: a transaction locks a stripe for each
inline constexpr size_t kMeasuresMax =
    256;  // of days, and of windows that slide: each is a table in memory
inline constexpr int kWindowDaysMax = 90;
inline constexpr int64_t kSlidingWindowMsMax = int64_t{24} * 3'600'000;

// A declaration as it stands in features.json, read but not yet checked. Places point into the
// file.
struct FeatureDeclaration {
  std::string name, entity, aggregate, of, window;
  rule::Source where;  // empty text: none
  std::string assumed_status = "approved";
  std::string partial = "missing";
  std::string pointer;              // "/features/3"
  rule::Source::Position position;  // of the declaration
  std::string file;
  // Where its values stand, by pointer from here: "window", "current/assume/txn.status".
  std::map<std::string, rule::Place, std::less<>> members = {};
};

struct FeatureOptions {
  std::string zone_name = "UTC";
  std::string base_currency = "EUR";
  int late_accept_days = 7;
  int64_t future_skew_ms = 5 * 60 * 1000;
  int64_t fresh_within_ms = 5'000;
};

// **Immutable.**
class FeatureSet {
 public:
  // Adds a Field (FieldSource::kFeature) to `schema` for each feature, and the hidden ones that
  // age(f) and provenance(f) read. `schema` must outlive the set. Null where `diagnostics` got an
  // error.
  static std::shared_ptr<const FeatureSet> Compile(
      std::vector<Entity> entities, const std::vector<FeatureDeclaration>& declarations,
      const FeatureOptions& options, rule::Schema* schema,
      std::vector<rule::Diagnostic>* diagnostics);

  const std::vector<Entity>& entities() const { return entities_; }
  // Of windows in days. Those that slide are apart: they have no tiles, no blobs and no manifest.
  const std::vector<Measure>& measures() const { return measures_; }
  const std::vector<SlidingMeasure>& sliding_measures() const { return sliding_measures_; }
  const std::vector<Feature>& features() const { return features_; }
  const rule::Schema& schema() const { return *schema_; }
  const FeatureOptions& options() const { return options_; }
  const model::BusinessCalendar& calendar() const { return *calendar_; }
  int kept_days() const { return kept_days_; }  // longest window + late_accept + 1

  // The slots of a transaction: built-in fields and attributes; features stay missing. What is
  // undeclared, of another type, or beyond its field's limits is left out. `record` keeps views of
  // `txn`; lists in it die with it.
  void FillRecord(const model::Transaction& txn, rule::Record* record) const;
  // The amount in base minor units: amount_base_minor, else amount_minor where the currency is the
  // base one.
  std::optional<int64_t> BaseAmount(const model::Transaction& txn) const;
  // Keys of the transaction's entities by entity index; nothing where the key is absent. Replaces
  // what `keys` held.
  void EntityKeys(const rule::Record& record, const model::KeyHasher& hasher,
                  std::vector<std::optional<model::EntityKey>>* keys) const;
  // What `event` adds, in the order of measures(), nothing where it adds nothing. `record` holds
  // the event's own fields (FillRecord), `keys` are its own (EntityKeys). A tile of an unknown
  // amount bears kMarkFx and adds nothing (R40).
  void Contributions(const model::Event& event, const rule::Record& record,
                     const std::vector<std::optional<model::EntityKey>>& keys,
                     rule::EvaluationArena* arena, std::vector<Contribution>* out) const;
  // The same in the order of sliding_measures().
  void SlidingContributions(const model::Event& event, const rule::Record& record,
                            const std::vector<std::optional<model::EntityKey>>& keys,
                            rule::EvaluationArena* arena,
                            std::vector<SlidingContribution>* out) const;

 private:
  friend class FeatureCompiler;
  FeatureSet() = default;

  std::vector<Entity> entities_;
  std::vector<Measure> measures_;  // by `where`, so that each is evaluated once an event
  std::vector<SlidingMeasure> sliding_measures_;  // likewise
  std::vector<Feature> features_;                 // as declared
  const rule::Schema* schema_ = nullptr;
  FeatureOptions options_;
  std::optional<model::BusinessCalendar> calendar_;
  int kept_days_ = 1;
  rule::Record blank_;  // every slot missing
  // By the name a request gives: "email", "card.bin".
  std::unordered_map<std::string, uint16_t> attribute_slots_;
};

}  // namespace verdict::feature
