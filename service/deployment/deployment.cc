#include "deployment/deployment.h"

#include <utility>

#include "base/status.h"
#include "deployment/embedded_log.h"

namespace verdict::deployment {
namespace {

rocks_store::EmbeddedDir::Options DirOptionsOf(const settings::Settings& settings,
                                               const std::string& program) {
  rocks_store::EmbeddedDir::Options options;
  options.zone_name = settings.zone;
  options.base_currency = settings.base_currency;
  options.program = program;
  options.log.future_skew_ms = settings.score.event_time_skew_s * 1000;
  return options;
}

}  // namespace

Deployment::Deployment() = default;
Deployment::~Deployment() = default;

absl::StatusOr<std::unique_ptr<Deployment>> Deployment::Open(const settings::Settings& settings,
                                                             base::Clock* clock, Role,
                                                             const std::string& program) {
  std::unique_ptr<Deployment> opened(new Deployment());
  opened->name_ = "embedded " + settings.embedded;
  ASSIGN_OR_RETURN(opened->dir_, rocks_store::EmbeddedDir::Open(settings.embedded, clock,
                                                                DirOptionsOf(settings, program)));
  opened->log_ = std::make_unique<EmbeddedLog>(&opened->dir_->log());
  RETURN_IF_ERROR(opened->MoveClock(clock));
  return opened;
}

absl::Status Deployment::MoveClock(base::Clock* clock) {
  ASSIGN_OR_RETURN(const int64_t last_ms, log_->LastRecordTimeMs());
  if (last_ms > 0) clock->Observe(last_ms);
  return absl::OkStatus();
}

const base::SipKey& Deployment::secret() const { return dir_->secret(); }
aggregate::AggregateStore& Deployment::aggregates() { return dir_->aggregates(); }
counters::CheckpointStore& Deployment::checkpoint() { return dir_->checkpoint(); }
const std::string& Deployment::damaged_checkpoint() const { return dir_->damaged_checkpoint(); }
bool Deployment::folds_here() const { return true; }

std::unique_ptr<base::Clock> MakeClock(const settings::Settings& settings) {
  if (settings.clock == settings::ClockKind::kEvent) return std::make_unique<base::EventClock>();
  return std::make_unique<base::WallClock>();
}

}  // namespace verdict::deployment
