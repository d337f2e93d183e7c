// Which hazards the topic of a run really held: a run without them proves nothing about them.
#pragma once

#include <cstdint>
#include <vector>

#include "e2e/seam/reference.h"
#include "e2e/seam/report.h"

namespace verdict::seam {

struct Hazards {
  uint64_t out_of_order = 0;  // stamped before an earlier record of their partition
  uint64_t days_late = 0;     // of an earlier business day than their record's, and counted
  uint64_t quarantined = 0;
  uint64_t duplicates = 0;
  uint64_t duplicates_across_cut = 0;
  uint64_t duplicates_at_edge =
      0;  // eight quarters of an hour after their like: the last that are told
  uint64_t counted_beyond_edge = 0;  // the same id again, nine quarters or more later
  uint64_t refunds = 0, reversals = 0, labels = 0;
  uint64_t unreadable = 0;
  uint64_t amounts_unknown = 0;
};

// `cuts_ms`: the times of the cuts that a run takes.
Hazards FindHazards(const Reference& reference, const std::vector<int64_t>& cuts_ms);
// Prints them; each must have come up.
void CheckHazards(const Hazards& hazards, Report* report);

}  // namespace verdict::seam
