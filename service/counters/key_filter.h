// Which keys a dropped epoch had: a Bloom filter of 20 bits a key (R27).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/entity_key.h"

namespace verdict::counters {

// **Thread-compatible**; read by any number of threads once it is filled. A key that was added is
// always found; one that was not, with a chance below 1 in 10,000.
class KeyFilter {
 public:
  // Room for `keys`; more are found all the same, and false hits become more.
  explicit KeyFilter(size_t keys);
  // As words() gave them. REQUIRES: not empty.
  explicit KeyFilter(std::vector<uint64_t> words);

  void Add(const model::EntityKey& key);
  // Two cache lines or fewer in the mean for a key that was not added.
  bool MayHold(const model::EntityKey& key) const;

  const std::vector<uint64_t>& words() const { return words_; }
  size_t bytes() const { return words_.size() * sizeof(uint64_t); }

 private:
  std::vector<uint64_t> words_;
};

}  // namespace verdict::counters
