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

// The longest window and the latest event that is taken: what no window reaches may expire.
constexpr int kKeptDaysMost = feature::kWindowDaysMax + 31;

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

Deployment::Deployment() = default;
Deployment::~Deployment() = default;

absl::StatusOr<std::unique_ptr<Deployment>> Deployment::Open(const settings::Settings& settings,
                                                             base::Clock* clock, Role role,
                                                             const std::string& program,
                                                             const Reports& report) {
  std::unique_ptr<Deployment> opened(new Deployment());
  if (role != Role::kImport) {
    RETURN_IF_ERROR(opened->OpenRedis(settings, clock->is_event_clock(), report.store));
  }
  if (settings.kafka.brokers.empty()) {
    RETURN_IF_ERROR(opened->OpenEmbedded(settings, clock, program));
  } else {
    RETURN_IF_ERROR(opened->OpenServers(settings, clock, role, program, report.decisions));
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
                                     Role role, const std::string& program, const Report& report) {
  const bool own_batch = redis_ != nullptr;
  folds_here_ = !own_batch;
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
  ASSIGN_OR_RETURN(auto kafka,
                   KafkaBackend::Open(KafkaOptionsOf(settings, clock->is_event_clock())));
  warnings_ = kafka->warnings();
  if (role == Role::kService) RETURN_IF_ERROR(kafka->StartWriting(report));
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
  // An event clock may stand still for longer than a blob would be kept.
  options.kept_days = event_clock ? 0 : kKeptDaysMost;
  options.report = report;
  ASSIGN_OR_RETURN(redis_, redis_store::RedisAggregateStore::Connect(options));
  return absl::OkStatus();
}

absl::Status Deployment::AddMeasures(const feature::FeatureSet& features) {
  if (redis_ == nullptr) return absl::OkStatus();
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
bool Deployment::folds_here() const { return folds_here_; }

std::unique_ptr<base::Clock> MakeClock(const settings::Settings& settings) {
  if (settings.clock == settings::ClockKind::kEvent) return std::make_unique<base::EventClock>();
  return std::make_unique<base::WallClock>();
}

}  // namespace verdict::deployment
