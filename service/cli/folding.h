// A deployment opened so that its log can be folded; and the bars that show how far it is.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "aggregate/folder.h"
#include "cli/aggregate_show.h"
#include "cli/deployment_flags.h"
#include "cli/terminal.h"
#include "eventlog/rules_of_the_log.h"
#include "model/entity_key.h"
#include "ruleset/rule_set.h"

namespace verdict::cli {

// Thread-compatible.
class Folding {
 public:
  // `program` is what another process is told that wants the folder; `healed` may be null.
  static absl::StatusOr<std::unique_ptr<Folding>> Open(
      const AggregateArguments& arguments, const std::string& program,
      std::function<void(const aggregate::HealedKey&)> healed);
  aggregate::Folder& folder() { return *folder_; }
  deployment::Deployment& parts() { return opened_->parts(); }
  // Values of the batch's own folder that no window reaches any more may go. Errors: the store's.
  absl::Status Expire();
  const feature::FeatureSet& features() const { return *rules_->features; }

 private:
  Folding() = default;
  std::shared_ptr<const ruleset::RuleSet> rules_;
  std::unique_ptr<OpenedDeployment> opened_;
  std::unique_ptr<eventlog::EventSource> source_;
  std::optional<eventlog::CutSchedule> schedule_;
  std::optional<model::KeyHasher> hasher_;
  std::unique_ptr<aggregate::Folder> folder_;
};

struct FoldSummary {
  std::string cut = "none yet";
  uint64_t records = 0, keys = 0;
  int measures = 0;
  double seconds = 0;
};

// Thread-compatible. A bar for each phase of the fold.
class FoldBars {
 public:
  explicit FoldBars(FoldSummary* summary) : summary_(summary) {}
  void Update(const aggregate::FoldProgress& progress);

 private:
  FoldSummary* summary_;
  std::unique_ptr<Progress> bar_;
  aggregate::FoldProgress::Phase phase_ = aggregate::FoldProgress::Phase::kIdle;
};

}  // namespace verdict::cli
