// One piece of work, step by step: judge; or read back, guard, free; or forget a guard.
#include "ingest/drop_job.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/failpoint.h"
#include "base/status.h"

namespace verdict::ingest {

using counters::kStripes;

absl::Status Dropper::Advance() {
  Job& job = *job_;
  const uint32_t end = std::min<uint32_t>(kStripes, job.next_stripe + options_.stripes_per_step);
  switch (job.stage) {
    case Job::Stage::kJudge:
      if (!job.judge->Step(options_.stripes_per_step)) Judged();
      return absl::OkStatus();
    case Job::Stage::kReadBack: {
      ASSIGN_OR_RETURN(const bool more, job.read_back->Step(options_.stripes_per_step));
      return more ? absl::OkStatus() : CheckedStore();
    }
    case Job::Stage::kGuard:
      BuildGuard();
      return absl::OkStatus();
    case Job::Stage::kFree:
      FAILPOINT("drop.mid_free");
      Free();
      return absl::OkStatus();
    case Job::Stage::kForget:
      for (; job.next_stripe < end; ++job.next_stripe) {
        drops_.Forget(job.guarded, job.next_stripe);
      }
      if (end < kStripes) return absl::OkStatus();
      drops_.FinishForget(job.guarded);
      job.measure->guard_seen_ms.erase(job.stretch.to);
      job_.reset();
      return absl::OkStatus();
  }
  return absl::OkStatus();
}

void Dropper::Judged() {
  Watched& measure = *job_->measure;
  const Judgement& judgement = job_->judge->judgement();
  const std::vector<counters::SuspectStretch> suspects = drops_.Suspects();
  const bool suspected = std::any_of(suspects.begin(), suspects.end(), [&](const auto& one) {
    return one.stretch.measure_hash == measure.hash && one.stretch.to == job_->stretch.to;
  });
  if (!judgement.equal()) {
    // Kept as it is: whoever wiped it would destroy the evidence.
    drops_.Suspect(job_->stretch, judgement.unequal);
    measure.mismatches.Add();
    Report(DropEvent::Kind::kUnequal, Describe(judgement, job_->judge->proof()));
  } else if (suspected) {
    drops_.Suspect(job_->stretch, {});
    Report(DropEvent::Kind::kEqualAgain, "");
  }
  measure.judged[job_->stretch.to] = judgement;
  job_.reset();
}

// After every key was read back.
absl::Status Dropper::CheckedStore() {
  Job& job = *job_;
  Watched& measure = *job.measure;
  ASSIGN_OR_RETURN(const bool holds, job.read_back->Holds());
  if (!holds) {
    measure.ask_again_ms[job.stretch.to] = SteadyMs() + options_.ask_again.count();
    if (job.read_back->lost() > 0) {
      Report(DropEvent::Kind::kLost,
             absl::StrFormat("the store failed over since the proof, and %d of %d values are gone "
                             "or older",
                             job.read_back->lost(), job.read_back->keys()));
    }
    job_.reset();
    return absl::OkStatus();
  }
  measure.held_by[job.stretch.to] = job.read_back->incarnation();
  job.stage = Job::Stage::kGuard;
  job.next_stripe = 0;
  return absl::OkStatus();
}

void Dropper::BuildGuard() {
  Job& job = *job_;
  if (job.guard == nullptr) {
    job.guard = std::make_shared<counters::DroppedEpochs>();
    job.guard->stretch = job.stretch;
    job.guard->keys = counters::KeyFilter(drops_.Entities(job.stretch));
  }
  const uint32_t end = std::min<uint32_t>(kStripes, job.next_stripe + options_.stripes_per_step);
  for (; job.next_stripe < end; ++job.next_stripe) {
    job.guard->limited[job.next_stripe] = drops_.Read(job.stretch, job.next_stripe, &job.cells);
    for (const counters::EpochDrops::Cell& cell : job.cells) {
      if (cell.tile.day >= job.oldest_day) job.guard->keys.Add(cell.key);
    }
  }
  if (end < kStripes) return;
  job.guard->dropped_ms = parts_.clock->NowMs();
  job.guarded = std::move(job.guard);
  job.measure->guard_seen_ms[job.stretch.to] = SteadyMs();
  job.stage = Job::Stage::kFree;
  job.next_stripe = 0;
}

void Dropper::Free() {
  Job& job = *job_;
  const uint32_t end = std::min<uint32_t>(kStripes, job.next_stripe + options_.stripes_per_step);
  for (; job.next_stripe < end; ++job.next_stripe) {
    drops_.Free(job.stretch, job.next_stripe, job.guarded);
  }
  if (end < kStripes) return;
  Watched& measure = *job.measure;
  std::string detail;
  if (job.guarded == nullptr) {  // before a checkpoint can learn that they are gone
    counters::Beginning began = drops_.BeginningOf(job.stretch.measure_hash);
    began.cut = std::max(began.cut, job.stretch.to);
    drops_.SetBeginning(job.stretch.measure_hash, began);
  }
  if (job.kind == DropEvent::Kind::kImported) {
    drops_.FinishImported(job.stretch);
    metrics_.NoteDropped(measure.index, drops_.DroppedTo(measure.hash));
  } else {
    drops_.Finish(job.stretch, job.guarded);
  }
  if (job.guarded != nullptr) {
    metrics_.NoteDropped(measure.index, drops_.DroppedTo(measure.hash));
    const size_t limited = job.guarded->limited.count();
    detail = absl::StrFormat("%d bytes of guard", job.guarded->keys.bytes());
    if (limited > 0) {
      absl::StrAppendFormat(&detail,
                            "; %d stripes had refused cells for want of memory and could not be "
                            "compared: the batch's proof alone stands for them",
                            limited);
    }
  }
  Report(job.kind, std::move(detail));
  measure.judged.erase(job.stretch.to);
  measure.held_by.erase(job.stretch.to);
  measure.ask_again_ms.erase(job.stretch.to);
  job_.reset();
}

}  // namespace verdict::ingest
