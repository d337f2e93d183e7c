// A record in a block: u32 key size · u32 value size · key · value.
#include "kafka_log/decision_queue.h"

#include <cstdint>
#include <cstring>
#include <utility>

namespace verdict::kafka_log {
namespace {

using std::chrono::steady_clock;

constexpr size_t kHeaderBytes = 8;

std::vector<SpooledRecord> Split(std::string_view block) {
  std::vector<SpooledRecord> records;
  while (!block.empty()) {
    uint32_t sizes[2];
    std::memcpy(sizes, block.data(), sizeof sizes);
    block.remove_prefix(kHeaderBytes);
    records.push_back(
        {std::string(block.substr(0, sizes[0])), std::string(block.substr(sizes[0], sizes[1]))});
    block.remove_prefix(size_t{sizes[0]} + sizes[1]);
  }
  return records;
}

}  // namespace

bool DecisionQueue::Put(std::string_view key, std::string_view value) {
  const size_t size = kHeaderBytes + key.size() + value.size();
  const uint32_t sizes[2] = {static_cast<uint32_t>(key.size()),
                             static_cast<uint32_t>(value.size())};
  base::MutexLock lock(mutex_);
  if (bytes_ + size > bytes_max_) return false;
  bool wake = std::exchange(waiting_, false);
  if (full_.empty() || full_.back()->size() + size > kBlockBytes) {
    if (spare_.empty()) {
      spare_.push_back(std::make_unique<std::string>());
      spare_.back()->reserve(kBlockBytes);
    }
    full_.push_back(std::move(spare_.back()));
    spare_.pop_back();
    wake = wake || full_.size() == 2;  // the first is full
  }
  std::string& block = *full_.back();
  block.append(reinterpret_cast<const char*>(sizes), sizeof sizes);
  block.append(key).append(value);
  bytes_ += size;
  if (wake) wake_.NotifyAll();
  return true;
}

bool DecisionQueue::AwaitSome(steady_clock::time_point deadline) {
  while (full_.empty() && !stopping_) {
    const auto left = deadline - steady_clock::now();
    if (left <= left.zero()) return false;
    waiting_ = true;
    wake_.WaitFor(mutex_, left);
  }
  return !full_.empty();
}

void DecisionQueue::AwaitMore(steady_clock::time_point deadline) {
  while (full_.size() == 1 && !stopping_) {
    const auto left = deadline - steady_clock::now();
    if (left <= left.zero()) return;
    wake_.WaitFor(mutex_, left);
  }
}

std::vector<SpooledRecord> DecisionQueue::Take(std::chrono::milliseconds wait) {
  Block block;
  {
    base::MutexLock lock(mutex_);
    if (!AwaitSome(steady_clock::now() + wait)) return {};
    AwaitMore(steady_clock::now() + linger_);
    block = std::move(full_.front());
    full_.erase(full_.begin());
    bytes_ -= block->size();
  }
  std::vector<SpooledRecord> records = Split(*block);
  block->clear();
  base::MutexLock lock(mutex_);
  if (spare_.size() < kSparesMax) spare_.push_back(std::move(block));
  return records;
}

void DecisionQueue::Stop() {
  base::MutexLock lock(mutex_);
  stopping_ = true;
  wake_.NotifyAll();
}

size_t DecisionQueue::bytes() const {
  base::MutexLock lock(mutex_);
  return bytes_;
}

}  // namespace verdict::kafka_log
