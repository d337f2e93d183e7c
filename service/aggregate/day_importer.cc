// A blob replaces only one of a smaller (b, rev), so that every step may be repeated, and a key
// that a broken run has written is left.
#include "aggregate/day_importer.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/check.h"
#include "base/failpoint.h"
#include "base/metrics.h"
#include "base/status.h"

namespace verdict::aggregate {
namespace {

using feature::DayTile;
using Phase = DayImportProgress::Phase;

constexpr int kProofAttempts = 3;

base::Counter MismatchCounter() {
  return base::Metrics().AddCounter("verdict_agg_proof_mismatch_total",
                                    "Blobs that do not read back as they were folded.",
                                    {{"stage", "readback"}});
}

absl::Status Refused(const std::string& why) { return absl::FailedPreconditionError(why); }

std::string Days(const DayImport& import) {
  return absl::StrFormat("the days before %s (from %s on)", model::FormatDay(import.before),
                         model::FormatDay(import.from));
}

}  // namespace

absl::Status CheckImportable(const feature::Measure& measure) {
  const char* what = nullptr;
  switch (measure.state) {
    case feature::MeasureState::kTotals:
    case feature::MeasureState::kExtremes:
      return absl::OkStatus();
    case feature::MeasureState::kVariance:
      what = "squares (variance, stddev)";
      break;
    case feature::MeasureState::kLast:
      what = "the newest payment (last)";
      break;
    case feature::MeasureState::kSeen:
      what = "moments (first_seen, last_seen)";
      break;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "its days hold ", what,
      ", which no import brings: that of sum, count, avg, min and max can be imported; leave this "
      "one to the log and its fold"));
}

absl::Status CheckImportable(const Manifest& manifest) {
  if (manifest.day || manifest.state == Manifest::State::kNone) return absl::OkStatus();
  return Refused(
      "it is folded from the log already (CUT mode), which is exact; to import its past days "
      "instead, stop verdictd, move DIR/aggregates aside, import first, and let the next fold make "
      "the other measures anew from the log");
}

model::DayNumber FirstOpenDay(const eventlog::CutSchedule& schedule, int64_t now_ms,
                              int late_days) {
  // Behind the cut of day d + L + 1 lies everything that was recorded up to L days after d.
  return schedule.EpochOf(now_ms) - late_days;
}

model::DayNumber OldestImportedDay(const feature::FeatureSet& features, model::DayNumber before) {
  return std::max(eventlog::kFirstDayCounted, before - features.kept_days());
}

DayImporter::DayImporter(const DayImportParts& parts, const DayImportRequest& request,
                         const ImportedDays* days, const DayImportOptions& options)
    : parts_(parts),
      request_(request),
      days_(days),
      options_(options),
      stores_(parts.base, parts.store),
      measure_hash_(parts.features->measures()[request.measure].hash) {
  CHECK(options_.keys_per_step > 0 && request_.late_days >= 0 && request_.late_days <= UINT8_MAX);
  MismatchCounter();
}

absl::Status DayImporter::CheckModeAndDays(const Manifest& manifest) const {
  RETURN_IF_ERROR(CheckImportable(parts_.features->measures()[request_.measure]));
  RETURN_IF_ERROR(CheckImportable(manifest));
  const int64_t now_ms = parts_.clock->NowMs();
  const model::DayNumber open =
      now_ms <= 0 ? eventlog::kFirstDayCounted
                  : FirstOpenDay(*parts_.schedule, now_ms - options_.grace_ms, request_.late_days);
  if (request_.before > open) {
    return Refused(absl::StrFormat(
        "%s may still get events that count, which are taken up to %d days late: an import up to "
        "there is taken from %s on, and the clock stands at %s",
        model::FormatDay(request_.before - 1), request_.late_days,
        model::FormatTimeMs(parts_.schedule->CutTimeMs(request_.before + request_.late_days) +
                            options_.grace_ms),
        now_ms <= 0 ? "nothing yet: the log is empty, and its clock follows the events (--clock "
                      "wall where verdictd runs by the wall clock)"
                    : model::FormatTimeMs(now_ms)));
  }
  if (request_.before - OldestImportedDay(*parts_.features, request_.before) <= 0 ||
      request_.from >= request_.before) {
    return Refused(absl::StrFormat("there is no day in [%s, %s)", model::FormatDay(request_.from),
                                   model::FormatDay(request_.before)));
  }
  return absl::OkStatus();
}

// What was imported before, and what was begun and not finished.
absl::Status DayImporter::CheckImports(const DayManifest& day) const {
  if (day.late_days != request_.late_days) {
    return Refused(absl::StrFormat(
        "its imports are made with --late %dd: events later than that were left out since, so that "
        "another number of days would lose or double some; say --late %dd",
        day.late_days, day.late_days));
  }
  const model::DayNumber oldest = OldestImportedDay(*parts_.features, request_.before);
  if (day.announced) {
    const DayImport& begun = *day.announced;
    const std::string what = "an import of " + Days(begun) + " was begun and not finished: ";
    if (request_.before < begun.before) {
      return Refused(what + "finish that one first, or import up to there");
    }
    if (request_.from > std::max(begun.from, oldest)) {
      return Refused(what + "finish that one first, or import from its first day on");
    }
  }
  if (!day.published) return absl::OkStatus();
  const DayImport& last = *day.published;
  if (request_.before < last.before) {
    return Refused(
        absl::StrFormat("the days before %s are imported already, and memory may have let go of "
                        "them: give at least "
                        "those days",
                        model::FormatDay(last.before)));
  }
  if (request_.from > std::max(last.before, oldest)) {
    return Refused(absl::StrFormat(
        "the days before %s are imported, and this begins with %s: the days between would be "
        "nobody's; import from %s on (--from, where a day has no rows)",
        model::FormatDay(last.before), model::FormatDay(request_.from),
        model::FormatDay(last.before)));
  }
  const uint16_t rev = day.announced ? std::max(day.announced->rev, last.rev) : last.rev;
  if (request_.before == last.before && rev == std::numeric_limits<uint16_t>::max()) {
    return Refused("it was imported too often up to the same day: import up to a later day");
  }
  return absl::OkStatus();
}

DayImport DayImporter::NextImport(const DayManifest& day) const {
  DayImport next;
  next.before = request_.before;
  next.from = request_.from;
  next.digest = days_->digest();
  next.rows = days_->rows();
  next.keys = days_->keys();
  next.sum = days_->sum();
  next.count = days_->count();
  next.first_day = next.from;
  if (day.published) next.first_day = std::min(next.from, day.published->first_day);
  next.first_day = std::max(next.first_day, OldestImportedDay(*parts_.features, request_.before));
  next.zone_digest = parts_.features->calendar().TransitionsDigest(next.first_day, request_.before);
  const auto same_but_rev = [&](DayImport other) {
    other.rev = next.rev;
    return other == next;
  };
  if (day.announced && same_but_rev(*day.announced)) return *day.announced;
  if (!day.announced && day.published && same_but_rev(*day.published)) return *day.published;
  for (const std::optional<DayImport>& before : {day.announced, day.published}) {
    if (before && before->before == next.before) {
      next.rev = std::max<uint16_t>(next.rev, before->rev + 1);
    }
  }
  return next;
}

absl::StatusOr<bool> DayImporter::Due() {
  ASSIGN_OR_RETURN(manifest_, parts_.store->GetManifest(measure_hash_));
  RETURN_IF_ERROR(CheckModeAndDays(manifest_));
  const DayManifest day = manifest_.day.value_or(DayManifest());
  if (manifest_.day) RETURN_IF_ERROR(CheckImports(day));
  import_ = NextImport(day);
  const bool log_told = request_.log_from && *request_.log_from != day.log_from;
  return log_told || day.announced.has_value() || !day.published || *day.published != import_;
}

void DayImporter::Go(Phase phase, uint64_t total) { progress_ = {phase, 0, total}; }

absl::StatusOr<bool> DayImporter::Step() {
  absl::Status status;
  switch (progress_.phase) {
    case Phase::kBegin:
      status = Begin();
      break;
    case Phase::kUpload:
      status = Upload();
      break;
    case Phase::kOthers:
      status = MoveOthers();
      break;
    case Phase::kProve:
      status = Prove();
      break;
    case Phase::kPublish:
      status = Publish();
      break;
    case Phase::kDone:
      return false;
  }
  if (!status.ok()) {
    Go(Phase::kBegin, 0);
    return status;
  }
  return progress_.phase != Phase::kDone;
}

absl::Status DayImporter::Run(const std::function<void(const DayImportProgress&)>& report) {
  while (true) {
    ASSIGN_OR_RETURN(const bool more, Step());
    if (report != nullptr) report(progress_);
    if (!more) return absl::OkStatus();
  }
}

absl::Status DayImporter::Begin() {
  RETURN_IF_ERROR(stores_.Settle(measure_hash_));
  ASSIGN_OR_RETURN(const bool due, Due());
  if (!due) {
    Go(Phase::kDone, 0);
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(Announce());
  others_.clear();
  attempts_ = 1;
  rewrite_ = false;
  Go(Phase::kUpload, days_->keys());
  return absl::OkStatus();
}

// Before the first blob, so that of two runs one wins, and that replicas know L in time.
absl::Status DayImporter::Announce() {
  if (parts_.seal) {
    RETURN_IF_ERROR(parts_.seal(parts_.schedule->CutTimeMs(request_.before + request_.late_days)));
  }
  Manifest next = manifest_;
  if (!next.day) {
    next.day = DayManifest{.late_days = static_cast<uint8_t>(request_.late_days),
                           .since_ms = parts_.clock->NowMs() + 1,  // this one may be counted
                           .announced = {},
                           .published = {}};
  }
  next.day->log_from = request_.log_from.value_or(next.day->log_from);
  next.day->announced = import_;
  if (next == manifest_) return absl::OkStatus();
  RETURN_IF_ERROR(stores_.Announce(measure_hash_, manifest_, next));
  manifest_ = std::move(next);
  return absl::OkStatus();
}

bool DayImporter::Reached(const feature::Blob& blob) const {
  return std::pair(blob.cut, blob.rev) >= std::pair(import_.before, import_.rev);
}

absl::Status DayImporter::Write(const std::vector<model::EntityKey>& keys,
                                const std::function<std::vector<DayTile>(size_t)>& tiles_of) {
  std::vector<BlobKey> stored_keys;
  stored_keys.reserve(keys.size());
  for (const model::EntityKey& key : keys) stored_keys.push_back({measure_hash_, key});
  ASSIGN_OR_RETURN(const std::vector<BlobResult> stored, stores_.base()->GetNow(stored_keys));
  std::vector<BlobWrite> writes, reached;
  for (size_t i = 0; i < keys.size(); ++i) {
    if (stored[i].state == BlobResult::State::kFailed) {
      return absl::UnavailableError("the store did not give a blob that must be replaced");
    }
    const bool found = stored[i].state == BlobResult::State::kFound;
    if (found && !stored[i].blob.day) {
      return absl::DataLossError("a folded value stands where imported days should");
    }
    if (found && Reached(stored[i].blob)) {
      reached.push_back({stored_keys[i], stored[i].blob});
      continue;
    }
    BlobWrite write{stored_keys[i], {}};
    write.blob.measure_hash = measure_hash_;
    write.blob.cut = import_.before;
    write.blob.rev = import_.rev;
    write.blob.day = {.late_days = manifest_.day->late_days, .first_day = import_.first_day};
    if (found) {
      for (const DayTile& tile : stored[i].blob.tiles) {
        if (tile.day >= import_.first_day && tile.day < import_.from) {
          write.blob.tiles.push_back(tile);
        }
      }
    }
    for (const DayTile& tile : tiles_of(i)) write.blob.tiles.push_back(tile);
    writes.push_back(std::move(write));
  }
  return stores_.Put(writes, reached);
}

absl::Status DayImporter::Upload() {
  const size_t begin = progress_.done;
  const size_t end = std::min(days_->keys(), begin + options_.keys_per_step);
  std::vector<model::EntityKey> keys;
  for (size_t i = begin; i < end; ++i) keys.push_back(days_->KeyAt(i));
  RETURN_IF_ERROR(Write(keys, [&](size_t i) { return days_->TilesAt(begin + i); }));
  progress_.done = end;
  if (end < days_->keys()) return base::Failpoint("import.mid_upload");
  return FindOthers();
}

// Keys that the rows have nothing of: their b must move on, too.
absl::Status DayImporter::FindOthers() {
  others_.clear();
  RETURN_IF_ERROR(
      stores_.base()->Scan(measure_hash_, [&](const model::EntityKey& key, const feature::Blob&) {
        if (days_->Find(key) == days_->keys()) others_.push_back(key);
        return absl::OkStatus();
      }));
  Go(Phase::kOthers, others_.size());
  return absl::OkStatus();
}

absl::Status DayImporter::MoveOthers() {
  const size_t begin = progress_.done;
  const size_t end = std::min(others_.size(), begin + options_.keys_per_step);
  const std::vector<model::EntityKey> keys(others_.begin() + static_cast<ptrdiff_t>(begin),
                                           others_.begin() + static_cast<ptrdiff_t>(end));
  RETURN_IF_ERROR(Write(keys, [](size_t) { return std::vector<DayTile>(); }));
  progress_.done = end;
  if (end == others_.size()) Go(Phase::kProve, days_->keys() + others_.size());
  return absl::OkStatus();
}

// Reads the next keys back: of the imported days the store must have the rows, and nothing else.
absl::Status DayImporter::Prove() {
  const size_t total = days_->keys() + others_.size();
  const size_t begin = progress_.done;
  const size_t end = std::min(total, begin + options_.keys_per_step);
  std::vector<BlobKey> keys;
  for (size_t i = begin; i < end; ++i) {
    keys.push_back(
        {measure_hash_, i < days_->keys() ? days_->KeyAt(i) : others_[i - days_->keys()]});
  }
  ASSIGN_OR_RETURN(const std::vector<BlobResult> stored, parts_.store->GetNow(keys));
  for (size_t i = 0; i < keys.size(); ++i) {
    if (stored[i].state == BlobResult::State::kFailed) {
      return absl::UnavailableError("the store did not give a blob back to be proved");
    }
    const feature::Blob& blob = stored[i].blob;
    if (stored[i].state != BlobResult::State::kFound || !Reached(blob)) {
      rewrite_ = true;
      continue;
    }
    const bool ours = blob.cut == import_.before && blob.rev == import_.rev;
    const std::vector<DayTile> wanted =
        begin + i < days_->keys() ? days_->TilesAt(begin + i) : std::vector<DayTile>();
    const auto first = std::find_if(blob.tiles.begin(), blob.tiles.end(),
                                    [&](const DayTile& one) { return one.day >= import_.from; });
    if (ours && std::equal(first, blob.tiles.end(), wanted.begin(), wanted.end())) continue;
    MismatchCounter().Add();
    return absl::DataLossError(
        ours ? "a key does not read back as it was imported"
             : "another import has written keys meanwhile; run this one again");
  }
  progress_.done = end;
  if (end < total) return absl::OkStatus();
  if (rewrite_) {
    MismatchCounter().Add();
    if (attempts_++ >= kProofAttempts) {
      return absl::DataLossError("the store does not keep what is written to it");
    }
    rewrite_ = false;
    Go(Phase::kUpload, days_->keys());
    return absl::OkStatus();
  }
  Go(Phase::kPublish, 0);
  return base::Failpoint("import.before_publish");
}

absl::Status DayImporter::Publish() {
  Manifest next = manifest_;
  next.day->published = import_;
  next.day->announced.reset();
  RETURN_IF_ERROR(stores_.Publish(measure_hash_, manifest_, next));
  manifest_ = std::move(next);
  Go(Phase::kDone, 0);
  return absl::OkStatus();
}

}  // namespace verdict::aggregate
