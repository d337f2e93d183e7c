// A definition in one canonical text, a line a word, hashed.
#include "feature/definition_hash.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/hash.h"

namespace verdict::feature {
namespace {

constexpr base::SipKey kPublicKey = {0x7665726469637400ULL, 0x6665617475726500ULL};  // no secret

uint64_t HashOf(std::string_view text) { return base::SipHash128(kPublicKey, text).low; }

std::string_view AggregateWord(Aggregate aggregate) {
  switch (aggregate) {
    case Aggregate::kSum:
      return "sum";
    case Aggregate::kCount:
      return "count";
    case Aggregate::kAvg:
      return "avg";
    case Aggregate::kMin:
      return "min";
    case Aggregate::kMax:
      return "max";
    case Aggregate::kVariance:
      return "variance";
    case Aggregate::kStddev:
      return "stddev";
    case Aggregate::kLast:
      return "last";
    case Aggregate::kFirstSeen:
      return "first_seen";
    case Aggregate::kLastSeen:
      return "last_seen";
  }
  return "unknown";
}

std::string_view StateWords(const Measure& measure) {
  switch (measure.state) {
    case MeasureState::kTotals:
      return measure.of_slot ? "count sum" : "count";
    case MeasureState::kExtremes:
      return "count sum min max";
    case MeasureState::kVariance:
      return "payments sum squares";
    case MeasureState::kLast:
      return "payments last";
    case MeasureState::kSeen:
      return "payments first_seen last_seen";
  }
  return "unknown";
}

// The slots whose values decide what the measure, of days or sliding, counts.
template <typename AnyMeasure>
std::vector<uint16_t> SlotsRead(const AnyMeasure& measure, const Entity& entity) {
  std::vector<uint16_t> slots = {entity.key_slot};
  if (measure.of_slot) slots.push_back(*measure.of_slot);
  if (measure.where != nullptr) {
    slots.insert(slots.end(), measure.where->slots().begin(), measure.where->slots().end());
  }
  return slots;
}

std::string LimitWord(std::string_view name, const std::optional<int64_t>& limit) {
  return limit ? absl::StrFormat(" %s %d", name, *limit) : std::string();
}

// An attribute's type and limits: values beyond them are left out, so another limit counts
// otherwise.
std::string AttributeLine(const rule::Field& field) {
  using rule::FieldType;
  const bool list = field.type == FieldType::kStringList || field.type == FieldType::kIntList;
  const bool text = field.type == FieldType::kString || field.type == FieldType::kStringList;
  std::string line =
      absl::StrFormat("attribute %s %s", field.full_name(), rule::FieldTypeName(field.type));
  if (text) absl::StrAppendFormat(&line, " max_len %d", field.max_len);
  if (list) absl::StrAppendFormat(&line, " max_items %d", field.max_items);
  return line + LimitWord("min", field.min) + LimitWord("max", field.max) + "\n";
}

std::string AttributeLines(const std::vector<uint16_t>& slots, const rule::Schema& schema) {
  std::vector<std::string> lines;
  for (const uint16_t slot : slots) {
    const rule::Field& field = schema.fields()[slot];
    if (field.source == rule::FieldSource::kAttribute) lines.push_back(AttributeLine(field));
  }
  std::sort(lines.begin(), lines.end());  // by name: slots are the schema's affair
  lines.erase(std::unique(lines.begin(), lines.end()), lines.end());
  std::string text;
  for (const std::string& line : lines) text += line;
  return text;
}

// `where` and `of`, a line each.
template <typename AnyMeasure>
std::string AddedLines(const AnyMeasure& measure, const rule::Schema& schema) {
  std::string text;
  if (measure.where != nullptr) {
    absl::StrAppendFormat(&text, "where %s\n", measure.where->canonical());
  }
  if (measure.of_slot) {
    absl::StrAppendFormat(&text, "of %s\n", schema.fields()[*measure.of_slot].full_name());
  }
  return text;
}

bool ReadsBaseAmount(const std::vector<uint16_t>& slots) {
  return std::any_of(slots.begin(), slots.end(), [](uint16_t slot) {
    return slot == rule::kTxnAmountBaseMinor || slot == rule::kTxnAmountBase;
  });
}

}  // namespace

uint64_t MeasureHash(const Measure& measure, const Entity& entity, const FeatureOptions& options,
                     const rule::Schema& schema) {
  const std::vector<uint16_t> slots = SlotsRead(measure, entity);
  std::string text =
      absl::StrFormat("measure %d\nentity %s %s\nzone %s\nlate_accept_days %d\nfuture_skew_ms %d\n",
                      kSemantics, entity.name, schema.fields()[entity.key_slot].full_name(),
                      options.zone_name, options.late_accept_days, options.future_skew_ms);
  text += AddedLines(measure, schema);
  absl::StrAppendFormat(&text, "states %s\n", StateWords(measure));
  if (ReadsBaseAmount(slots)) absl::StrAppendFormat(&text, "base %s\n", options.base_currency);
  return HashOf(text + AttributeLines(slots, schema));
}

// What is over late_accept late lies in no window that slides: neither it nor the zone matters.
uint64_t MeasureHash(const SlidingMeasure& measure, const Entity& entity,
                     const FeatureOptions& options, const rule::Schema& schema) {
  const std::vector<uint16_t> slots = SlotsRead(measure, entity);
  std::string text = absl::StrFormat(
      "sliding measure %d\nentity %s %s\nfuture_skew_ms %d\n", kSemantics, entity.name,
      schema.fields()[entity.key_slot].full_name(), options.future_skew_ms);
  text += AddedLines(measure, schema);
  if (ReadsBaseAmount(slots)) absl::StrAppendFormat(&text, "base %s\n", options.base_currency);
  return HashOf(text + AttributeLines(slots, schema));
}

uint64_t FeatureHash(const Feature& feature, uint64_t measure_hash) {
  const std::string window = feature.slides()
                                 ? absl::StrFormat("window_ms %d", feature.window_ms)
                                 : absl::StrFormat("window_days %d", feature.window_days);
  return HashOf(
      absl::StrFormat("feature %d\nmeasure %016x\naggregate %s\n%s\n"
                      "use_partial %d\nassume %s\n",
                      kSemantics, measure_hash, AggregateWord(feature.aggregate), window,
                      feature.use_partial ? 1 : 0, feature.assumed_status));
}

}  // namespace verdict::feature
