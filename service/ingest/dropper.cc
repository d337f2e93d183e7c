// What is to be done next.
#include "ingest/dropper.h"

#include <algorithm>

#include "aggregate/fold_plan.h"
#include "base/check.h"
#include "base/status.h"
#include "feature/measure_name.h"
#include "ingest/drop_job.h"

namespace verdict::ingest {
namespace {

using aggregate::EpochProof;
using counters::Stretch;
using feature::CutId;

// Beyond what windows reach, so that a clock set back a little brings no dropped day back.
constexpr int kReachMarginDays = 2;

}  // namespace

Dropper::Dropper(const Parts& parts, Options options)
    : parts_(parts),
      options_(std::move(options)),
      drops_(parts.live),
      metrics_(parts.live->features(), parts.clock, parts.schedule) {
  CHECK(parts_.store != nullptr && options_.stripes_per_step > 0);
  const feature::FeatureSet& features = parts_.live->features();
  for (size_t m = 0; m < features.measures().size(); ++m) {
    auto measure = std::make_unique<Watched>();
    measure->index = m;
    measure->hash = features.measures()[m].hash;
    measure->name = feature::MeasureName(features, m);
    measure->mismatches = base::Metrics().AddCounter(
        "verdict_agg_proof_mismatch_total", "Proofs that failed, by where they did.",
        {{"measure", measure->name}, {"stage", "replica"}});
    metrics_.NoteDropped(m, drops_.DroppedTo(measure->hash));
    measures_.push_back(std::move(measure));
  }
}

Dropper::~Dropper() = default;

int64_t Dropper::SteadyMs() const {
  if (options_.steady_ms) return options_.steady_ms();
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

bool Dropper::freeing() const { return job_ != nullptr && job_->stage == Job::Stage::kFree; }

absl::StatusOr<bool> Dropper::Step() {
  // What is being freed is freed to its end: its guard was made of all its keys.
  if (!freeing()) RETURN_IF_ERROR(CheckLife());
  if (job_ != nullptr) {
    absl::Status advanced = Advance();
    if (!advanced.ok() && !freeing()) job_.reset();
    RETURN_IF_ERROR(advanced);
    return true;
  }
  for (size_t i = 0; i < measures_.size(); ++i) {
    Watched* measure = measures_[next_measure_].get();
    next_measure_ = (next_measure_ + 1) % measures_.size();
    ASSIGN_OR_RETURN(const bool begun, Begin(measure));
    if (begun) return true;
  }
  return false;
}

absl::StatusOr<bool> Dropper::Begin(Watched* measure) {
  if (LookIsDue(*measure)) {
    RETURN_IF_ERROR(Look(measure));
    return true;
  }
  // Its epochs are still being filled from far behind.
  if (drops_.IsApart(measure->hash)) return false;
  if (BeginForget(measure) || BeginOutOfReach(measure) || BeginImported(measure)) return true;
  return BeginDrop(measure);
}

bool Dropper::BeginForget(Watched* measure) {
  for (const counters::DroppedEpochsPtr& guard : drops_.Guards()) {
    if (guard->stretch.measure_hash != measure->hash) continue;
    const int64_t seen_ms =
        measure->guard_seen_ms.try_emplace(guard->stretch.to, SteadyMs()).first->second;
    if (parts_.clock->NowMs() - guard->dropped_ms < options_.guard_kept_ms) continue;
    if (SteadyMs() - seen_ms < options_.cache_age.count()) continue;
    job_ = std::make_unique<Job>();
    job_->stage = Job::Stage::kForget;
    job_->measure = measure;
    job_->stretch = guard->stretch;
    job_->guarded = guard;
    return true;
  }
  return false;
}

bool Dropper::BeginOutOfReach(Watched* measure) {
  const feature::FeatureSet& features = parts_.live->features();
  // A clock that runs ahead for a moment lets nothing go: the log says how far time has come.
  const CutId newest = drops_.NewestEpoch();
  if (newest == feature::kNoCut) return false;
  const model::DayNumber today =
      std::min<model::DayNumber>(features.calendar().DayOf(parts_.clock->NowMs()), newest + 1);
  const model::DayNumber reached = today - features.kept_days() - kReachMarginDays;
  for (const counters::SuspectStretch& one : drops_.Suspects()) {
    if (one.stretch.measure_hash != measure->hash || one.stretch.to >= reached) continue;
    drops_.Suspect(one.stretch, {});
  }
  for (const CutId epoch : drops_.Epochs(measure->hash)) {
    const Stretch stretch{measure->hash, epoch, epoch + 1};
    if (epoch >= reached) break;
    if (drops_.NewestDay(stretch).value_or(0) >= reached || !drops_.MayFree(stretch)) continue;
    job_ = std::make_unique<Job>();
    job_->stage = Job::Stage::kFree;
    job_->kind = DropEvent::Kind::kOutOfReach;
    job_->measure = measure;
    job_->stretch = stretch;
    return true;
  }
  return false;
}

// DAY mode: an epoch goes once imports own all its days, and everybody goes by them.
bool Dropper::BeginImported(Watched* measure) {
  if (parts_.imports == nullptr) return false;
  const model::DayNumber before = parts_.imports->DropBefore(measure->hash);
  if (before == feature::kNoDay) return false;
  if (parts_.live->LackingOf(measure->hash) != feature::kNoCut) return false;
  const CutId owned = aggregate::CutBefore(parts_.live->features(), *parts_.schedule, before);
  for (const CutId epoch : drops_.Epochs(measure->hash)) {
    const Stretch stretch{measure->hash, epoch, epoch + 1};
    if (stretch.to > owned || !drops_.Past(stretch.to)) break;
    if (drops_.NewestDay(stretch).value_or(0) >= before || !drops_.MayFree(stretch)) continue;
    job_ = std::make_unique<Job>();
    job_->stage = Job::Stage::kFree;
    job_->kind = DropEvent::Kind::kImported;
    job_->measure = measure;
    job_->stretch = stretch;
    return true;
  }
  return false;
}

// Was the stretch counted here, whole, and is it here still?
bool Dropper::IsCandidate(const Watched& measure, const EpochProof& proof) const {
  const counters::Beginning began = drops_.BeginningOf(measure.hash);
  if (proof.from < began.cut) return false;
  // Epochs are numbered by days: one that began behind the gap is whole, of others later days are.
  if (proof.from < began.day && proof.oldest_day < began.day) return false;
  for (const CutId epoch : drops_.Epochs(measure.hash)) {
    if (proof.from <= epoch && epoch < proof.to) return true;
  }
  // It is not; that is as it should be where it was dropped, or where there was nothing to count.
  return proof.to > drops_.DroppedTo(measure.hash) && proof.digest.cells > 0;
}

absl::StatusOr<bool> Dropper::BeginDrop(Watched* measure) {
  if (parts_.live->LackingOf(measure->hash) != feature::kNoCut) return false;
  for (const EpochProof& one : measure->proofs) {
    const Stretch stretch{measure->hash, one.from, one.to};
    if (!IsCandidate(*measure, one) || !drops_.Closed(one.to, one.offsets)) continue;
    const auto judged = measure->judged.find(one.to);
    auto job = std::make_unique<Job>();
    job->measure = measure;
    job->stretch = stretch;
    job->oldest_day = one.oldest_day;
    if (judged == measure->judged.end()) {
      job->judge.emplace(&drops_, measure->hash, one);
      job_ = std::move(job);
      return true;
    }
    if (!judged->second.equal()) continue;
    if (parts_.clock->NowMs() - one.published_ms < options_.grace_ms) continue;
    const auto again = measure->ask_again_ms.find(one.to);
    if (again != measure->ask_again_ms.end() && SteadyMs() < again->second) continue;
    if (!drops_.MayFree(stretch)) continue;
    // What was read back before a fail-over may be gone since.
    const EpochProof proof = one;  // the look replaces the list
    ASSIGN_OR_RETURN(const bool stands, ProofStands(measure, proof));
    if (!stands) return true;
    ASSIGN_OR_RETURN(const std::string incarnation, parts_.store->Incarnation());
    if (incarnation == proof.incarnation || measure->held_by[proof.to] == incarnation) {
      job->stage = Job::Stage::kGuard;
    } else {
      job->stage = Job::Stage::kReadBack;
      job->read_back.emplace(&drops_, parts_.store, stretch, proof.oldest_day);
    }
    job_ = std::move(job);
    return true;
  }
  return false;
}

void Dropper::Report(DropEvent::Kind kind, std::string detail) const {
  if (!options_.report) return;
  options_.report({.kind = kind,
                   .measure = job_->measure->name,
                   .from = job_->stretch.from,
                   .to = job_->stretch.to,
                   .detail = std::move(detail)});
}

}  // namespace verdict::ingest
