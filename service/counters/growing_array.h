// A list that one thread lets grow while others read it.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>

#include "base/check.h"

namespace verdict::counters {

// **Thread-safe** for any number of readers beside one writer. Elements never move and never go
// before the list does.
template <typename T, size_t kMax>
class GrowingArray {
 public:
  // By the one writer. REQUIRES: size() < kMax.
  void push_back(std::unique_ptr<T> element) {
    const size_t size = size_.load(std::memory_order_relaxed);
    CHECK(size < kMax);
    elements_[size] = std::move(element);
    size_.store(size + 1, std::memory_order_release);
  }
  size_t size() const { return size_.load(std::memory_order_acquire); }
  // REQUIRES: index < size() as this thread has seen it.
  const std::unique_ptr<T>& operator[](size_t index) const { return elements_[index]; }
  const std::unique_ptr<T>* begin() const { return elements_.data(); }
  const std::unique_ptr<T>* end() const { return elements_.data() + size(); }

 private:
  std::array<std::unique_ptr<T>, kMax> elements_;
  std::atomic<size_t> size_{0};
};

}  // namespace verdict::counters
