#include "aggregate/sweep.h"

#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "model/business_day.h"

namespace verdict::aggregate {
namespace {

constexpr uint64_t kKeysBetweenQuestions = 4096;

struct Swept {
  Manifest manifest;
  Census found;
  uint64_t keys = 0;
};

std::string WhyNot(const Manifest& before, const Manifest& after) {
  if (before.state == Manifest::State::kAnnounced || !(before == after)) {
    return "a fold is under way: sweep again once its cut is published";
  }
  return "of some of these values no census was kept: `verdict aggregate heal` takes one";
}

SweepResult Conclude(uint64_t measure, const Swept& swept, const Manifest& after) {
  SweepResult result;
  result.measure_hash = measure;
  result.cut = swept.manifest.published;
  result.keys = swept.keys;
  if (result.cut == feature::kNoCut) return result;
  const Census& kept = swept.manifest.census;
  result.compared =
      swept.manifest.state == Manifest::State::kPublished && swept.manifest == after && kept.known;
  if (result.compared) {
    result.differences = Differences(kept, swept.found);
  } else {
    result.differences = {WhyNot(swept.manifest, after)};
  }
  return result;
}

}  // namespace

absl::StatusOr<std::vector<SweepResult>> SweepStore(AggregateStore* store,
                                                    std::span<const uint64_t> measures,
                                                    const std::function<bool(uint64_t)>& go_on) {
  std::map<uint64_t, Swept> swept;
  for (const uint64_t measure : measures) {
    Swept& one = swept[measure];
    ASSIGN_OR_RETURN(one.manifest, store->GetManifest(measure));
    one.found.known = true;
    one.found.oldest = one.manifest.census.oldest;
  }
  uint64_t seen = 0;
  const absl::Status scanned = store->ScanMeasures(
      measures,
      [&](uint64_t measure, const model::EntityKey&, const feature::Blob& blob) -> absl::Status {
        Swept& one = swept[measure];
        ++one.keys;
        one.found.AddStored(blob);
        if (++seen % kKeysBetweenQuestions == 0 && go_on != nullptr && !go_on(seen)) {
          return absl::CancelledError("the sweep was broken off");
        }
        return absl::OkStatus();
      });
  if (!scanned.ok() && !absl::IsDataLoss(scanned)) return scanned;
  std::vector<SweepResult> results;
  for (const uint64_t measure : measures) {
    ASSIGN_OR_RETURN(const Manifest after, store->GetManifest(measure));
    results.push_back(Conclude(measure, swept[measure], after));
    if (!scanned.ok()) results.back().differences = {std::string(scanned.message())};
  }
  return results;
}

}  // namespace verdict::aggregate
