// The service as one object: its parts, bottom-up, and the steps of its life.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "aggregate/blob_cache.h"
#include "aggregate/fold_scheduler.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "base/published.h"
#include "counters/checkpoint.h"
#include "counters/live_state.h"
#include "decide/decider.h"
#include "decide/recent_decisions.h"
#include "deployment/deployment.h"
#include "eventlog/rules_of_the_log.h"
#include "grpc_api/server.h"
#include "http_api/http_server.h"
#include "ingest/checkpoint_thread.h"
#include "ingest/day_imports.h"
#include "ingest/drop_thread.h"
#include "ingest/live_metrics.h"
#include "ingest/pump.h"
#include "ingest/sliding_replay.h"
#include "ingest/start_up.h"
#include "model/entity_key.h"
#include "rule_loader.h"
#include "settings/settings.h"
#include "stop_signal.h"

namespace verdict {

// **Thread-compatible.** The steps are taken in the order they stand here, on one thread.
class Verdictd {
 public:
  explicit Verdictd(const settings::Settings& settings);
  ~Verdictd();

  // The folder, the ports; no broker is asked. Errors are the operator's to mend: in use, made with
  // other settings, not permitted.
  absl::Status Open();
  // Until the log is reached, a rule set can be loaded, live state is restored and the log is
  // caught up with. Waits for brokers that are away; errors are what they are after an answer.
  // Cancelled: `stop` came first.
  absl::Status Prepare(StopSignal* stop);
  // Answers, folds, saves.
  void Serve();
  // Drains, stops everything in the reverse order, saves. After any of the steps above.
  absl::Status Stop();

 private:
  absl::Status OpenPorts();
  absl::Status UntilReached(StopSignal* stop, const std::string& doing,
                            const std::function<absl::Status()>& step);
  absl::Status ReachLog(StopSignal* stop);
  absl::Status AwaitRules(StopSignal* stop);
  absl::Status RestoreAll(StopSignal* stop);
  absl::Status Restore();
  void ForgetState();
  absl::Status ReplaySliding(const ingest::StartUpReport& start);
  absl::Status CatchUp(StopSignal* stop);
  absl::Status FindPublishedCut(ingest::StartUpParts* start_up);
  absl::Status MarkOvertakenImports(const ingest::StartUpReport& report);
  absl::Status MakePump(const ingest::StartUpReport& report);
  void MakeDecider();
  absl::Status MakeFold();  // none where a batch of its own folds
  absl::Status MakeDrop();
  absl::StatusOr<std::unique_ptr<ingest::LogTrim>> MakeTrim();
  // Of the fold thread.
  void ExpireValues();
  void SweepNightly(const std::function<bool()>& stopping);
  void Score(decide::ScoreCall* call);
  absl::StatusOr<model::Decision> GetDecision(const std::string& transaction_id);
  // Not ready, and why; empty: ready.
  void SetUnready(std::string why) EXCLUDES_LOCK(mutex_);
  http_api::Readiness readiness() EXCLUDES_LOCK(mutex_);

  const settings::Settings settings_;
  const base::Counter not_ready_;  // Score calls that came before there was a decider
  std::unique_ptr<base::Clock> clock_;
  base::Published<ruleset::RuleSet> rules_;
  std::unique_ptr<deployment::Deployment> deployment_;
  std::unique_ptr<eventlog::CutSchedule> schedule_;
  std::unique_ptr<model::KeyHasher> hasher_;
  std::shared_ptr<const feature::FeatureSet>
      features_;  // those that are counted; keeps their rule set
  std::unique_ptr<counters::LiveState> live_;
  std::unique_ptr<ingest::LiveMetrics> live_metrics_;
  std::unique_ptr<ingest::DayImports> imports_;  // after live_, which it tells
  std::unique_ptr<counters::Checkpoint> checkpoint_;
  std::unique_ptr<eventlog::EventSource> source_;
  std::unique_ptr<ingest::CheckpointThread> checkpoints_;
  std::unique_ptr<ingest::Pump> pump_;
  std::unique_ptr<eventlog::EventSource> sliding_source_;
  std::unique_ptr<ingest::SlidingReplay> sliding_;
  std::unique_ptr<eventlog::EventSource> fold_source_;
  std::unique_ptr<aggregate::FoldScheduler> fold_;
  std::unique_ptr<aggregate::BlobCache> blobs_;
  decide::RecentDecisions recent_;
  std::unique_ptr<decide::Decider> decider_;
  std::unique_ptr<eventlog::EventSource> trim_source_;
  std::unique_ptr<ingest::DropThread> drop_;
  feature::CutId base_ = feature::kNoCut;             // StartUpReport::base
  std::vector<uint64_t> overtaken_imports_;           // the log has lost what follows them
  std::atomic<decide::Decider*> answering_{nullptr};  // null: not yet
  bool caught_up_ = false;                            // live state is worth saving
  std::unique_ptr<RuleLoader> loader_;
  base::Mutex mutex_;
  std::string unready_ GUARDED_BY(mutex_) = "starting";
  // Last: their threads read what stands above, until they are destroyed.
  std::unique_ptr<grpc_api::Server> server_;
  std::unique_ptr<http_api::HttpServer> http_;
};

}  // namespace verdict
