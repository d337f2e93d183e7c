// Sets of constants.
#include "rule/constant_set.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/check.h"

namespace verdict::rule {
namespace {

constexpr uint64_t kMix = 0x9E3779B97F4A7C15;

uint64_t Load(const char* from, size_t size) {
  uint64_t word = 0;
  if (size > 0) std::memcpy(&word, from, size);  // an empty text may have no address
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
    if (slot.tag == tag && std::string_view(slot.data, slot.size) == text) return true;
  }
  return false;
}

// At most three quarters full.
TextTimes::TextTimes(size_t expected) : slots_(std::bit_ceil(expected + expected / 3 + 2)) {
  ends_.reserve(expected + 1);
}

TextTimes::Slot& TextTimes::Find(std::string_view text, uint64_t hash) {
  const auto tag = static_cast<uint32_t>(hash >> 32);
  const size_t mask = slots_.size() - 1;
  size_t at = hash & mask;
  while (slots_[at].entry != 0 && (slots_[at].tag != tag || TextAt(slots_[at].entry) != text)) {
    at = (at + 1) & mask;
  }
  return slots_[at];
}

void TextTimes::Add(std::string_view text, int64_t time) {
  const uint64_t hash = HashText(text);
  Slot& slot = Find(text, hash);
  const bool is_new = slot.entry == 0;
  if (is_new) {
    CHECK(pool_.size() + text.size() <= UINT32_MAX);
    pool_.append(text);
    ends_.push_back(static_cast<uint32_t>(pool_.size()));
    slot = {static_cast<uint32_t>(ends_.size() - 1), static_cast<uint32_t>(hash >> 32)};
  }
  const uint32_t entry = slot.entry;
  if (entry == 1 && is_new) same_ = time;
  if (times_.empty() && time != same_) times_.assign(ends_.size(), same_);
  if (!times_.empty()) {
    times_.resize(ends_.size(), time);
    times_[entry] = is_new ? time : std::max(times_[entry], time);
  }
  if (ends_.size() * 4 > slots_.size() * 3) Grow();
}

void TextTimes::Grow() {
  slots_.assign(slots_.size() * 2, {});
  for (uint32_t entry = 1; entry < ends_.size(); ++entry) {
    const uint64_t hash = HashText(TextAt(entry));
    Find(TextAt(entry), hash) = {entry, static_cast<uint32_t>(hash >> 32)};
  }
}

int64_t TextTimes::TimeOf(std::string_view text) const {
  const uint64_t hash = HashText(text);
  const auto tag = static_cast<uint32_t>(hash >> 32);
  const size_t mask = slots_.size() - 1;
  for (size_t at = hash & mask; slots_[at].entry != 0; at = (at + 1) & mask) {
    const Slot& slot = slots_[at];
    if (slot.tag != tag || TextAt(slot.entry) != text) continue;
    return times_.empty() ? same_ : times_[slot.entry];
  }
  return kAbsent;
}

IntSet::IntSet(std::vector<int64_t> items) : sorted_(std::move(items)) {
  std::sort(sorted_.begin(), sorted_.end());
}

bool IntSet::Contains(int64_t item) const {
  return std::binary_search(sorted_.begin(), sorted_.end(), item);
}

}  // namespace verdict::rule
