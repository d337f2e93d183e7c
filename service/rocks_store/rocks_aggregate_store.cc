#include "rocks_store/rocks_aggregate_store.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <array>
#include <deque>
#include <optional>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "aggregate/blob_codec.h"
#include "aggregate/manifest_codec.h"
#include "base/mutex.h"
#include "base/status.h"
#include "base/thread_role.h"
#include "rocks_store/blob_expiry.h"
#include "rocks_store/get_many.h"
#include "rocks_store/info_log.h"
#include "rocks_store/read_versions.h"
#include "rocks_store/rocks_status.h"
#include "rocks_store/rocks_threads.h"
#include "rocks_store/write_again.h"

namespace verdict::rocks_store {
namespace {

using aggregate::BlobKey;
using aggregate::BlobResult;
using aggregate::BlobWrite;
using aggregate::Manifest;
using Clock = std::chrono::steady_clock;

// Keys: 'b' + 12 bytes of entity + measure hash (big-endian): what one payment asks of an entity
// lies side by side, mostly in one block. Manifests: 'm' + measure hash.
constexpr size_t kEntityBytes = std::tuple_size_v<decltype(model::EntityKey::bytes)>;
constexpr size_t kBlobKeyBytes = 1 + kEntityBytes + 8;

// Eight bytes.
void PutHash(uint64_t measure_hash, char* at) {
  for (int shift = 56; shift >= 0; shift -= 8) *at++ = static_cast<char>(measure_hash >> shift);
}

uint64_t HashAt(const char* bytes) {
  uint64_t hash = 0;
  for (int i = 0; i < 8; ++i) hash = (hash << 8) | static_cast<uint8_t>(bytes[i]);
  return hash;
}

std::string ManifestKey(uint64_t measure_hash) {
  std::string key(1 + sizeof measure_hash, 'm');
  PutHash(measure_hash, key.data() + 1);
  return key;
}

std::array<char, kBlobKeyBytes> StoreKey(const BlobKey& key) {
  std::array<char, kBlobKeyBytes> bytes;
  bytes[0] = 'b';
  std::copy_n(key.entity.bytes.data(), kEntityBytes, bytes.data() + 1);
  PutHash(key.measure_hash, bytes.data() + 1 + kEntityBytes);
  return bytes;
}

rocksdb::Slice SliceOf(const std::array<char, kBlobKeyBytes>& key) {
  return {key.data(), key.size()};
}

rocksdb::Options DatabaseOptions(const RocksAggregateStore::Options& options) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(options.block_cache_bytes);
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  rocksdb::Options database;
  database.create_if_missing = true;
  database.max_background_jobs = 2;
  database.write_buffer_size = size_t{64} << 20;
  database.memtable_prefix_bloom_size_ratio = 0.05;  // most keys that are asked for are not in it
  database.memtable_whole_key_filtering = true;
  database.compression = rocksdb::kNoCompression;  // a cold payment pays for each block it opens
  database.max_open_files = 512;
  database.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return database;
}

}  // namespace

struct RocksAggregateStore::Database {
  std::string folder;
  BlobExpiry expiry;  // outlives the database
  std::unique_ptr<rocksdb::DB> db;
  base::Mutex write_mutex;  // put_if_newer and manifests read before they write
  uint64_t puts GUARDED_BY(write_mutex) = 0;
  ReadVersions given GUARDED_BY(write_mutex);  // by the last GetNow, after so many `puts`

  enum class Unreadable : uint8_t { kKept, kReplaced };
  absl::Status Put(std::span<const BlobWrite> writes, Unreadable unreadable)
      EXCLUDES_LOCK(write_mutex);
  std::vector<BlobResult> Read(std::span<const BlobKey> keys) const {
    std::vector<std::array<char, kBlobKeyBytes>> bytes;
    std::vector<rocksdb::Slice> slices;
    bytes.reserve(keys.size());
    slices.reserve(keys.size());
    for (const BlobKey& key : keys) slices.push_back(SliceOf(bytes.emplace_back(StoreKey(key))));
    std::vector<BlobResult> results(keys.size());
    GetMany(db.get(), slices, [&](size_t i, const auto& status, const auto& value) {
      if (status.IsNotFound()) results[i].state = BlobResult::State::kAbsent;
      if (!status.ok()) return;
      auto blob = aggregate::DecodeBlob({value.data(), value.size()});
      if (!blob.ok() || blob->measure_hash != keys[i].measure_hash) return;
      results[i].state = BlobResult::State::kFound;
      results[i].blob = *std::move(blob);
    });
    return results;
  }
};

absl::Status RocksAggregateStore::Database::Put(std::span<const BlobWrite> writes,
                                                Unreadable unreadable) {
  base::MutexLock lock(write_mutex);
  std::vector<BlobKey> keys;
  keys.reserve(writes.size());
  for (const BlobWrite& write : writes) keys.push_back(write.key);
  // Who has just read them is spared a second reading, unless somebody wrote meanwhile.
  std::optional<std::vector<BlobVersion>> stored = given.Of(keys, puts);
  if (!stored) stored = ReadVersions(puts, keys, Read(keys)).versions();
  rocksdb::WriteBatch batch;
  for (size_t i = 0; i < writes.size(); ++i) {
    const BlobVersion& version = (*stored)[i];
    if (version.state == BlobResult::State::kFailed && unreadable == Unreadable::kKept) {
      return absl::DataLossError(
          absl::StrCat("a blob in ", folder, " cannot be read, and is not replaced unread"));
    }
    if (version.state == BlobResult::State::kFound && !version.IsOlderThan(writes[i].blob)) {
      continue;
    }
    const auto key = StoreKey(writes[i].key);
    RETURN_IF_ERROR(
        FromRocks(batch.Put(SliceOf(key), aggregate::EncodeBlob(writes[i].blob)), "gather blobs"));
  }
  ++puts;  // whatever comes of it
  rocksdb::DB* database = db.get();
  return FromRocks(WriteAgainAfterResume(
                       database, [&] { return database->Write(rocksdb::WriteOptions(), &batch); }),
                   "write blobs to " + folder);
}

// The thread that answers Get(): what waits is read in one MultiGet.
class RocksAggregateStore::Reader {
 public:
  Reader(const Database* database, size_t queue_max)
      : database_(database), queue_max_(queue_max), thread_([this] { Run(); }) {}
  ~Reader() {
    {
      base::MutexLock lock(mutex_);
      stopping_ = true;
    }
    wake_.NotifyAll();
    thread_.join();
  }

  void Add(std::vector<BlobKey> keys, std::chrono::milliseconds timeout, aggregate::OnBlobs done) {
    const size_t count = keys.size();
    {
      base::MutexLock lock(mutex_);
      if (queue_.size() < queue_max_) {
        queue_.push_back({std::move(keys), Clock::now() + timeout, std::move(done)});
        done = nullptr;
      }
    }
    if (done != nullptr) return done(std::vector<BlobResult>(count));  // full: all kFailed
    wake_.NotifyOne();
  }

 private:
  static constexpr size_t kBatchKeys = 256;
  struct Waiting {
    std::vector<BlobKey> keys;
    Clock::time_point deadline;
    aggregate::OnBlobs done;
  };

  void Run() {
    base::BeginThread("verdict-read", base::ThreadRole::kServing);
    std::vector<Waiting> batch;
    while (Next(&batch)) Answer(&batch);
  }

  // False once stopping and empty.
  bool Next(std::vector<Waiting>* batch) EXCLUDES_LOCK(mutex_) {
    batch->clear();
    base::MutexLock lock(mutex_);
    while (queue_.empty() && !stopping_) wake_.Wait(mutex_);
    size_t keys = 0;
    while (!queue_.empty() && keys < kBatchKeys) {
      keys += queue_.front().keys.size();
      batch->push_back(std::move(queue_.front()));
      queue_.pop_front();
    }
    return !batch->empty();
  }

  void Answer(std::vector<Waiting>* batch) {
    std::vector<BlobKey> keys;
    const Clock::time_point now = Clock::now();
    for (const Waiting& waiting : *batch) {
      if (waiting.deadline >= now)
        keys.insert(keys.end(), waiting.keys.begin(), waiting.keys.end());
    }
    std::vector<BlobResult> results = database_->Read(keys);
    auto next = results.begin();
    for (Waiting& waiting : *batch) {
      std::vector<BlobResult> mine(waiting.keys.size());  // too late: all kFailed
      if (waiting.deadline >= now) {
        std::move(next, next + static_cast<std::ptrdiff_t>(mine.size()), mine.begin());
        next += static_cast<std::ptrdiff_t>(mine.size());
      }
      waiting.done(std::move(mine));
    }
  }

  const Database* database_;
  const size_t queue_max_;
  base::Mutex mutex_;
  base::CondVar wake_;
  std::deque<Waiting> queue_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

RocksAggregateStore::RocksAggregateStore(std::unique_ptr<Database> database, const Options& options)
    : database_(std::move(database)),
      reader_(std::make_unique<Reader>(database_.get(), options.queue_max)) {}
RocksAggregateStore::~RocksAggregateStore() = default;

absl::StatusOr<std::unique_ptr<RocksAggregateStore>> RocksAggregateStore::Open(
    const std::string& folder, const Options& options) {
  auto database = std::make_unique<Database>();
  database->folder = folder;
  rocksdb::Env::Default()->LowerThreadPoolCPUPriority(
      rocksdb::Env::LOW);  // compactions after payments
  rocksdb::Options with_log = DatabaseOptions(options);
  StartRocksThreads();
  with_log.info_log = MakeInfoLog(folder);
  with_log.compaction_filter = &database->expiry;
  rocksdb::DB* db = nullptr;
  RETURN_IF_ERROR(
      FromRocks(rocksdb::DB::Open(with_log, folder, &db), "open the aggregates in " + folder));
  database->db.reset(db);
  return std::unique_ptr<RocksAggregateStore>(
      new RocksAggregateStore(std::move(database), options));
}

void RocksAggregateStore::ExpireBefore(feature::CutId cut) { database_->expiry.ExpireBefore(cut); }

void RocksAggregateStore::Get(std::vector<BlobKey> keys, std::chrono::milliseconds timeout,
                              aggregate::OnBlobs done) {
  reader_->Add(std::move(keys), timeout, std::move(done));
}

absl::StatusOr<std::vector<BlobResult>> RocksAggregateStore::GetNow(std::span<const BlobKey> keys) {
  uint64_t puts = 0;
  {
    base::MutexLock lock(database_->write_mutex);
    puts = database_->puts;
  }
  std::vector<BlobResult> results = database_->Read(keys);
  ReadVersions given(puts, keys, results);
  base::MutexLock lock(database_->write_mutex);
  database_->given = std::move(given);
  return results;
}

absl::Status RocksAggregateStore::PutIfNewer(std::span<const BlobWrite> writes) {
  return database_->Put(writes, Database::Unreadable::kKept);
}

absl::Status RocksAggregateStore::Replace(std::span<const BlobWrite> writes) {
  return database_->Put(writes, Database::Unreadable::kReplaced);
}

absl::StatusOr<Manifest> RocksAggregateStore::GetManifest(uint64_t measure_hash) {
  std::string bytes;
  const rocksdb::Status status =
      database_->db->Get(rocksdb::ReadOptions(), ManifestKey(measure_hash), &bytes);
  if (status.IsNotFound()) return Manifest();
  RETURN_IF_ERROR(FromRocks(status, "read a manifest in " + database_->folder));
  return aggregate::DecodeManifest(bytes);
}

absl::Status RocksAggregateStore::CompareAndSwapManifest(uint64_t measure_hash,
                                                         const Manifest& expected,
                                                         const Manifest& next) {
  base::MutexLock lock(database_->write_mutex);
  ASSIGN_OR_RETURN(const Manifest stored, GetManifest(measure_hash));
  if (!(stored == expected)) {
    return absl::AbortedError("another run has changed the manifest meanwhile");
  }
  // Synced, and with it every blob written before: a PUBLISHED cut must survive a power loss.
  rocksdb::WriteOptions options;
  options.sync = true;
  return FromRocks(WriteAgainAfterResume(database_->db.get(),
                                         [&] {
                                           return database_->db->Put(
                                               options, ManifestKey(measure_hash),
                                               aggregate::EncodeManifest(next));
                                         }),
                   "write a manifest to " + database_->folder);
}

absl::Status RocksAggregateStore::Scan(
    uint64_t measure_hash,
    const std::function<absl::Status(const model::EntityKey&, const feature::Blob&)>& visit) {
  return ScanMeasures({&measure_hash, 1},
                      [&](uint64_t, const model::EntityKey& key, const feature::Blob& blob) {
                        return visit(key, blob);
                      });
}

absl::Status RocksAggregateStore::ScanMeasures(std::span<const uint64_t> measures,
                                               const VisitMeasure& visit) {
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  const std::unique_ptr<rocksdb::Iterator> at(database_->db->NewIterator(options));
  for (at->Seek("b"); at->Valid() && at->key().starts_with("b"); at->Next()) {
    if (at->key().size() != kBlobKeyBytes) {
      return absl::DataLossError(absl::StrCat("a damaged key in ", database_->folder));
    }
    const uint64_t measure = HashAt(at->key().data() + 1 + kEntityBytes);
    if (std::find(measures.begin(), measures.end(), measure) == measures.end()) continue;
    model::EntityKey entity;
    std::copy_n(at->key().data() + 1, kEntityBytes, reinterpret_cast<char*>(entity.bytes.data()));
    ASSIGN_OR_RETURN(const feature::Blob blob,
                     aggregate::DecodeBlob({at->value().data(), at->value().size()}));
    RETURN_IF_ERROR(visit(measure, entity, blob));
  }
  return FromRocks(at->status(), "scan " + database_->folder);
}

}  // namespace verdict::rocks_store
