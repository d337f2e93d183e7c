// What the settings name, opened: a log, a store of aggregates, a folder of one's own. Start here.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "aggregate/aggregate_store.h"
#include "base/clock.h"
#include "base/hash.h"
#include "counters/checkpoint_store.h"
#include "deployment/log_backend.h"
#include "rocks_store/embedded_dir.h"
#include "settings/settings.h"

namespace verdict::deployment {

// Who opens it.
enum class Role : uint8_t {
  kService,  // verdictd
  kBatch,    // `verdict aggregate`: no checkpoint
  kImport    // `verdict import`: the log alone is needed
};

// Thread-safe in as much as its parts are. Whoever uses them stops first.
class Deployment {
 public:
  // `clock` must outlive it; it is moved to where the log ends. `program` is what a second process
  // is told. Errors: FailedPrecondition (in use; made with other settings), InvalidArgument,
  // PermissionDenied, DataLoss, Unavailable.
  static absl::StatusOr<std::unique_ptr<Deployment>> Open(const settings::Settings& settings,
                                                          base::Clock* clock, Role role,
                                                          const std::string& program);
  ~Deployment();

  const base::SipKey& secret() const;  // of entity keys
  LogBackend& log() { return *log_; }
  // Where decisions look for blobs. REQUIRES: not an import.
  aggregate::AggregateStore& aggregates();
  counters::CheckpointStore& checkpoint();  // REQUIRES: the service
  // Where a damaged checkpoint was moved to; empty: it was whole. Tell a person.
  const std::string& damaged_checkpoint() const;
  // True where the process that serves folds by itself; else `verdict aggregate` does.
  bool folds_here() const;
  // For the operator, in a word or two: "embedded /var/lib/verdict".
  const std::string& name() const { return name_; }

 private:
  Deployment();
  absl::Status OpenEmbedded(const settings::Settings& settings, base::Clock* clock,
                            const std::string& program);
  absl::Status OpenServers(const settings::Settings& settings, base::Clock* clock, Role role,
                           const std::string& program);

  std::string name_;
  std::unique_ptr<rocks_store::EmbeddedDir> dir_;  // null: an import into a server
  std::unique_ptr<LogBackend> log_;                // after what it is made of
};

// "event" or "wall", as the settings say.
std::unique_ptr<base::Clock> MakeClock(const settings::Settings& settings);

}  // namespace verdict::deployment
