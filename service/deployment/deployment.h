// What the settings name, opened: a log, a store of aggregates, a folder of one's own. Start here.
#pragma once

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

// Who opens it.
enum class Role : uint8_t {
  kService,  // verdictd
  kBatch,    // `verdict aggregate`: no checkpoint
  kImport    // `verdict import`: the log alone is needed
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
  // `clock` must outlive it; it is moved to where the log ends. `program` is what a second process
  // is told. Errors: FailedPrecondition (in use; made with other settings), InvalidArgument,
  // PermissionDenied, DataLoss, Unavailable.
  static absl::StatusOr<std::unique_ptr<Deployment>> Open(const settings::Settings& settings,
                                                          base::Clock* clock, Role role,
                                                          const std::string& program,
                                                          const Reports& report = {});
  ~Deployment();

  const base::SipKey& secret() const;  // of entity keys
  LogBackend& log() { return *log_; }
  // Where decisions look for blobs, and folds put them. REQUIRES: not an import.
  aggregate::AggregateStore& aggregates();
  // What a fold adds to (R25); null: aggregates() is its own base. REQUIRES: who folds.
  aggregate::AggregateStore* base();
  // Tells the store of the measures that will be asked for. Before any of them is.
  absl::Status AddMeasures(const feature::FeatureSet& features);
  // Looks at servers that may be away at the start: what is wrong with them, in the operator's
  // words; OK where there are none. Errors: Unavailable, DeadlineExceeded: it may come yet; others:
  // not fit.
  absl::Status CheckServers();
  counters::CheckpointStore& checkpoint();  // REQUIRES: the service
  // Where a damaged checkpoint was moved to; empty: it was whole. Tell a person.
  const std::string& damaged_checkpoint() const;
  // True where the process that serves folds by itself; else `verdict aggregate` does.
  bool folds_here() const;
  // What is weaker than it could be, a line each: tell a person.
  const std::vector<std::string>& warnings() const { return warnings_; }
  // For the operator, in a word or two: "embedded /var/lib/verdict".
  const std::string& name() const { return name_; }

 private:
  Deployment();
  absl::Status OpenEmbedded(const settings::Settings& settings, base::Clock* clock,
                            const std::string& program);
  absl::Status OpenRedis(const settings::Settings& settings, bool event_clock,
                         const Report& report);
  absl::Status OpenServers(const settings::Settings& settings, base::Clock* clock, Role role,
                           const std::string& program, const Report& report);

  std::string name_;
  std::vector<std::string> warnings_;
  bool folds_here_ = true;
  std::unique_ptr<redis_store::RedisAggregateStore> redis_;  // null: blobs lie in dir_ alone
  std::unique_ptr<rocks_store::EmbeddedDir> dir_;            // null: an import into a server
  std::unique_ptr<LogBackend> log_;                          // after what it is made of
};

// "event" or "wall", as the settings say.
std::unique_ptr<base::Clock> MakeClock(const settings::Settings& settings);

}  // namespace verdict::deployment
