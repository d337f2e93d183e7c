// What the simulated world lets go of: epochs that the batch has taken over, and the log's head.
#include <algorithm>

#include "absl/strings/str_format.h"
#include "simulator/world.h"

namespace verdict::simulator {
namespace {

constexpr int64_t kHourMs = 3'600'000;

}  // namespace

void SimWorld::MakeDropper() {
  ingest::Dropper::Options options;
  options.stripes_per_step = 400;
  options.steady_ms = [this] { return disks_->clock.NowMs(); };
  options.report = [this](const ingest::DropEvent& event) {
    Note(absl::StrFormat("drop: kind %d of %s, cut %d: %s", static_cast<int>(event.kind),
                         event.measure, event.to, event.detail));
    if (event.kind == ingest::DropEvent::Kind::kDropped) tally_->Hit(kEpochDropped);
    if (event.kind == ingest::DropEvent::Kind::kUnequal) {
      Fail("I9: live epochs and fold are told unequal");
    }
  };
  process_->dropper.emplace(ingest::Dropper::Parts{.live = &process_->live,
                                                   .store = &disks_->blobs,
                                                   .clock = &disks_->clock,
                                                   .schedule = &disks_->schedule},
                            std::move(options));
}

// Everything that can be dropped now, or a part of it.
void SimWorld::DropSome() {
  for (int steps = static_cast<int>(Random(200)); steps > 0 && failure_.empty(); --steps) {
    const absl::StatusOr<bool> more = process_->dropper->Step();
    if (!more.ok()) return Fail("drop: " + more.status().ToString());
    if (*more) continue;
    if (Chance(40)) return;
    WriteCheckpoint();
  }
}

std::vector<counters::MeasureCut> SimWorld::PublishedOf() {
  std::vector<counters::MeasureCut> cuts;
  for (const feature::Measure& measure : disks_->set->features->measures()) {
    cuts.push_back({measure.hash, disks_->blobs.GetManifest(measure.hash).value().published});
  }
  return cuts;
}

// Retention removes what nobody needs any more.
void SimWorld::Retain() {
  const std::optional<ingest::PublishedCut> published = Published();
  if (!published || folder_ != nullptr) return;
  CatchUp();
  for (int p = 0; p < kPartitions; ++p) {
    const auto low = disks_->log.FirstAtOrAfter(p, published->time_ms - 3 * kHourMs);
    if (!low || *low <= disks_->log.Low(p)) continue;
    disks_->log.Retain(p, *low);
    tally_->Hit(kRetentionPassesCut);
    Note(absl::StrFormat("retention removes partition %d below %d", p, *low));
  }
}

}  // namespace verdict::simulator
