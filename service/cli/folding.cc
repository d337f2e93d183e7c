#include "cli/folding.h"

#include <algorithm>
#include <utility>

#include "aggregate/expiry.h"
#include "base/status.h"

namespace verdict::cli {
namespace {

std::string_view PhaseName(aggregate::FoldProgress::Phase phase) {
  switch (phase) {
    case aggregate::FoldProgress::Phase::kIdle:
      return "waiting";
    case aggregate::FoldProgress::Phase::kRead:
      return "folding, events";
    case aggregate::FoldProgress::Phase::kUpload:
      return "writing, keys";
    case aggregate::FoldProgress::Phase::kScan:
      return "looking at every key";
    case aggregate::FoldProgress::Phase::kProve:
      return "reading back, keys";
    case aggregate::FoldProgress::Phase::kPublish:
      return "publishing";
  }
  return "";
}

}  // namespace

absl::StatusOr<std::unique_ptr<Folding>> Folding::Open(
    const AggregateArguments& arguments, const std::string& program,
    std::function<void(const aggregate::HealedKey&)> healed) {
  std::unique_ptr<Folding> folding(new Folding());
  ASSIGN_OR_RETURN(folding->rules_, LoadFeatures(arguments));
  const settings::Settings& settings = arguments.where.settings;
  ASSIGN_OR_RETURN(folding->opened_,
                   OpenedDeployment::Open(arguments.where, deployment::Role::kBatch, program));
  deployment::LogBackend& log = folding->parts().log();
  ASSIGN_OR_RETURN(folding->source_, log.MakeSource(deployment::LogBackend::Reader::kBeside));
  folding->schedule_.emplace(
      folding->features().calendar(),
      arguments.cut_minutes.value_or(static_cast<int>(settings.cut_minutes)));
  folding->hasher_.emplace(folding->parts().secret());
  RETURN_IF_ERROR(folding->parts().AddMeasures(folding->features()));
  RETURN_IF_ERROR(folding->parts().CheckServers());
  aggregate::FolderParts parts;
  parts.source = folding->source_.get();
  parts.store = &folding->parts().aggregates();
  parts.base = folding->parts().base();
  parts.features = folding->rules_->features;
  parts.schedule = &*folding->schedule_;
  parts.hasher = &*folding->hasher_;
  parts.clock = &folding->opened_->clock();
  parts.log_id = log.id();
  parts.seal = [&log](int64_t time_ms) { return log.Seal(time_ms); };
  parts.healed = std::move(healed);
  aggregate::FolderOptions options;
  options.dedup_ids_per_partition = static_cast<size_t>(settings.memory.dedup_ids_per_partition);
  folding->folder_ = std::make_unique<aggregate::Folder>(parts, options);
  return folding;
}

absl::Status Folding::Expire() {
  aggregate::AggregateStore* base = parts().base();
  if (base == nullptr) base = &parts().aggregates();
  ASSIGN_OR_RETURN(const feature::CutId before, aggregate::ExpiredBefore(base, features()));
  parts().ExpireBefore(before);
  return absl::OkStatus();
}

void FoldBars::Update(const aggregate::FoldProgress& p) {
  if (p.phase == aggregate::FoldProgress::Phase::kIdle) return;
  if (bar_ == nullptr || p.phase != phase_)
    bar_ = std::make_unique<Progress>(PhaseName(p.phase), p.total);
  phase_ = p.phase;
  bar_->Update(p.done);
  if (p.cut != feature::kNoCut) summary_->cut = model::FormatDay(p.cut);
  if (p.phase == aggregate::FoldProgress::Phase::kRead)
    summary_->records = std::max(summary_->records, p.done);
  if (p.phase == aggregate::FoldProgress::Phase::kUpload ||
      p.phase == aggregate::FoldProgress::Phase::kProve) {
    summary_->keys = std::max(summary_->keys, p.total);
  }
}

}  // namespace verdict::cli
