// What the settings name, opened: a log, a store of aggregates, a folder of one's own. Start here.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "aggregate/aggregate_store.h"
#include "base/clock.h"
#include "base/hash.h"
#include "counters/checkpoint_store.h"
#include "deployment/log_backend.h"
#include "feature/feature_set.h"
#include "redis_store/redis_aggregate_store.h"
#include "rocks_store/embedded_dir.h"
#include "settings/settings.h"

namespace verdict::deployment {

class KafkaBackend;  // deployment/kafka_backend.h

// Who opens it.
enum class Role : uint8_t {
  kService,  // verdictd
  kBatch,    // `verdict aggregate`: no checkpoint
  kImport,   // `verdict import`: the log alone is needed
  kUpload    // `verdict aggregate upload`: base and store; no brokers are asked
};

// Told when something goes away and comes back (OK), on a thread of its own; may be empty.
using Report = std::function<void(const absl::Status&)>;
struct Reports {
  Report store;      // the server of aggregates
  Report decisions;  // decisions are spooled
};

// Thread-safe in as much as its parts are. Whoever uses them stops first.
class Deployment {
 public:
  // `clock` must outlive it. `program` is what a second process is told. The log is reached, but
  // where it is of brokers, which may be away, and the service will wait for them. Errors:
  // FailedPrecondition (in use; made with other settings), InvalidArgument, PermissionDenied,
  // DataLoss, Unavailable; those of ReachLog.
  static absl::StatusOr<std::unique_ptr<Deployment>> Open(const settings::Settings& settings,
                                                          base::Clock* clock, Role role,
                                                          const std::string& program,
                                                          const Reports& report = {});
  ~Deployment();

  // LogBackend::Reach; then moves the clock to where the log ends, and lets the service write.
  // Until it is OK, log() gives no source.
  absl::Status ReachLog(std::chrono::milliseconds wait);

  const base::SipKey& secret() const;  // of entity keys
  LogBackend& log() { return *log_; }  // REQUIRES: not an upload
  // Where decisions look for blobs, and folds put them. REQUIRES: not an import.
  aggregate::AggregateStore& aggregates();
  // What a fold adds to (R25); null: aggregates() is its own base. REQUIRES: who folds or uploads.
  aggregate::AggregateStore* base();
  // Blobs of aggregates() go once no window reaches their days.
  bool aggregates_expire() const { return redis_ != nullptr && expire_; }
  // Tells the store of the measures that will be asked for, and how long to keep them. Before any
  // of them is.
  absl::Status AddMeasures(const feature::FeatureSet& features);
  // Looks at servers that may be away at the start: what is wrong with them, in the operator's
  // words; OK where there are none. Errors: Unavailable, DeadlineExceeded: it may come yet; others:
  // not fit.
  absl::Status CheckServers();
  // Values in the own folder that were last written before `cut` may go (aggregate::ExpiredBefore).
  // What lies in Redis goes by its own expiry.
  void ExpireBefore(feature::CutId cut);
  counters::CheckpointStore& checkpoint();  // REQUIRES: has_checkpoint()
  // The service has one, and whoever owns an embedded folder.
  bool has_checkpoint() const { return has_checkpoint_; }
  // Where a damaged checkpoint was moved to; empty: it was whole. Tell a person.
  const std::string& damaged_checkpoint() const;
  // True where the process that serves folds by itself; else `verdict aggregate` does.
  bool folds_here() const;
  // What is weaker than it could be, a line each: tell a person.
  const std::vector<std::string>& warnings() const { return warnings_; }
  // For the operator, in a word or two: "embedded /var/lib/verdict".
  const std::string& name() const { return name_; }

 private:
  Deployment(base::Clock* clock, Role role, Report decisions);
  absl::Status OpenEmbedded(const settings::Settings& settings, base::Clock* clock,
                            const std::string& program);
  absl::Status OpenRedis(const settings::Settings& settings, bool event_clock,
                         const Report& report);
  absl::Status OpenServers(const settings::Settings& settings, base::Clock* clock, Role role,
                           const std::string& program);

  base::Clock* const clock_;
  const Role role_;
  const Report report_decisions_;
  std::string name_;
  std::vector<std::string> warnings_;
  bool folds_here_ = true;
  bool has_values_ = true;  // in dir_
  bool has_checkpoint_ = true;
  bool expire_ = false;
  std::unique_ptr<redis_store::RedisAggregateStore> redis_;  // null: blobs lie in dir_ alone
  std::unique_ptr<rocks_store::EmbeddedDir> dir_;            // null: an import into a server
  std::unique_ptr<LogBackend> log_;                          // after what it is made of
  KafkaBackend* kafka_ = nullptr;                            // log_, where it is one
};

// "event" or "wall", as the settings say.
std::unique_ptr<base::Clock> MakeClock(const settings::Settings& settings);

}  // namespace verdict::deployment
