// Opening, preparing, serving, stopping.
#include "verdictd.h"

#include <thread>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/metrics.h"
#include "base/status.h"
#include "log.h"
#include "model/business_day.h"
#include "report_to.h"

namespace verdict {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kRulesLook{100};

feature::FeatureOptions DeploymentOf(const settings::Settings& settings) {
  feature::FeatureOptions options;
  options.zone_name = settings.zone;
  options.base_currency = settings.base_currency;
  return options;
}

grpc_api::ServerOptions ServerOptionsOf(const settings::Settings& s) {
  grpc_api::ServerOptions options;
  options.address = s.listen;
  options.tls = {s.tls.cert, s.tls.key, s.tls.client_ca};
  options.threads = static_cast<int>(s.grpc.threads);
  options.posted_calls = static_cast<int>(s.grpc.posted_calls);
  options.in_flight_max = static_cast<int>(s.grpc.in_flight_max);
  options.queue_delay_max = milliseconds(s.grpc.queue_delay_ms_max);
  options.streams_max = static_cast<int>(s.grpc.streams_max);
  options.connection_age = std::chrono::seconds(s.grpc.connection_age_s);
  options.memory_bytes_max = s.grpc.memory_bytes_max;
  options.admins = s.rules_admins;
  options.event_time_skew_ms = s.score.event_time_skew_s * 1000;
  return options;
}

// The series in which the decider counts the calls that reach it.
base::Counter NotReadyCounter() {
  return base::Metrics().AddCounter(
      "verdict_score_requests_total",
      "Score calls by gRPC code; decision and provenance where there was an answer.",
      {{"code", "UNAVAILABLE"}, {"decision", ""}, {"provenance", ""}});
}

std::string HostOf(const std::string& address) { return address.substr(0, address.rfind(':')); }

}  // namespace

Verdictd::Verdictd(const settings::Settings& settings)
    : settings_(settings), not_ready_(NotReadyCounter()), clock_(deployment::MakeClock(settings)) {}

Verdictd::~Verdictd() {
  if (loader_ != nullptr) loader_->Stop();  // the server's end waits for what it owes
  base::Metrics().RemoveGauge("verdict_ready", {});
}

absl::Status Verdictd::Open() {
  ASSIGN_OR_RETURN(const model::BusinessCalendar calendar,
                   model::BusinessCalendar::Load(settings_.zone));
  ASSIGN_OR_RETURN(deployment_,
                   deployment::Deployment::Open(settings_, clock_.get(), deployment::Role::kService,
                                                "verdictd"));
  if (!deployment_->damaged_checkpoint().empty()) {
    LogError("checkpoint damaged",
             {{"set aside as", deployment_->damaged_checkpoint()},
              {"meaning", "state is counted again from the newest cut and the log"}});
  }
  schedule_ =
      std::make_unique<eventlog::CutSchedule>(calendar, static_cast<int>(settings_.cut_minutes));
  hasher_ = std::make_unique<model::KeyHasher>(deployment_->secret());
  RuleLoader::Options rules;
  rules.publisher = {
      .folder = settings_.rules,
      .catalogue =
          (settings_.embedded.empty() ? settings_.state : settings_.embedded) + "/rule_sets",
      .deployment = DeploymentOf(settings_),
      .manual = settings_.rules_activate == "manual"};
  rules.poll = milliseconds(settings_.rules_poll_ms);
  ASSIGN_OR_RETURN(loader_, RuleLoader::Open(std::move(rules), &rules_));
  return OpenPorts();
}

absl::Status Verdictd::OpenPorts() {
  grpc_api::Backend backend;
  backend.score = [this](decide::ScoreCall* call) { Score(call); };
  backend.get_decision = [this](const std::string& id) { return GetDecision(id); };
  backend.appender = deployment_->log().record_appender();
  backend.rules = &rules_;
  backend.clock = clock_.get();
  backend.admin = [this](grpc_api::AdminCall call, auto done) {
    loader_->Ask(std::move(call), std::move(done));
  };
  backend.last_refusal = [this] { return loader_->last_refusal(); };
  ASSIGN_OR_RETURN(server_,
                   grpc_api::Server::Start(ServerOptionsOf(settings_), std::move(backend)));
  if (!settings_.http.empty()) {
    http_api::HttpOptions options;
    options.address = settings_.http;
    options.readiness = [this] { return readiness(); };
    ASSIGN_OR_RETURN(http_, http_api::HttpServer::Start(std::move(options)));
  }
  base::Metrics().AddGauge("verdict_ready", "1: health says SERVING and /readyz 200.", {},
                           [this] { return readiness().ready ? 1.0 : 0.0; });
  LogInfo(
      "listening",
      {{"grpc", absl::StrFormat("%s:%d", HostOf(settings_.listen), server_->port())},
       {"http", http_ == nullptr ? "none"
                                 : absl::StrFormat("%s:%d", HostOf(settings_.http), http_->port())},
       {"tls", settings_.tls.on() ? "on" : "off"},
       {"clock", settings_.clock == settings::ClockKind::kEvent ? "event" : "wall"},
       {"state", deployment_->name()}});
  if (clock_->is_event_clock()) {
    LogWarning("the clock is that of the events: for replays and tests, not for live payments");
  }
  return absl::OkStatus();
}

absl::Status Verdictd::Prepare(StopSignal* stop) {
  RETURN_IF_ERROR(ReachLog(stop));
  RETURN_IF_ERROR(AwaitRules(stop));
  RETURN_IF_ERROR(RestoreAll(stop));
  RETURN_IF_ERROR(CatchUp(stop));
  caught_up_ = true;
  MakeDecider();
  RETURN_IF_ERROR(UntilReached(stop, "catching up with the log", [this] { return MakeFold(); }));
  return MakeDrop();
}

absl::Status Verdictd::AwaitRules(StopSignal* stop) {
  SetUnready(absl::StrFormat("no rule set yet: %s has errors, see the log or `verdict lint`",
                             settings_.rules));
  loader_->Start();
  while (rules_.Load() == nullptr) {
    if (stop->WaitFor(kRulesLook))
      return absl::CancelledError("stopped before a rule set could be loaded");
  }
  return absl::OkStatus();
}

void Verdictd::Serve() {
  pump_->Start();
  if (fold_ != nullptr) fold_->Start();
  drop_->Start();
  decider_->Prepare(rules_.Load());
  answering_.store(decider_.get(), std::memory_order_release);
  loader_->SetChecks(
      [this](const ruleset::RuleSet& set) { return live_->Rebind(*set.features); },
      [this](const ruleset::RuleSet& set) {
        return decide::DecideAnew(recent_, *rules_.Load(), set);
      },
      [this](const std::shared_ptr<const ruleset::RuleSet>& set) { decider_->Prepare(set); });
  SetUnready("");
  server_->SetServing(true);
  LogInfo("serving", {{"grpc", absl::StrFormat("%s:%d", HostOf(settings_.listen), server_->port())},
                      {"rule_set", rules_.Load()->short_hash}});
}

absl::Status Verdictd::Stop() {
  LogInfo("draining");
  SetUnready("draining");
  if (server_ != nullptr) server_->BeginDrain();
  if (loader_ != nullptr) loader_->Stop();  // it may be loading
  if (server_ != nullptr) {
    if (decider_ != nullptr) std::this_thread::sleep_for(milliseconds(settings_.drain.notice_ms));
    server_->Shutdown(milliseconds(settings_.drain.calls_ms));
    server_.reset();
  }
  answering_ = nullptr;
  drop_.reset();
  decider_.reset();
  blobs_.reset();
  if (fold_ != nullptr) fold_->Stop();
  fold_.reset();
  sliding_.reset();
  absl::Status saved;
  if (pump_ != nullptr) {
    pump_->Stop();
    if (caught_up_) saved = checkpoints_->WriteNow();
  }
  http_.reset();  // late: the last scrapes see the end
  if (!saved.ok()) LogError("last checkpoint failed", {{"error", std::string(saved.message())}});
  LogInfo("stopped");
  return saved;
}

void Verdictd::Score(decide::ScoreCall* call) {
  if (decide::Decider* decider = answering_.load(std::memory_order_acquire))
    return decider->Score(call);
  if (!call->dry_run) not_ready_.Add();
  call->status = absl::UnavailableError(absl::StrFormat("not ready: %s", readiness().reason));
  call->Done();
}

absl::StatusOr<model::Decision> Verdictd::GetDecision(const std::string& transaction_id) {
  if (decide::Decider* decider = answering_.load(std::memory_order_acquire)) {
    return decider->GetDecision(transaction_id);
  }
  return absl::UnavailableError(absl::StrFormat("not ready: %s", readiness().reason));
}

void Verdictd::SetUnready(std::string why) {
  base::MutexLock lock(mutex_);
  unready_ = std::move(why);
}

http_api::Readiness Verdictd::readiness() {
  base::MutexLock lock(mutex_);
  if (!unready_.empty()) return {false, unready_};
  if (!deployment_->log().healthy()) return {false, "the log does not take events"};
  return {true, ""};
}

}  // namespace verdict
