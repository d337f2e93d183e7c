// Sets of constants.
#include "rule/constant_set.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace verdict::rule {
namespace {

constexpr uint64_t kMix = 0x9E3779B97F4A7C15;

uint64_t Load(const char* from, size_t size) {
  uint64_t word = 0;
  std::memcpy(&word, from, size);
  return word;
}

// Not keyed: the entries are the author's, and lookups of a payer's text cannot grow the set.
uint64_t HashText(std::string_view text) {
  uint64_t hash = text.size() * kMix;
  const char* at = text.data();
  size_t left = text.size();
  for (; left > 8; left -= 8, at += 8) {
    hash = (hash ^ Load(at, 8)) * kMix;
    hash ^= hash >> 32;
  }
  hash = (hash ^ Load(at, left)) * kMix;
  return hash ^ (hash >> 29);
}

}  // namespace

StringSet::StringSet(size_t expected)
    : slots_(std::bit_ceil(expected * 2 + 2)), mask_(slots_.size() - 1) {}

void StringSet::Add(std::string_view text) {
  if (Contains(text)) return;
  const uint64_t hash = HashText(text);
  size_t at = hash & mask_;
  while (slots_[at].data != nullptr) at = (at + 1) & mask_;
  // An empty string may come without an address.
  slots_[at] = {text.empty() ? "" : text.data(), static_cast<uint32_t>(text.size()),
                static_cast<uint32_t>(hash >> 32)};
}

bool StringSet::Contains(std::string_view text) const {
  const uint64_t hash = HashText(text);
  const auto tag = static_cast<uint32_t>(hash >> 32);
  for (size_t at = hash & mask_; slots_[at].data != nullptr; at = (at + 1) & mask_) {
    const Slot& slot = slots_[at];
    if (slot.tag == tag && slot.size == text.size() &&
        std::memcmp(slot.data, text.data(), text.size()) == 0) {
      return true;
    }
  }
  return false;
}

IntSet::IntSet(std::vector<int64_t> items) : sorted_(std::move(items)) {
  std::sort(sorted_.begin(), sorted_.end());
}

bool IntSet::Contains(int64_t item) const {
  return std::binary_search(sorted_.begin(), sorted_.end(), item);
}

}  // namespace verdict::rule
