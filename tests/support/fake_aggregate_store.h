// A store of blobs and manifests in memory that does as it is told: reads that fail or never come
// back in time, puts that stop half-way, lose their acknowledgement or arrive again late and out of
// order. Deterministic.
#pragma once

#include <algorithm>
#include <chrono>
#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "aggregate/aggregate_store.h"
#include "base/mutex.h"

namespace verdict::testing {

// **Thread-safe.** Several users may share one: its contents survive their restarts.
class FakeAggregateStore : public aggregate::AggregateStore {
 public:
  enum class Reads {
    kAtOnce,  // answered on the caller's thread
    kFail,    // answered at once, every key failed: a time-out
    kHold     // kept until ReleaseReads() or FailHeldReads()
  };
  struct Key {
    uint64_t measure_hash = 0;
    model::EntityKey entity;
    friend auto operator<=>(const Key&, const Key&) = default;
  };

  // --- faults ---
  void SetReads(Reads reads) {
    base::MutexLock lock(mutex_);
    reads_ = reads;
  }
  // Answers what is held, at most so many, the oldest first. Returns how many reads.
  size_t ReleaseReads(size_t most = std::numeric_limits<size_t>::max()) {
    return AnswerHeld(/*fail=*/false, most);
  }
  size_t FailHeldReads() { return AnswerHeld(/*fail=*/true, std::numeric_limits<size_t>::max()); }
  // The next `writes` blobs are stored, the one after them and its put fail, also all later puts
  // until Heal().
  void FailPutsAfter(size_t writes) {
    base::MutexLock lock(mutex_);
    puts_left_ = static_cast<int64_t>(writes);
  }
  // The next put is stored whole, but its caller hears that it failed.
  void LoseNextAcknowledgement() {
    base::MutexLock lock(mutex_);
    lose_acknowledgement_ = true;
  }
  // The next manifest swap is stored, but its caller hears that it failed.
  void LoseNextSwapAcknowledgement() {
    base::MutexLock lock(mutex_);
    lose_swap_acknowledgement_ = true;
  }
  // From now on puts are also kept as the network would: RedeliverPuts() sends them all again,
  // newest first.
  void KeepPuts() {
    base::MutexLock lock(mutex_);
    keep_puts_ = true;
  }
  size_t RedeliverPuts() {
    base::MutexLock lock(mutex_);
    const size_t count = kept_puts_.size();
    for (; !kept_puts_.empty(); kept_puts_.pop_back()) StoreIfNewer(kept_puts_.back());
    keep_puts_ = false;
    return count;
  }
  // Another copy takes over, which has an older value of each of these keys, or none where there
  // was none. What the network still held was meant for the one that is gone.
  void FailOver(const std::vector<Key>& lost) {
    base::MutexLock lock(mutex_);
    ++incarnation_;
    kept_puts_.clear();
    for (const Key& key : lost) {
      const auto before = before_.find(key);
      if (before == before_.end()) {
        blobs_.erase(key);
      } else {
        blobs_[key] = before->second;
      }
    }
  }
  // What FailOver brings back of a key.
  std::optional<feature::Blob> Before(const Key& key) const {
    base::MutexLock lock(mutex_);
    const auto before = before_.find(key);
    if (before == before_.end()) return std::nullopt;
    return before->second;
  }
  // A damaged disk.
  void Overwrite(const Key& key, feature::Blob blob) {
    base::MutexLock lock(mutex_);
    blobs_[key] = std::move(blob);
  }
  // Everything is gone, and the server has not even been started anew.
  void Flush() {
    base::MutexLock lock(mutex_);
    blobs_.clear();
    manifests_.clear();
  }
  // Nobody answers the batch's calls until it is back.
  void SetAway(bool away) {
    base::MutexLock lock(mutex_);
    away_ = away;
  }
  // Values that are gone, as if they had never been written. Returns how many.
  size_t LoseBlobs(const std::function<bool(const Key&)>& lost) {
    base::MutexLock lock(mutex_);
    return std::erase_if(blobs_, [&lost](const auto& entry) { return lost(entry.first); });
  }
  // All that it holds, to come back to later: a server that restarts from an older snapshot.
  struct Contents {
    std::map<Key, feature::Blob> blobs;
    std::map<uint64_t, aggregate::Manifest> manifests;
  };
  Contents Snapshot() const {
    base::MutexLock lock(mutex_);
    return {blobs_, manifests_};
  }
  void Restore(const Contents& contents) {
    base::MutexLock lock(mutex_);
    ++incarnation_;
    blobs_ = contents.blobs;
    manifests_ = contents.manifests;
  }
  void Heal() {
    base::MutexLock lock(mutex_);
    reads_ = Reads::kAtOnce;
    puts_left_ = -1;
    lose_acknowledgement_ = lose_swap_acknowledgement_ = false;
  }

  // --- what a test looks at ---
  std::map<Key, feature::Blob> blobs() const {
    base::MutexLock lock(mutex_);
    return blobs_;
  }
  std::optional<feature::Blob> Find(const aggregate::BlobKey& key) const {
    base::MutexLock lock(mutex_);
    const auto found = blobs_.find({key.measure_hash, key.entity});
    if (found == blobs_.end()) return std::nullopt;
    return found->second;
  }
  uint64_t stored() const {  // blobs replaced so far
    base::MutexLock lock(mutex_);
    return stored_;
  }
  size_t held_reads() const {
    base::MutexLock lock(mutex_);
    return held_.size();
  }

  // --- AggregateStore ---
  void Get(std::vector<aggregate::BlobKey> keys, std::chrono::milliseconds,
           aggregate::OnBlobs done) override {
    std::vector<aggregate::BlobResult> results(keys.size());
    {
      base::MutexLock lock(mutex_);
      if (reads_ == Reads::kHold) {
        held_.push_back({std::move(keys), std::move(done)});
        return;
      }
      if (reads_ == Reads::kAtOnce) results = Read(keys);
    }
    done(std::move(results));
  }
  absl::StatusOr<std::vector<aggregate::BlobResult>> GetNow(
      std::span<const aggregate::BlobKey> keys) override {
    base::MutexLock lock(mutex_);
    if (reads_ == Reads::kFail) return absl::UnavailableError("the store did not answer in time");
    return Read(keys);
  }
  absl::Status PutIfNewer(std::span<const aggregate::BlobWrite> writes) override {
    base::MutexLock lock(mutex_);
    for (const aggregate::BlobWrite& write : writes) {
      if (puts_left_ == 0) return absl::UnavailableError("the store broke off in the middle");
      if (puts_left_ > 0) --puts_left_;
      if (keep_puts_) kept_puts_.push_back(write);
      StoreIfNewer(write);
    }
    if (std::exchange(lose_acknowledgement_, false)) {
      return absl::UnavailableError("the acknowledgement was lost");
    }
    return absl::OkStatus();
  }
  absl::StatusOr<aggregate::Manifest> GetManifest(uint64_t measure_hash) override {
    base::MutexLock lock(mutex_);
    if (away_) return absl::UnavailableError("the store is away");
    return manifests_[measure_hash];
  }
  absl::Status CompareAndSwapManifest(uint64_t measure_hash, const aggregate::Manifest& expected,
                                      const aggregate::Manifest& next) override {
    base::MutexLock lock(mutex_);
    aggregate::Manifest& stored = manifests_[measure_hash];
    if (stored != expected) return absl::AbortedError("another run has moved the manifest");
    stored = next;
    if (std::exchange(lose_swap_acknowledgement_, false)) {
      return absl::UnavailableError("the acknowledgement was lost");
    }
    return absl::OkStatus();
  }
  absl::Status Scan(uint64_t measure_hash,
                    const std::function<absl::Status(const model::EntityKey&,
                                                     const feature::Blob&)>& visit) override {
    for (const auto& [key, blob] : blobs()) {
      if (key.measure_hash != measure_hash) continue;
      absl::Status status = visit(key.entity, blob);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }
  absl::StatusOr<std::string> Incarnation() override {
    base::MutexLock lock(mutex_);
    if (away_) return absl::UnavailableError("the store is away");
    const bool empty = blobs_.empty() && manifests_.empty();
    return std::to_string(incarnation_) + (empty ? "/empty" : "");
  }

 private:
  struct HeldRead {
    std::vector<aggregate::BlobKey> keys;
    aggregate::OnBlobs done;
  };

  std::vector<aggregate::BlobResult> Read(std::span<const aggregate::BlobKey> keys) const
      REQUIRES_LOCK(mutex_) {
    std::vector<aggregate::BlobResult> results;
    for (const aggregate::BlobKey& key : keys) {
      const auto found = blobs_.find({key.measure_hash, key.entity});
      aggregate::BlobResult result;
      result.state = found == blobs_.end() ? aggregate::BlobResult::State::kAbsent
                                           : aggregate::BlobResult::State::kFound;
      if (found != blobs_.end()) result.blob = found->second;
      results.push_back(std::move(result));
    }
    return results;
  }
  void StoreIfNewer(const aggregate::BlobWrite& write) REQUIRES_LOCK(mutex_) {
    const Key key{write.key.measure_hash, write.key.entity};
    const auto found = blobs_.find(key);
    if (found != blobs_.end() && std::pair(found->second.cut, found->second.rev) >=
                                     std::pair(write.blob.cut, write.blob.rev)) {
      return;
    }
    // Of an older cut: what was merely computed again says the same.
    if (found != blobs_.end() && found->second.cut < write.blob.cut) before_[key] = found->second;
    blobs_[key] = write.blob;
    ++stored_;
  }
  size_t AnswerHeld(bool fail, size_t most) {
    std::deque<HeldRead> held;
    {
      base::MutexLock lock(mutex_);
      for (; !held_.empty() && held.size() < most; held_.pop_front()) {
        held.push_back(std::move(held_.front()));
      }
    }
    for (HeldRead& read : held) {
      std::vector<aggregate::BlobResult> results(read.keys.size());
      if (!fail) {
        base::MutexLock lock(mutex_);
        results = Read(read.keys);
      }
      read.done(std::move(results));
    }
    return held.size();
  }

  mutable base::Mutex mutex_;
  std::map<Key, feature::Blob> blobs_ GUARDED_BY(mutex_);
  std::map<Key, feature::Blob> before_ GUARDED_BY(mutex_);  // the value before the newest
  uint64_t incarnation_ GUARDED_BY(mutex_) = 0;
  std::map<uint64_t, aggregate::Manifest> manifests_ GUARDED_BY(mutex_);
  std::deque<HeldRead> held_ GUARDED_BY(mutex_);
  std::vector<aggregate::BlobWrite> kept_puts_ GUARDED_BY(mutex_);
  Reads reads_ GUARDED_BY(mutex_) = Reads::kAtOnce;
  int64_t puts_left_ GUARDED_BY(mutex_) = -1;
  uint64_t stored_ GUARDED_BY(mutex_) = 0;
  bool lose_acknowledgement_ GUARDED_BY(mutex_) = false;
  bool lose_swap_acknowledgement_ GUARDED_BY(mutex_) = false;
  bool keep_puts_ GUARDED_BY(mutex_) = false;
  bool away_ GUARDED_BY(mutex_) = false;
};

}  // namespace verdict::testing
