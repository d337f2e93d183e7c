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

// Texts of its own, each with a time. Immutable once filled. At most 4 GiB of text.
class TextTimes {
 public:
  static constexpr int64_t kAbsent = INT64_MIN;

  explicit TextTimes(size_t expected);
  // The later of the times where the text is there already.
  void Add(std::string_view text, int64_t time);
  // kAbsent where it is not there.
  int64_t TimeOf(std::string_view text) const;

 private:
  // Open addressing: which text, from 1 (0: free), and some bits of its hash.
  struct Slot {
    uint32_t entry = 0;
    uint32_t tag = 0;
  };

  std::string_view TextAt(uint32_t entry) const {
    return std::string_view(pool_).substr(ends_[entry - 1], ends_[entry] - ends_[entry - 1]);
  }
  Slot& Find(std::string_view text, uint64_t hash);
  void Grow();

  std::string pool_;
  std::vector<uint32_t> ends_ = {0};  // where each text ends in the pool
  std::vector<int64_t> times_;        // by entry, from 1; empty while all are `same_`
  int64_t same_ = kAbsent;
  std::vector<Slot> slots_;
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
