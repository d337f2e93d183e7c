// Scratch memory of evaluations: strings and lists that an expression makes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "rule/expression.h"
#include "rule/value.h"

namespace verdict::rule {

// Thread-compatible. Blocks are kept over Reset, so that a warm arena allocates nothing. What a run
// gets depends on what it asks for alone, not on what ran before.
class EvaluationArena {
 public:
  static constexpr size_t kBlockBytes = 4096;
  static constexpr size_t kMaxBytes = size_t{1} << 20;

  // Aligned for Value; null beyond kMaxBytes.
  void* Allocate(size_t bytes) {
    if (bytes > kMaxBytes - used_) return nullptr;
    bytes = (bytes + alignof(Value) - 1) & ~(alignof(Value) - 1);
    used_ += std::min(bytes, kMaxBytes - used_);
    if (bytes > left_) Grow(bytes);
    std::byte* result = next_;
    next_ += bytes;
    left_ -= bytes;
    return result;
  }
  Value CopyString(std::string_view text);
  Value CopyBytes(std::string_view bytes);
  Value Join(std::string_view a, std::string_view b);
  Value CopyList(std::span<const Value> items);
  Value CopyMap(std::span<const MapEntry> entries);
  // An optional of a copy of `v`.
  Value Hold(const Value& v);

  void Reset() {
    if (used_ > 0) Rewind();
  }

 private:
  void Grow(size_t bytes);
  void Rewind();

  struct Block {
    std::unique_ptr<std::byte[]> bytes;
    size_t size = 0;
  };
  std::vector<Block> blocks_;
  size_t used_ = 0;  // since Reset
  std::byte* next_ = nullptr;
  size_t left_ = 0;
};

}  // namespace verdict::rule
