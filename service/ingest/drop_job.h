// What the dropper keeps: of each measure, and of what is under way. Private to it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ingest/dropper.h"

namespace verdict::ingest {

// Keyed by the cut that ends the stretch.
struct Dropper::Watched {
  size_t index = 0;  // among the measures of the features
  uint64_t hash = 0;
  std::string name;
  std::vector<aggregate::EpochProof> proofs;  // of the manifest, as last read
  std::optional<int64_t> looked_ms;
  std::optional<std::pair<feature::CutId, uint16_t>> published;  // and which recompute of it
  bool imports_awaited = false;  // it is imported, or nobody has taken it yet
  std::optional<model::DayNumber> told_missing;
  std::map<feature::CutId, Judgement> judged;
  std::map<feature::CutId, std::string> held_by;    // the store's life that was seen to hold it
  std::map<feature::CutId, int64_t> ask_again_ms;   // steady
  std::map<feature::CutId, int64_t> guard_seen_ms;  // steady: since when this process has it
  base::Counter mismatches;
};

struct Dropper::Job {
  enum class Stage : uint8_t { kJudge, kReadBack, kGuard, kFree, kForget } stage = Stage::kJudge;
  Watched* measure = nullptr;
  counters::Stretch stretch;
  model::DayNumber oldest_day = 0;  // the fold left out what lay before it
  uint32_t next_stripe = 0;
  std::optional<EpochJudge> judge;
  std::optional<ReadBack> read_back;
  std::shared_ptr<counters::DroppedEpochs> guard;  // being built
  counters::DroppedEpochsPtr guarded;              // built; or that is being forgotten
  DropEvent::Kind kind = DropEvent::Kind::kDropped;
  std::vector<counters::EpochDrops::Cell> cells;
};

}  // namespace verdict::ingest
