// One flat array, not blocks of a cache line: at 20 bits a key a blocked filter errs 2 in 10,000
// times, this one 0.7 in 10,000, and most keys that were not added are told at the first two bits.
#include "counters/key_filter.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"

namespace verdict::counters {
namespace {

constexpr size_t kBitsPerKey = 20;
constexpr int kProbes = 12;
constexpr size_t kWordBits = 64;

uint64_t Mix(uint64_t x) {
  x = (x ^ (x >> 33)) * 0xff51afd7ed558ccdULL;
  x = (x ^ (x >> 33)) * 0xc4ceb9fe1a85ec53ULL;
  return x ^ (x >> 33);
}

// The bits of a key, one after the other (double hashing).
class Probes {
 public:
  Probes(const model::EntityKey& key, size_t words) : bits_(words * kWordBits) {
    uint64_t head = 0, tail = 0;
    std::memcpy(&head, key.bytes.data(), sizeof head);
    std::memcpy(&tail, key.bytes.data() + key.bytes.size() - sizeof tail, sizeof tail);
    at_ = Mix(head ^ tail >> 32);
    step_ = Mix(tail) | 1;
  }
  uint64_t Next() {
    const auto bit = static_cast<uint64_t>(static_cast<unsigned __int128>(at_) * bits_ >> 64);
    at_ += step_;
    return bit;
  }

 private:
  size_t bits_;
  uint64_t at_, step_;
};

}  // namespace

KeyFilter::KeyFilter(size_t keys)
    : words_(std::max<size_t>(1, (keys * kBitsPerKey + kWordBits - 1) / kWordBits)) {}

KeyFilter::KeyFilter(std::vector<uint64_t> words) : words_(std::move(words)) {
  CHECK(!words_.empty());
}

void KeyFilter::Add(const model::EntityKey& key) {
  Probes probes(key, words_.size());
  for (int i = 0; i < kProbes; ++i) {
    const uint64_t bit = probes.Next();
    words_[bit / kWordBits] |= uint64_t{1} << (bit % kWordBits);
  }
}

bool KeyFilter::MayHold(const model::EntityKey& key) const {
  Probes probes(key, words_.size());
  for (int i = 0; i < kProbes; ++i) {
    const uint64_t bit = probes.Next();
    if ((words_[bit / kWordBits] >> (bit % kWordBits) & 1) == 0) return false;
  }
  return true;
}

}  // namespace verdict::counters
