// How large a value may be, as far as its text and the schema tell.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "rule/checked_tree.h"
#include "rule/cost.h"

namespace verdict::rule {

// Sums and products of units, which stop at kCostMax.
uint64_t Sum(uint64_t a, uint64_t b);
uint64_t Product(uint64_t a, uint64_t b);

// Immutable. Thread-safe.
class Extent {
 public:
  enum class Shape : uint8_t { kScalar, kText, kList, kMap, kOptional };

  Extent() = default;  // of a number, a bool, a time
  static Extent Text(uint64_t bytes) { return Extent(Shape::kText, bytes, nullptr, nullptr); }
  static Extent List(uint64_t items, const Extent& item) {
    return Extent(Shape::kList, items, Share(item), nullptr);
  }
  static Extent Map(uint64_t entries, const Extent& key, const Extent& value) {
    return Extent(Shape::kMap, entries, Share(key), Share(value));
  }
  static Extent Optional(const Extent& held) {
    return Extent(Shape::kOptional, 1, Share(held), nullptr);
  }
  // Of which both are part.
  static Extent Larger(const Extent& a, const Extent& b);

  Shape shape() const { return shape_; }
  uint64_t size() const { return size_; }  // bytes, items or entries
  // Of a list its item, of a map its key, of an optional what it holds.
  Extent first() const { return first_ == nullptr ? Extent() : *first_; }
  Extent second() const { return second_ == nullptr ? Extent() : *second_; }

 private:
  using Shared = std::shared_ptr<const Extent>;

  Extent(Shape shape, uint64_t size, Shared first, Shared second)
      : shape_(shape), size_(size), first_(std::move(first)), second_(std::move(second)) {}
  static Shared Share(const Extent& e) { return std::make_shared<const Extent>(e); }
  static Shared LargerOf(const Shared& a, const Shared& b);

  Shape shape_ = Shape::kScalar;
  uint64_t size_ = 1;
  Shared first_;
  Shared second_;
};

Extent ExtentOf(const Value& constant);
Extent ExtentOf(const Field& field);

// Units to look at all of a value, beyond the one that its operator costs.
uint64_t Reading(const Extent& e);
// The same to compare two: the smaller tells.
uint64_t ReadingBoth(const Extent& a, const Extent& b);

struct CallCost {
  uint64_t units = 0;
  Extent result;
};
// Of a function or an operator of the overload table, without its arguments. `name` as it is
// called, without the library's.
CallCost CostOfCall(std::string_view name, std::span<const Extent> arguments, Type result);

}  // namespace verdict::rule
