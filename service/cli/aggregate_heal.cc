#include <nlohmann/json.hpp>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "cli/aggregate_check.h"
#include "cli/folding.h"
#include "feature/decimal.h"
#include "feature/measure_name.h"
#include "model/business_day.h"

namespace verdict::cli {
namespace {

using feature::DayTile;

constexpr uint64_t kKeysShown = 1000;

std::string Text(const DayTile* day) {
  if (day == nullptr) return "nothing";
  return absl::StrFormat("sum %s, count %d", feature::Decimal(day->tile.sum), day->tile.count);
}

// Thread-compatible. Prints each key that changes as it is found.
class HealedKeys {
 public:
  explicit HealedKeys(OutputFormat format) : format_(format) {}
  void SetFeatures(const feature::FeatureSet* features) { features_ = features; }
  uint64_t count() const { return count_; }
  const nlohmann::json& json() const { return json_; }

  void Add(const aggregate::HealedKey& healed) {
    if (++count_ > kKeysShown) return;
    std::string measure;
    for (size_t m = 0; m < features_->measures().size(); ++m) {
      if (features_->measures()[m].hash != healed.key.measure_hash) continue;
      measure = feature::MeasureName(*features_, m);
    }
    const std::string key = healed.key.entity.Base64Url();
    nlohmann::json days = nlohmann::json::array();
    auto before = healed.before.begin();
    auto after = healed.after.begin();
    while (before != healed.before.end() || after != healed.after.end()) {
      const bool old_only = after == healed.after.end() ||
                            (before != healed.before.end() && before->day < after->day);
      const bool new_only = before == healed.before.end() ||
                            (after != healed.after.end() && after->day < before->day);
      const DayTile* was = new_only ? nullptr : &*before++;
      const DayTile* is = old_only ? nullptr : &*after++;
      if (was != nullptr && is != nullptr && *was == *is) continue;
      const std::string day = model::FormatDay((was != nullptr ? was : is)->day);
      if (format_ == OutputFormat::kText) {
        absl::PrintF("%s %s %s: was %s, is %s\n", measure, key, day, Text(was), Text(is));
      }
      days.push_back({{"day", day}, {"was", Text(was)}, {"is", Text(is)}});
    }
    if (format_ == OutputFormat::kJson) {
      json_.push_back({{"measure", measure}, {"key", key}, {"days", std::move(days)}});
    }
  }

 private:
  OutputFormat format_;
  const feature::FeatureSet* features_ = nullptr;
  uint64_t count_ = 0;
  nlohmann::json json_ = nlohmann::json::array();
};

// `counted_again`: live state lay here and was cleared.
void Print(const HealedKeys& keys, const FoldSummary& summary, OutputFormat format,
           bool counted_again) {
  if (format == OutputFormat::kJson) {
    const nlohmann::json json = {{"cut", summary.cut},
                                 {"records", summary.records},
                                 {"keys", summary.keys},
                                 {"changed", keys.count()},
                                 {"changes", keys.json()}};
    absl::PrintF("%s\n", json.dump());
    return;
  }
  if (keys.count() > kKeysShown) absl::PrintF("and %d more keys\n", keys.count() - kKeysShown);
  absl::PrintF(
      "recomputed up to the cut of %s: %s records of the log, %s keys written and proved; %s\n",
      summary.cut, WithThousands(static_cast<int64_t>(summary.records)),
      WithThousands(static_cast<int64_t>(summary.keys)),
      keys.count() == 0
          ? std::string("no value changed")
          : WithThousands(static_cast<int64_t>(keys.count())) +
                (counted_again ? " keys CHANGED; live state is counted again from the cut"
                               : " keys CHANGED; start each verdictd anew with its checkpoint "
                                 "folder moved aside, so that it counts from the cut"));
}

}  // namespace

absl::StatusOr<int> HealAggregates(const AggregateArguments& arguments) {
  HealedKeys keys(arguments.format);
  const auto healed = [&](const aggregate::HealedKey& one) { keys.Add(one); };
  ASSIGN_OR_RETURN(const std::unique_ptr<Folding> folding,
                   Folding::Open(arguments, "verdict aggregate heal", healed));
  // What live state holds and doubts may come from values that were wrong: it goes before the first
  // of them does, whoever finishes this.
  if (folding->parts().has_checkpoint()) {
    RETURN_IF_ERROR(folding->parts().checkpoint().Clear());
  }
  keys.SetFeatures(&folding->features());
  aggregate::Folder& folder = folding->folder();
  RETURN_IF_ERROR(folder.AnnounceHeal());
  FoldSummary summary;
  FoldBars bars(&summary);
  do {  // newer cuts are not folded: that is another command
    RETURN_IF_ERROR(folder.Step().status());
    bars.Update(folder.progress());
  } while (folder.progress().phase != aggregate::FoldProgress::Phase::kIdle);
  Print(keys, summary, arguments.format, folding->parts().has_checkpoint());
  return keys.count() == 0 ? kExitOk : kExitFindings;
}

}  // namespace verdict::cli
