// Where counting begins after a start (AGGREGATES section 11): a checkpoint that can be believed,
// else the newest published cut, else the whole log.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "counters/checkpoint.h"
#include "counters/checkpoint_store.h"
#include "counters/live_state.h"
#include "eventlog/event_source.h"
#include "feature/blob.h"
#include "ingest/side_replay.h"

namespace verdict::ingest {

// The newest PUBLISHED cut that every declared measure has, but for those that have none: blobs
// hold what lies before `offsets`.
struct PublishedCut {
  feature::CutId cut = feature::kNoCut;
  int64_t time_ms = 0;
  std::vector<eventlog::Offset> offsets;  // by partition; what is not there begins at 0
};

struct StartUpParts {
  eventlog::EventSource* source = nullptr;
  counters::LiveState* live = nullptr;
  counters::Checkpoint* checkpoint = nullptr;  // null: never from a checkpoint
  counters::CheckpointStore* store = nullptr;  // null: never from a checkpoint
  const base::Clock* clock = nullptr;
  std::optional<PublishedCut> published;
  std::vector<uint64_t> unpublished = {};  // declared measures of which no cut was ever published
  // The aggregates could not be asked: a checkpoint is believed without them, and whoever asks them
  // later compares with StartUpReport::base. Nothing else is known of them.
  bool aggregates_away = false;
};

struct StartUpReport {
  enum class From { kCheckpoint, kPublishedCut, kWholeLog } from = From::kWholeLog;
  std::string
      why;  // for the operator: why not from something better; empty where nothing is to be said
  counters::RestoreReport restored;
  // For Pump::Options: below these, ids alone.
  std::vector<eventlog::Offset> warm_until;
  uint16_t reasons = 0;  // PartialReason bits that were set on every measure: log_gone, before
  SidePlan side;         // measures that the checkpoint has not: SideReplay counts them
  // Blobs must reach this cut: what lies before is nowhere else. kNoCut: they need not.
  feature::CutId base = feature::kNoCut;
};

// Restores and assigns; Pump::CatchUp() then replays what is missing. An unusable checkpoint is
// cleared before anything else is counted. Errors: those of the source, and of the store when it is
// cleared.
absl::StatusOr<StartUpReport> StartUp(const StartUpParts& parts);

}  // namespace verdict::ingest
