// Nodes in chunks that never move, found by a chained hash; what is removed is used again.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

namespace verdict::counters {

// **Thread-compatible.** Node is default-constructible and has the member `uint32_t next_node`,
// which belongs to the table. A removed node keeps what it holds (the capacity of its strings)
// until it is used again. Node numbers begin at 1.
template <typename Node>
class NodeTable {
 public:
  // The first node under `hash` that `is_it` accepts; null where there is none.
  template <typename Predicate>
  Node* Find(uint64_t hash, Predicate is_it) {
    if (heads_.empty()) return nullptr;
    for (uint32_t number = heads_[Bucket(hash)]; number != 0; number = At(number).next_node) {
      if (is_it(At(number))) return &At(number);
    }
    return nullptr;
  }
  void Prefetch(uint64_t hash) const {
    if (!heads_.empty()) __builtin_prefetch(&heads_[Bucket(hash)]);
  }
  // A node under `hash`, with whatever it held before. `hash_of(node)` is needed for growth.
  template <typename HashOf>
  Node* Insert(uint64_t hash, HashOf hash_of) {
    if (size_ * kBucketsPerNode >= heads_.size()) Grow(hash_of);
    const uint32_t number = Take();
    uint32_t& head = heads_[Bucket(hash)];
    At(number).next_node = head;
    head = number;
    ++size_;
    return &At(number);
  }
  // Removes the nodes under `hash` that `drop` accepts. `drop` sees each node of the chain once.
  template <typename Predicate>
  void RemoveIf(uint64_t hash, Predicate drop) {
    if (!heads_.empty()) RemoveInBucket(Bucket(hash), drop);
  }
  template <typename Predicate>
  void RemoveIfAnywhere(Predicate drop) {
    for (size_t bucket = 0; size_ > 0 && bucket < heads_.size(); ++bucket) {
      RemoveInBucket(bucket, drop);
    }
  }
  // The same in `buckets` buckets from `from` on. Returns where to go on; 0 behind the last.
  template <typename Predicate>
  size_t RemoveIfInBuckets(size_t from, size_t buckets, Predicate drop) {
    const size_t end = std::min(heads_.size(), from + buckets);
    for (size_t bucket = from; bucket < end; ++bucket) RemoveInBucket(bucket, drop);
    return end < heads_.size() ? end : 0;
  }
  template <typename Visit>
  void ForEach(Visit visit) const {
    for (const uint32_t head : heads_) {
      for (uint32_t number = head; number != 0; number = At(number).next_node) visit(At(number));
    }
  }
  size_t size() const { return size_; }

 private:
  static constexpr uint32_t kChunkNodes = 16;
  static constexpr size_t kFirstBuckets = 16;
  static constexpr size_t kBucketsPerNode = 2;  // at least: who looks in vain should meet no node

  size_t Bucket(uint64_t hash) const { return hash & (heads_.size() - 1); }
  Node& At(uint32_t number) const {
    return chunks_[(number - 1) / kChunkNodes][(number - 1) % kChunkNodes];
  }
  uint32_t Take() {
    if (free_ != 0) {
      const uint32_t number = free_;
      free_ = At(number).next_node;
      return number;
    }
    if (taken_ % kChunkNodes == 0) chunks_.push_back(std::make_unique<Node[]>(kChunkNodes));
    return ++taken_;
  }
  template <typename Predicate>
  void RemoveInBucket(size_t bucket, Predicate drop) {
    uint32_t* link = &heads_[bucket];
    while (*link != 0) {
      const uint32_t number = *link;
      Node& node = At(number);
      if (!drop(node)) {
        link = &node.next_node;
        continue;
      }
      *link = node.next_node;
      node.next_node = free_;
      free_ = number;
      --size_;
    }
  }
  template <typename HashOf>
  void Grow(HashOf hash_of) {
    std::vector<uint32_t> old(heads_.empty() ? kFirstBuckets : 2 * heads_.size(), 0);
    old.swap(heads_);
    for (uint32_t number : old) {
      while (number != 0) {
        const uint32_t next = At(number).next_node;
        uint32_t& head = heads_[Bucket(hash_of(At(number)))];
        At(number).next_node = head;
        head = number;
        number = next;
      }
    }
  }

  std::vector<std::unique_ptr<Node[]>> chunks_;
  std::vector<uint32_t> heads_;
  uint32_t free_ = 0;
  uint32_t taken_ = 0;
  size_t size_ = 0;
};

}  // namespace verdict::counters
