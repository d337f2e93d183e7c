// Blobs and manifests in a RocksDB of their own: the embedded AggregateStore. It is its own base:
// each blob says which cut it reaches.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "aggregate/aggregate_store.h"

namespace verdict::rocks_store {

// Thread-safe. One reader thread answers Get(); the batch's calls block their own thread.
class RocksAggregateStore : public aggregate::AggregateStore {
 public:
  struct Options {
    size_t block_cache_bytes = size_t{128} << 20;
    size_t queue_max = 8192;  // Gets that may wait; beyond, they fail at once
  };
  // Makes the folder where it is not there. Errors: PermissionDenied, DataLoss, Unavailable.
  static absl::StatusOr<std::unique_ptr<RocksAggregateStore>> Open(const std::string& folder,
                                                                   const Options& options);
  ~RocksAggregateStore() override;
  // Values last written before `cut` go by and by; see Manifest::oldest_day.
  void ExpireBefore(feature::CutId cut);

  void Get(std::vector<aggregate::BlobKey> keys, std::chrono::milliseconds timeout,
           aggregate::OnBlobs done) override;
  absl::StatusOr<std::vector<aggregate::BlobResult>> GetNow(
      std::span<const aggregate::BlobKey> keys) override;
  absl::Status PutIfNewer(std::span<const aggregate::BlobWrite> writes) override;
  absl::Status Replace(std::span<const aggregate::BlobWrite> writes) override;
  absl::StatusOr<aggregate::Manifest> GetManifest(uint64_t measure_hash) override;
  absl::Status CompareAndSwapManifest(uint64_t measure_hash, const aggregate::Manifest& expected,
                                      const aggregate::Manifest& next) override;
  absl::Status Scan(uint64_t measure_hash,
                    const std::function<absl::Status(const model::EntityKey&,
                                                     const feature::Blob&)>& visit) override;
  absl::Status ScanMeasures(std::span<const uint64_t> measures, const VisitMeasure& visit) override;

 private:
  class Reader;
  struct Database;
  explicit RocksAggregateStore(std::unique_ptr<Database> database, const Options& options);
  std::unique_ptr<Database> database_;
  std::unique_ptr<Reader> reader_;  // after the database: it stops first
};

}  // namespace verdict::rocks_store
