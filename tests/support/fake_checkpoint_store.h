// A checkpoint store in memory that can fail or crash at any write, and can be copied at any
// moment. Deterministic.
#pragma once

#include <array>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "base/check.h"
#include "base/mutex.h"
#include "counters/checkpoint_store.h"

namespace verdict::testing {

// Thread-safe, so that a test may look at it while a checkpoint thread writes.
class FakeCheckpointStore : public counters::CheckpointStore {
 public:
  using Family = std::map<std::string, std::string>;
  using Contents = std::array<Family, 4>;
  enum class Crash { kBeforeWrite, kAfterWrite };

  FakeCheckpointStore() = default;
  explicit FakeCheckpointStore(Contents contents) : contents_(std::move(contents)) {}

  // What a restart finds.
  Contents contents() const {
    base::MutexLock lock(mutex_);
    return contents_;
  }
  uint64_t writes() const {
    base::MutexLock lock(mutex_);
    return writes_;
  }
  // The next `count` writes fail, nothing of them is kept.
  void FailWrites(int count, absl::Status status) {
    base::MutexLock lock(mutex_);
    failing_writes_ = count;
    failure_ = std::move(status);
  }
  // The process dies at write number `write` (0 is the first from now): before it, or after it and
  // before its caller knows. From then on every call fails; a restart goes on with `contents()`.
  void CrashAt(uint64_t write, Crash when) {
    base::MutexLock lock(mutex_);
    crash_at_ = static_cast<int64_t>(writes_ + write);
    crash_when_ = when;
  }
  bool crashed() const {
    base::MutexLock lock(mutex_);
    return crashed_;
  }
  // A damaged disk.
  void Put(counters::CheckpointFamily family, const std::string& key, std::string value) {
    base::MutexLock lock(mutex_);
    Of(family)[key] = std::move(value);
  }
  void Erase(counters::CheckpointFamily family, const std::string& key) {
    base::MutexLock lock(mutex_);
    Of(family).erase(key);
  }

  absl::Status Write(absl::FunctionRef<void(counters::CheckpointStore::Put)> fill) override {
    base::MutexLock lock(mutex_);
    if (crashed_) return Crashed();
    const bool crash = crash_at_ == static_cast<int64_t>(writes_);
    if (crash && crash_when_ == Crash::kBeforeWrite) {
      crashed_ = true;
      return Crashed();
    }
    if (failing_writes_ > 0) {
      --failing_writes_;
      return failure_;
    }
    fill([this](const counters::CheckpointWrite& write) { Apply(write); });
    ++writes_;
    crashed_ = crash;
    return crash ? Crashed() : absl::OkStatus();
  }
  absl::Status Read(
      counters::CheckpointFamily family,
      const std::function<absl::Status(std::string_view, std::string_view)>& visit) override {
    Family copy;
    {
      base::MutexLock lock(mutex_);
      if (crashed_) return Crashed();
      copy = Of(family);
    }
    for (const auto& [key, value] : copy) {
      absl::Status status = visit(key, value);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }
  absl::Status Clear() override {
    base::MutexLock lock(mutex_);
    if (crashed_) return Crashed();
    contents_ = {};
    return absl::OkStatus();
  }

 private:
  static absl::Status Crashed() { return absl::UnavailableError("the process has crashed here"); }
  Family& Of(counters::CheckpointFamily family) { return contents_[static_cast<size_t>(family)]; }
  void Apply(const counters::CheckpointWrite& write) NO_LOCK_ANALYSIS {
    Family& family = Of(write.family);
    if (!write.erase_range_end.empty()) {
      family.erase(family.lower_bound(write.key), family.lower_bound(write.erase_range_end));
    } else if (write.erase) {
      family.erase(write.key);
    } else {
      family[write.key] = write.value;
    }
  }

  mutable base::Mutex mutex_;
  Contents contents_;
  uint64_t writes_ = 0;
  int failing_writes_ = 0;
  absl::Status failure_;
  int64_t crash_at_ = -1;
  Crash crash_when_ = Crash::kBeforeWrite;
  bool crashed_ = false;
};

}  // namespace verdict::testing
