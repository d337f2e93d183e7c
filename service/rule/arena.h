// Scratch memory of evaluations: strings and lists that an expression makes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "rule/expression.h"
#include "rule/value.h"

namespace verdict::rule {

// Thread-compatible. Blocks are kept over Reset, so that a warm arena allocates nothing.
class EvaluationArena {
 public:
  static constexpr size_t kBlockBytes = 4096;
  static constexpr size_t kMaxBytes = size_t{1} << 20;

  // Aligned for Value; null beyond kMaxBytes.
  void* Allocate(size_t bytes) {
    bytes = (bytes + alignof(Value) - 1) & ~(alignof(Value) - 1);
    if (bytes > left_ && !Grow(bytes)) return nullptr;
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
    if (next_ != first_) Rewind();
  }

 private:
  bool Grow(size_t bytes);
  void Rewind();

  struct Block {
    std::unique_ptr<std::byte[]> bytes;
    size_t size = 0;
  };
  std::vector<Block> blocks_;
  size_t current_ = 0;  // of blocks_
  size_t total_ = 0;
  std::byte* first_ = nullptr;
  std::byte* next_ = nullptr;
  size_t left_ = 0;
};

}  // namespace verdict::rule
