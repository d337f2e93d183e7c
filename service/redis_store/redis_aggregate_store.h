// Blobs and manifests in a Redis that all replicas read: the AggregateStore of production. It is a
// copy: what it loses is uploaded again from the batch's own base.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "aggregate/aggregate_store.h"
#include "feature/blob.h"
#include "model/entity_key.h"
#include "redis_store/redis_options.h"

namespace verdict::redis_store {

// What a look at the server found besides nothing wrong.
struct ServerReport {
  std::string version;                // "7.0.15"
  std::vector<std::string> warnings;  // what an operator should know
};

// Thread-safe. One thread, verdict-redis, answers Get(); the batch's calls block their own thread,
// on a connection of their own, each of their pipelines for at most `batch_timeout`.
class RedisAggregateStore : public aggregate::AggregateStore {
 public:
  // Succeeds while the server is away: then Get() fails at once, verdict_dependency_up
  // {dependency="redis"} is 0, and the connection is made as soon as it can be. Errors:
  // InvalidArgument: the options, the password file.
  static absl::StatusOr<std::unique_ptr<RedisAggregateStore>> Connect(const RedisOptions& options);
  ~RedisAggregateStore() override;

  // For the start: reachable, Redis 6 or newer, a primary, no cluster, evicts nothing. Blocks.
  // Errors: Unavailable or DeadlineExceeded: away, it may come; PermissionDenied: who we are;
  // FailedPrecondition: not fit to keep aggregates, and how to mend it.
  absl::StatusOr<ServerReport> CheckServer();
  // Tells of measures that came after Connect. A measure nobody told of cannot be named in Redis:
  // its Gets fail, the batch's calls are InvalidArgument.
  absl::Status AddMeasures(const std::map<uint64_t, std::string>& entity_of_measure);

  // A blob expires `kept_days` + 7 days after it was written, when no window reaches its days; one
  // that is put again, as if it were new. 0: never. For what is written from here on. REQUIRES: >=
  // 0; 0 under an event clock, which may stand still for longer than that.
  void KeepDays(int kept_days);

  // `done` is called on the caller's thread where Redis is known to be away, or too many Gets are
  // under way.
  void Get(std::vector<aggregate::BlobKey> keys, std::chrono::milliseconds timeout,
           aggregate::OnBlobs done) override;
  absl::StatusOr<std::vector<aggregate::BlobResult>> GetNow(
      std::span<const aggregate::BlobKey> keys) override;
  // Errors, besides the outside's: DataLoss where a key holds what is no blob of ours: it is not
  // replaced unseen.
  absl::Status PutIfNewer(std::span<const aggregate::BlobWrite> writes) override;
  absl::StatusOr<aggregate::Manifest> GetManifest(uint64_t measure_hash) override;
  // After Unavailable or DeadlineExceeded it may have been swapped: look before trying again.
  absl::Status CompareAndSwapManifest(uint64_t measure_hash, const aggregate::Manifest& expected,
                                      const aggregate::Manifest& next) override;
  // The server's run id, another one after every start of it; and whether its database is empty.
  absl::StatusOr<std::string> Incarnation() override;
  // Gathers all keys first: 12 bytes each in memory. Reads every key of the database.
  absl::Status Scan(uint64_t measure_hash,
                    const std::function<absl::Status(const model::EntityKey&,
                                                     const feature::Blob&)>& visit) override;

 private:
  struct Parts;
  explicit RedisAggregateStore(std::unique_ptr<Parts> parts);
  absl::StatusOr<std::string> KeyOf(const aggregate::BlobKey& key) const;
  absl::StatusOr<std::string> PutScript(bool load_again);
  absl::Status PutSome(std::span<const aggregate::BlobWrite> writes);
  absl::StatusOr<std::vector<model::EntityKey>> KeysOf(uint64_t measure_hash);
  absl::StatusOr<std::string> ManifestBytes(uint64_t measure_hash);

  const std::unique_ptr<Parts> parts_;
};

}  // namespace verdict::redis_store
