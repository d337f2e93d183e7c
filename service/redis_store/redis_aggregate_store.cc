#include "redis_store/redis_aggregate_store.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "absl/strings/str_cat.h"
#include "aggregate/blob_codec.h"
#include "aggregate/manifest_codec.h"
#include "base/check.h"
#include "base/mutex.h"
#include "base/status.h"
#include "redis_store/batch_client.h"
#include "redis_store/blob_bytes.h"
#include "redis_store/blob_reader.h"
#include "redis_store/redis_key.h"
#include "redis_store/scripts.h"
#include "redis_store/server_check.h"
#include "redis_store/store_metrics.h"

namespace verdict::redis_store {
namespace {

using aggregate::BlobKey;
using aggregate::BlobResult;
using aggregate::BlobWrite;
using aggregate::Manifest;

constexpr size_t kPipelineMax = 512;  // commands of one pipeline of the batch
constexpr char kScanCount[] = "1000";
constexpr int64_t kDaySeconds = 86'400;
constexpr int kDaysBeyondKept = 7;

std::string SecondsToLive(int kept_days) {
  return kept_days == 0 ? "0" : absl::StrCat((kept_days + kDaysBeyondKept) * kDaySeconds);
}

absl::Status Counted(absl::Status status, const OperationMetrics& metrics) {
  if (!status.ok()) metrics.Fail();
  return status;
}

}  // namespace

struct RedisAggregateStore::Parts {
  explicit Parts(const RedisOptions& given)
      : options(given),
        kept_days(given.kept_days),
        names(given.entity_of_measure),
        batch(options),
        reader(options, &names) {}

  const RedisOptions options;
  std::atomic<int> kept_days;
  const OperationMetrics get_now{"get_now"}, put{"put"}, manifest{"manifest"},
      manifest_cas{"manifest_cas"}, scan{"scan"}, check{"check"}, life{"life"};
  KeyNames names;
  base::Mutex mutex;
  std::string put_script GUARDED_BY(mutex);  // its SHA1, once Redis has told it
  BatchClient batch;
  BlobReader reader;  // last: its thread uses what stands above
};

RedisAggregateStore::RedisAggregateStore(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
RedisAggregateStore::~RedisAggregateStore() = default;

absl::StatusOr<std::unique_ptr<RedisAggregateStore>> RedisAggregateStore::Connect(
    const RedisOptions& options) {
  RETURN_IF_ERROR(CheckOptions(options));
  return std::unique_ptr<RedisAggregateStore>(
      new RedisAggregateStore(std::make_unique<Parts>(options)));
}

absl::StatusOr<ServerReport> RedisAggregateStore::CheckServer() {
  const Stopwatch watch(parts_->check);
  auto report = LookAtServer(&parts_->batch, parts_->options);
  if (!report.ok()) parts_->check.Fail();
  return report;
}

absl::Status RedisAggregateStore::AddMeasures(
    const std::map<uint64_t, std::string>& entity_of_measure) {
  for (const auto& [measure, entity] : entity_of_measure) RETURN_IF_ERROR(CheckEntityName(entity));
  parts_->names.Add(entity_of_measure);
  return absl::OkStatus();
}

absl::StatusOr<std::string> RedisAggregateStore::KeyOf(const BlobKey& key) const {
  auto name = parts_->names.Now()->BlobKeyOf(key);
  if (name) return *std::move(name);
  return absl::InvalidArgumentError(absl::StrCat("redis was not told which entity the measure ",
                                                 absl::Hex(key.measure_hash), " is of"));
}

void RedisAggregateStore::Get(std::vector<BlobKey> keys, std::chrono::milliseconds timeout,
                              aggregate::OnBlobs done) {
  parts_->reader.Get(std::move(keys), timeout, std::move(done));
}

absl::StatusOr<std::vector<BlobResult>> RedisAggregateStore::GetNow(std::span<const BlobKey> keys) {
  const Stopwatch watch(parts_->get_now);
  std::vector<BlobResult> results;
  results.reserve(keys.size());
  while (results.size() < keys.size()) {
    const auto some = keys.subspan(results.size());
    std::vector<Command> commands;
    for (size_t i = 0; i < std::min(some.size(), kPipelineMax); ++i) {
      ASSIGN_OR_RETURN(std::string name, KeyOf(some[i]));
      commands.push_back({"GET", std::move(name)});
    }
    const auto replies = parts_->batch.Exchange(commands);
    if (!replies.ok()) return Counted(replies.status(), parts_->get_now);
    for (size_t i = 0; i < replies->size(); ++i) {
      results.push_back(BlobOf(*(*replies)[i], some[i].measure_hash));
    }
  }
  return results;
}

// The script's SHA1. Redis forgets scripts with its memory: then they are loaded again.
absl::StatusOr<std::string> RedisAggregateStore::PutScript(bool load_again) {
  {
    base::MutexLock lock(parts_->mutex);
    if (!load_again && !parts_->put_script.empty()) return parts_->put_script;
  }
  const std::string what = absl::StrCat(parts_->options.where(), " refuses SCRIPT LOAD");
  ASSIGN_OR_RETURN(const Reply reply, parts_->batch.Call({"SCRIPT", "LOAD", kPutIfNewer}, what));
  if (reply->type != REDIS_REPLY_STRING) return Unexpected(*reply, what);
  base::MutexLock lock(parts_->mutex);
  parts_->put_script = TextOf(*reply);
  return parts_->put_script;
}

absl::Status RedisAggregateStore::PutIfNewer(std::span<const BlobWrite> writes) {
  const Stopwatch watch(parts_->put);
  for (size_t begin = 0; begin < writes.size(); begin += kPipelineMax) {
    const size_t count = std::min(kPipelineMax, writes.size() - begin);
    RETURN_IF_ERROR(Counted(PutSome(writes.subspan(begin, count)), parts_->put));
  }
  return absl::OkStatus();
}

void RedisAggregateStore::KeepDays(int kept_days) {
  CHECK(kept_days >= 0);
  parts_->kept_days.store(kept_days, std::memory_order_relaxed);
}

absl::Status RedisAggregateStore::PutSome(std::span<const BlobWrite> writes) {
  const std::string lives_s = SecondsToLive(parts_->kept_days.load(std::memory_order_relaxed));
  std::vector<Command> left;
  for (const BlobWrite& write : writes) {
    ASSIGN_OR_RETURN(std::string key, KeyOf(write.key));
    left.push_back(
        {"EVALSHA", "", "1", std::move(key), aggregate::EncodeBlob(write.blob), lives_s});
  }
  for (int round = 0; round < 2; ++round) {
    ASSIGN_OR_RETURN(const std::string script, PutScript(/*load_again=*/round > 0));
    for (Command& command : left) command[1] = script;
    ASSIGN_OR_RETURN(const std::vector<Reply> replies, parts_->batch.Exchange(left));
    std::vector<Command> forgotten;
    for (size_t i = 0; i < replies.size(); ++i) {
      if (IsError(*replies[i]) && ErrorCode(*replies[i]) == "NOSCRIPT") {
        forgotten.push_back(std::move(left[i]));
      } else {
        RETURN_IF_ERROR(CheckPut(*replies[i], left[i][3], parts_->options));
      }
    }
    if (forgotten.empty()) return absl::OkStatus();
    left = std::move(forgotten);
  }
  return absl::UnavailableError(
      absl::StrCat(parts_->options.where(), " forgets scripts as soon as they are loaded"));
}

absl::StatusOr<std::string> RedisAggregateStore::ManifestBytes(uint64_t measure_hash) {
  const std::string key = ManifestKey(measure_hash);
  const std::string what = absl::StrCat(parts_->options.where(), ": reading ", key);
  ASSIGN_OR_RETURN(const Reply reply, parts_->batch.Call({"GET", key}, what));
  if (reply->type == REDIS_REPLY_NIL) return std::string();
  if (reply->type != REDIS_REPLY_STRING) return Unexpected(*reply, what);
  if (reply->len != 0) return std::string(TextOf(*reply));
  return absl::DataLossError(absl::StrCat(what, ": it is empty"));
}

absl::StatusOr<Manifest> RedisAggregateStore::GetManifest(uint64_t measure_hash) {
  const Stopwatch watch(parts_->manifest);
  const auto bytes = ManifestBytes(measure_hash);
  if (!bytes.ok()) return Counted(bytes.status(), parts_->manifest);
  if (bytes->empty()) return Manifest();
  auto manifest = aggregate::DecodeManifest(*bytes);
  if (!manifest.ok()) return Counted(manifest.status(), parts_->manifest);
  return manifest;
}

// The stored bytes are compared, not encoded ones: a manifest that an older build wrote may be
// swapped, too.
absl::Status RedisAggregateStore::CompareAndSwapManifest(uint64_t measure_hash,
                                                         const Manifest& expected,
                                                         const Manifest& next) {
  const Stopwatch watch(parts_->manifest_cas);
  const absl::Status aborted = absl::AbortedError("another run has changed the manifest meanwhile");
  const auto swap = [&]() -> absl::Status {
    ASSIGN_OR_RETURN(const std::string bytes, ManifestBytes(measure_hash));
    Manifest stored;
    if (!bytes.empty()) {
      ASSIGN_OR_RETURN(stored, aggregate::DecodeManifest(bytes));
    }
    if (!(stored == expected)) return aborted;
    const std::string key = ManifestKey(measure_hash);
    const std::string what = absl::StrCat(parts_->options.where(), ": writing ", key);
    ASSIGN_OR_RETURN(const Reply reply, parts_->batch.Call({"EVAL", kCompareAndSwap, "1", key,
                                                            bytes, aggregate::EncodeManifest(next)},
                                                           what));
    if (reply->type != REDIS_REPLY_INTEGER) return Unexpected(*reply, what);
    return reply->integer == 1 ? absl::OkStatus() : aborted;
  };
  absl::Status status = swap();
  return absl::IsAborted(status) ? status : Counted(std::move(status), parts_->manifest_cas);
}

absl::StatusOr<std::string> RedisAggregateStore::Incarnation() {
  const Stopwatch watch(parts_->life);
  auto life = LifeOf(&parts_->batch, parts_->options);
  if (!life.ok()) return Counted(life.status(), parts_->life);
  return life;
}

// SCAN gives keys in no order, and some of them twice.
absl::StatusOr<std::vector<model::EntityKey>> RedisAggregateStore::KeysOf(uint64_t measure_hash) {
  const auto names = parts_->names.Now();
  ASSIGN_OR_RETURN(const std::string any, KeyOf({measure_hash, {}}));
  const std::string pattern = *names->PatternOf(measure_hash);
  const std::string what = absl::StrCat(parts_->options.where(), ": scanning ", pattern);
  std::vector<model::EntityKey> keys;
  std::string cursor = "0";
  do {
    ASSIGN_OR_RETURN(
        const Reply reply,
        parts_->batch.Call({"SCAN", cursor, "MATCH", pattern, "COUNT", kScanCount}, what));
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 ||
        reply->element[0]->type != REDIS_REPLY_STRING ||
        reply->element[1]->type != REDIS_REPLY_ARRAY) {
      return Unexpected(*reply, what);
    }
    cursor = TextOf(*reply->element[0]);
    for (size_t i = 0; i < reply->element[1]->elements; ++i) {
      const redisReply& name = *reply->element[1]->element[i];
      const auto entity = names->EntityOf(measure_hash, TextOf(name));
      if (!entity) {
        return absl::DataLossError(absl::StrCat(what, ": ", std::string(TextOf(name)),
                                                " is no key of ours: see who wrote it"));
      }
      keys.push_back(*entity);
    }
  } while (cursor != "0");
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

absl::Status RedisAggregateStore::Scan(
    uint64_t measure_hash,
    const std::function<absl::Status(const model::EntityKey&, const feature::Blob&)>& visit) {
  const Stopwatch watch(parts_->scan);
  const auto keys = KeysOf(measure_hash);
  if (!keys.ok()) return Counted(keys.status(), parts_->scan);
  for (size_t begin = 0; begin < keys->size(); begin += kPipelineMax) {
    std::vector<BlobKey> some;
    for (size_t i = begin; i < std::min(keys->size(), begin + kPipelineMax); ++i) {
      some.push_back({measure_hash, (*keys)[i]});
    }
    const auto results = GetNow(some);
    if (!results.ok()) return Counted(results.status(), parts_->scan);
    for (size_t i = 0; i < some.size(); ++i) {
      const BlobResult& result = (*results)[i];
      if (result.state == BlobResult::State::kAbsent) continue;  // expired since
      if (result.state == BlobResult::State::kFailed) {
        ASSIGN_OR_RETURN(const std::string name, KeyOf(some[i]));
        return Counted(absl::DataLossError(absl::StrCat(parts_->options.where(), ": ", name,
                                                        " is no blob of ours")),
                       parts_->scan);
      }
      RETURN_IF_ERROR(visit(some[i].entity, result.blob));
    }
  }
  return absl::OkStatus();
}

}  // namespace verdict::redis_store
