#include "deployment/deployment.h"

#include <utility>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "deployment/embedded_log.h"
#include "deployment/kafka_backend.h"
#include "deployment/secret_file.h"
#include "settings/load.h"

namespace verdict::deployment {
namespace {

// For who does not wait for servers that are away.
constexpr std::chrono::milliseconds kAskOnce{5'000};

rocks_store::EmbeddedDir::Options DirOptionsOf(const settings::Settings& settings,
                                               const std::string& program) {
  rocks_store::EmbeddedDir::Options options;
  options.zone_name = settings.zone;
  options.base_currency = settings.base_currency;
  options.program = program;
  options.log.future_skew_ms = settings.score.event_time_skew_s * 1000;
  return options;
}

kafka_log::KafkaOptions KafkaOptionsOf(const settings::Settings& settings, bool event_clock) {
  const settings::Kafka& kafka = settings.kafka;
  kafka_log::KafkaOptions options;
  options.brokers = kafka.brokers;
  options.topic = kafka.topic;
  options.decisions_topic = kafka.decisions_topic;
  options.dead_topic = kafka.dead_topic;
  options.format = kafka.format == settings::ValueFormat::kJson ? kafka_log::ValueFormat::kJson
                                                                : kafka_log::ValueFormat::kProtobuf;
  if (!kafka.mapping.empty()) options.format = kafka_log::ValueFormat::kMapping;
  options.mapping = kafka.mapping;
  options.properties = kafka.properties;
  options.record = kafka.record;
  options.event_clock = event_clock;
  options.spool_folder = settings.state + "/spool";
  options.spool_bytes_max = static_cast<uint64_t>(kafka.spool_bytes_max);
  return options;
}

}  // namespace

Deployment::Deployment(base::Clock* clock, Role role, Report decisions)
    : clock_(clock), role_(role), report_decisions_(std::move(decisions)) {}
Deployment::~Deployment() = default;

absl::StatusOr<std::unique_ptr<Deployment>> Deployment::Open(const settings::Settings& settings,
                                                             base::Clock* clock, Role role,
                                                             const std::string& program,
                                                             const Reports& report) {
  std::unique_ptr<Deployment> opened(new Deployment(clock, role, report.decisions));
  if (role != Role::kImport) {
    RETURN_IF_ERROR(opened->OpenRedis(settings, clock->is_event_clock(), report.store));
  }
  if (settings.kafka.brokers.empty()) {
    RETURN_IF_ERROR(opened->OpenEmbedded(settings, clock, program));
  } else {
    RETURN_IF_ERROR(opened->OpenServers(settings, clock, role, program));
  }
  const bool may_wait = role == Role::kService && opened->kafka_ != nullptr;
  if (opened->log_ != nullptr && !may_wait) RETURN_IF_ERROR(opened->ReachLog(kAskOnce));
  return opened;
}

absl::Status Deployment::ReachLog(std::chrono::milliseconds wait) {
  RETURN_IF_ERROR(log_->Reach(wait));
  if (clock_->is_event_clock()) {
    ASSIGN_OR_RETURN(const int64_t last_ms, log_->LastRecordTimeMs());
    if (last_ms > 0) clock_->Observe(last_ms);
  }
  if (kafka_ == nullptr) return absl::OkStatus();
  warnings_ = kafka_->warnings();
  if (role_ != Role::kService) return absl::OkStatus();
  return kafka_->StartWriting(report_decisions_);
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
  const bool own_batch = redis_ != nullptr;
  folds_here_ = !own_batch;
  const std::string& folder =
      role != Role::kService && own_batch ? settings.aggregate.dir : settings.state;
  name_ = absl::StrFormat("kafka %s/%s", settings.kafka.brokers, settings.kafka.topic);
  if (role != Role::kImport) {
    absl::StrAppendFormat(&name_, ", folder %s", folder);
    rocks_store::EmbeddedDir::Options options = DirOptionsOf(settings, program);
    options.with_log = false;
    options.with_aggregates = role != Role::kService || !own_batch;
    options.with_checkpoint = role == Role::kService;
    has_values_ = options.with_aggregates;
    has_checkpoint_ = options.with_checkpoint;
    if (!settings.secret_file.empty()) {
      ASSIGN_OR_RETURN(options.secret, ReadSecretFile(settings.secret_file));
    }
    ASSIGN_OR_RETURN(dir_, rocks_store::EmbeddedDir::Open(folder, clock, options));
  }
  if (role == Role::kUpload) return absl::OkStatus();
  ASSIGN_OR_RETURN(auto kafka,
                   KafkaBackend::Open(KafkaOptionsOf(settings, clock->is_event_clock())));
  kafka_ = kafka.get();
  log_ = std::move(kafka);
  return absl::OkStatus();
}

absl::Status Deployment::OpenRedis(const settings::Settings& settings, bool event_clock,
                                   const Report& report) {
  const settings::RedisStore& redis = settings.store.redis;
  if (redis.address.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const settings::HostPort where, settings::ParseHostPort(redis.address));
  redis_store::RedisOptions options;
  options.host = where.host;
  options.port = where.port;
  options.user = redis.user;
  options.password_file = redis.password_file;
  options.database = static_cast<int>(redis.database);
  options.connect_timeout = std::chrono::milliseconds(redis.connect_ms);
  options.io_timeout = std::chrono::milliseconds(redis.io_ms);
  expire_ = !event_clock;  // which may stand still for longer than a blob would be kept
  options.report = report;
  ASSIGN_OR_RETURN(redis_, redis_store::RedisAggregateStore::Connect(options));
  return absl::OkStatus();
}

absl::Status Deployment::AddMeasures(const feature::FeatureSet& features) {
  if (redis_ == nullptr) return absl::OkStatus();
  if (expire_) redis_->KeepDays(features.kept_days());
  std::map<uint64_t, std::string> entities;
  for (const feature::Measure& measure : features.measures()) {
    entities[measure.hash] = features.entities()[measure.entity].name;
  }
  return redis_->AddMeasures(entities);
}

absl::Status Deployment::CheckServers() {
  if (redis_ == nullptr) return absl::OkStatus();
  return redis_->CheckServer().status();
}

const base::SipKey& Deployment::secret() const { return dir_->secret(); }
aggregate::AggregateStore& Deployment::aggregates() {
  if (redis_ != nullptr) return *redis_;
  return dir_->aggregates();
}
aggregate::AggregateStore* Deployment::base() {
  return redis_ == nullptr ? nullptr : &dir_->aggregates();
}
counters::CheckpointStore& Deployment::checkpoint() { return dir_->checkpoint(); }
const std::string& Deployment::damaged_checkpoint() const { return dir_->damaged_checkpoint(); }
void Deployment::ExpireBefore(feature::CutId cut) {
  if (has_values_ && cut != feature::kNoCut) dir_->aggregates().ExpireBefore(cut);
}
bool Deployment::folds_here() const { return folds_here_; }

std::unique_ptr<base::Clock> MakeClock(const settings::Settings& settings) {
  if (settings.clock == settings::ClockKind::kEvent) return std::make_unique<base::EventClock>();
  return std::make_unique<base::WallClock>();
}

}  // namespace verdict::deployment
