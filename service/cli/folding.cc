#include "cli/folding.h"

#include <algorithm>
#include <utility>

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
  ASSIGN_OR_RETURN(folding->opened_, OpenedDir::Open(arguments.embedded, program));
  rocks_store::RocksLog& log = folding->dir().log();
  folding->source_ = log.MakeSource(/*with_decisions=*/false);
  folding->schedule_.emplace(folding->features().calendar(), arguments.cut_minutes);
  folding->hasher_.emplace(folding->dir().secret());
  aggregate::FolderParts parts;
  parts.source = folding->source_.get();
  parts.store = &folding->dir().aggregates();
  parts.features = folding->rules_->features;
  parts.schedule = &*folding->schedule_;
  parts.hasher = &*folding->hasher_;
  parts.clock = &folding->opened_->clock();
  parts.log_id = log.db().log_id();
  parts.seal = [&log](int64_t time_ms) { return log.AdvanceTime(time_ms); };
  parts.healed = std::move(healed);
  folding->folder_ = std::make_unique<aggregate::Folder>(parts, aggregate::FolderOptions());
  return folding;
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
