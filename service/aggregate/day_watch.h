// What live state must know of a measure's imports, as this process learns of them (DAY mode, R5).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "aggregate/day_manifest.h"
#include "feature/day_mode.h"

namespace verdict::aggregate {

// **Thread-compatible.** Of one measure. A published import is true key by key at once, through the
// blobs; what goes for keys without one, and what memory need not hold any more, follows when no
// older answer of the store can be about.
class DayWatch {
 public:
  struct Options {
    // "The store has nothing of it" may be remembered so long: an hour in the cache, and its
    // reading.
    int64_t absent_after_ms = int64_t{2} * 3600'000;
    // A blob may be remembered so long, and a store be mended (as R27 has it for epochs).
    int64_t drop_after_ms = int64_t{24} * 3600'000;
  };
  explicit DayWatch(const Options& options) : options_(options) {}

  // The manifest as it stands at `now_ms`, times not going back. Where nothing else was read from
  // the store yet, what is published goes at once. Nothing before an import was announced.
  std::optional<feature::DayMode> See(const std::optional<DayManifest>& manifest, int64_t now_ms,
                                      bool nothing_read);
  // Memory may let go of the days before it; kNoDay: of none. Counted from when this process saw
  // the import, so that a restart only makes it later.
  model::DayNumber drop_before() const { return drop_before_; }

 private:
  struct Seen {
    model::DayNumber before;
    model::DayNumber first_day;
    int64_t at_ms;
  };
  Options options_;
  model::DayNumber newest_ = feature::kNoDay;  // that was seen published
  model::DayNumber drop_before_ = feature::kNoDay;
  std::vector<Seen> waiting_;  // in order; those that do not go for everything yet
  std::optional<feature::DayMode> mode_;
};

}  // namespace verdict::aggregate
