#include "aggregate/day_watch.h"

#include <vector>

namespace verdict::aggregate {

std::optional<feature::DayMode> DayWatch::See(const std::optional<DayManifest>& manifest,
                                              int64_t now_ms, bool nothing_read) {
  if (!manifest) return mode_;
  if (!mode_) mode_.emplace();
  mode_->late_days = manifest->late_days;
  mode_->since_ms = manifest->since_ms;
  mode_->log_from = manifest->log_from;
  // A store that has come back from an older copy of itself brings no day back.
  if (manifest->published && manifest->published->before > newest_) {
    newest_ = manifest->published->before;
    waiting_.push_back({newest_, manifest->published->first_day, now_ms});
  }
  for (const Seen& seen : waiting_) {
    const int64_t age_ms = now_ms - seen.at_ms;
    if (nothing_read || age_ms >= options_.absent_after_ms) {
      mode_->before = seen.before;
      mode_->first_day = seen.first_day;
    }
    if (nothing_read || age_ms >= options_.drop_after_ms) mode_->kept_from = seen.before;
    if (age_ms >= options_.drop_after_ms) drop_before_ = seen.before;
  }
  std::erase_if(waiting_, [this](const Seen& seen) { return seen.before <= drop_before_; });
  if (manifest->published && manifest->published->before == mode_->before) {
    mode_->first_day = manifest->published->first_day;  // it may have been imported further back
  }
  return mode_;
}

}  // namespace verdict::aggregate
