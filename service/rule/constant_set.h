// The items of a constant list, for `in`: strings, or ints.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rule/value.h"

namespace verdict::rule {

// Immutable once filled. Open addressing, half full at most; the strings must outlive the set.
class StringSet {
 public:
  explicit StringSet(size_t expected);
  void Add(std::string_view text);
  bool Contains(std::string_view text) const;

 private:
  struct Slot {
    const char* data = nullptr;  // null: free
    uint32_t size = 0;
    uint32_t tag = 0;
  };
  std::vector<Slot> slots_;
  size_t mask_ = 0;
};

// Immutable once filled.
class IntSet {
 public:
  explicit IntSet(std::vector<int64_t> items);
  bool Contains(int64_t item) const;

 private:
  std::vector<int64_t> sorted_;
};

}  // namespace verdict::rule
