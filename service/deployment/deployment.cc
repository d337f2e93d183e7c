#include "deployment/deployment.h"

#include <utility>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "deployment/embedded_log.h"
#include "deployment/kafka_backend.h"
#include "deployment/secret_file.h"

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
                                                             base::Clock* clock, Role role,
                                                             const std::string& program) {
  std::unique_ptr<Deployment> opened(new Deployment());
  if (settings.kafka.brokers.empty()) {
    RETURN_IF_ERROR(opened->OpenEmbedded(settings, clock, program));
  } else {
    RETURN_IF_ERROR(opened->OpenServers(settings, clock, role, program));
  }
  if (!clock->is_event_clock()) return opened;
  ASSIGN_OR_RETURN(const int64_t last_ms, opened->log_->LastRecordTimeMs());
  if (last_ms > 0) clock->Observe(last_ms);
  return opened;
}

absl::Status Deployment::OpenEmbedded(const settings::Settings& settings, base::Clock* clock,
                                      const std::string& program) {
  name_ = "embedded " + settings.embedded;
  ASSIGN_OR_RETURN(dir_, rocks_store::EmbeddedDir::Open(settings.embedded, clock,
                                                        DirOptionsOf(settings, program)));
  log_ = std::make_unique<EmbeddedLog>(&dir_->log());
  return absl::OkStatus();
}

absl::Status Deployment::OpenServers(const settings::Settings& settings, base::Clock* clock,
                                     Role role, const std::string& program) {
  const bool own_batch = !settings.redis.address.empty();
  const std::string& folder =
      role == Role::kBatch && own_batch ? settings.aggregate.dir : settings.state;
  name_ = absl::StrFormat("kafka %s/%s", settings.kafka.brokers, settings.kafka.topic);
  if (role != Role::kImport) {
    absl::StrAppendFormat(&name_, ", folder %s", folder);
    rocks_store::EmbeddedDir::Options options = DirOptionsOf(settings, program);
    options.with_log = false;
    options.with_aggregates = role == Role::kBatch || !own_batch;
    options.with_checkpoint = role == Role::kService;
    if (!settings.secret_file.empty()) {
      ASSIGN_OR_RETURN(options.secret, ReadSecretFile(settings.secret_file));
    }
    ASSIGN_OR_RETURN(dir_, rocks_store::EmbeddedDir::Open(folder, clock, options));
  }
  ASSIGN_OR_RETURN(log_, KafkaBackend::Open(settings.kafka));
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
