// Extents, and what the functions make of them.
#include "rule/extent.h"

#include <algorithm>

namespace verdict::rule {
namespace {

// No number, time or address is longer as a text.
constexpr uint64_t kShortText = 64;
constexpr uint64_t kCodePointBytes = 4;

uint64_t Tenth(uint64_t bytes) { return (bytes + 9) / 10; }

uint64_t ReadingAll(std::span<const Extent> arguments) {
  uint64_t units = 0;
  for (const Extent& e : arguments) units = Sum(units, Reading(e));
  return units;
}

// What a function yields of which no more is known than its type.
Extent Plain(std::span<const Extent> arguments, Type type) {
  if (type.is(TypeKind::kString) || type.is(TypeKind::kBytes)) {
    uint64_t bytes = kShortText;
    for (const Extent& e : arguments) {
      if (e.shape() == Extent::Shape::kText) bytes = Sum(bytes, e.size());
    }
    return Extent::Text(bytes);
  }
  Extent largest;
  for (const Extent& e : arguments) largest = Extent::Larger(largest, e);
  return type.has_parts() ? largest : Extent();
}

// `a.replace(part, by)`: an empty part stands before each code point.
CallCost Replace(std::span<const Extent> arguments) {
  const uint64_t places = Sum(arguments[0].size(), 1);
  const Extent result =
      Extent::Text(Sum(arguments[0].size(), Product(places, arguments[2].size())));
  return {Sum(Product(3, Reading(arguments[0])), Product(2, Reading(result))), result};
}

// At most one part a byte, and one more; each as long as the whole, as far as one can tell.
CallCost Split(std::span<const Extent> arguments) {
  const uint64_t parts = Sum(arguments[0].size(), 1);
  return {Sum(10, Sum(Product(2, Reading(arguments[0])), Tenth(parts))),
          Extent::List(parts, Extent::Text(arguments[0].size()))};
}

CallCost Join(std::span<const Extent> arguments) {
  const uint64_t separator = arguments.size() > 1 ? arguments[1].size() : 0;
  const uint64_t item = Sum(arguments[0].first().size(), separator);
  const Extent result = Extent::Text(Product(arguments[0].size(), item));
  return {Sum(arguments[0].size(), Reading(result)), result};
}

CallCost Plus(std::span<const Extent> arguments) {
  const Extent& a = arguments[0];
  const Extent& b = arguments[1];
  const uint64_t size = Sum(a.size(), b.size());
  if (a.shape() == Extent::Shape::kText) return {Sum(1, Tenth(size)), Extent::Text(size)};
  if (a.shape() != Extent::Shape::kList) return {1, Extent()};
  return {Sum(1, size), Extent::List(size, Extent::Larger(a.first(), b.first()))};
}

bool IsSearch(std::string_view name) {
  return name == "contains" || name == "indexOf" || name == "lastIndexOf";
}

bool SameText(std::string_view name) {
  return name == "lowerAscii" || name == "upperAscii" || name == "trim" || name == "reverse" ||
         name == "substring";
}

}  // namespace

uint64_t Sum(uint64_t a, uint64_t b) { return std::min(a + b, kCostMax); }

uint64_t Product(uint64_t a, uint64_t b) {
  const uint64_t both = std::min(a, kCostMax) * std::min(b, kCostMax);
  return std::min(both, kCostMax);
}

Extent::Shared Extent::LargerOf(const Shared& a, const Shared& b) {
  if (a == nullptr || b == nullptr) return a == nullptr ? b : a;
  return Share(Larger(*a, *b));
}

Extent Extent::Larger(const Extent& a, const Extent& b) {
  if (a.shape_ == Shape::kScalar) return b;
  if (b.shape_ == Shape::kScalar || a.shape_ != b.shape_) return a;
  return Extent(a.shape_, std::max(a.size_, b.size_), LargerOf(a.first_, b.first_),
                LargerOf(a.second_, b.second_));
}

Extent ExtentOf(const Value& constant) {
  switch (constant.kind()) {
    case Kind::kString:
    case Kind::kBytes:
      return Extent::Text(constant.string().size());
    case Kind::kList: {
      Extent item;
      for (const Value& one : constant.list()) item = Extent::Larger(item, ExtentOf(one));
      return Extent::List(constant.list().size(), item);
    }
    case Kind::kMap: {
      Extent key, value;
      for (const MapEntry& entry : constant.map()) {
        key = Extent::Larger(key, ExtentOf(entry.key));
        value = Extent::Larger(value, ExtentOf(entry.value));
      }
      return Extent::Map(constant.map().size(), key, value);
    }
    case Kind::kOptional:
      return Extent::Optional(constant.held() == nullptr ? Extent() : ExtentOf(*constant.held()));
    default:
      return {};
  }
}

Extent ExtentOf(const Field& field) {
  const Extent text = Extent::Text(static_cast<uint64_t>(field.max_len));
  const auto items = static_cast<uint64_t>(field.max_items);
  switch (field.type) {
    case FieldType::kString:
      return text;
    case FieldType::kStringList:
      return Extent::List(items, text);
    case FieldType::kIntList:
      return Extent::List(items, Extent());
    default:
      return {};
  }
}

uint64_t Reading(const Extent& e) {
  switch (e.shape()) {
    case Extent::Shape::kScalar:
      return 0;
    case Extent::Shape::kText:
      return Tenth(e.size());
    case Extent::Shape::kOptional:
      return Sum(1, Reading(e.first()));
    case Extent::Shape::kList:
      return Product(e.size(), Sum(1, Reading(e.first())));
    case Extent::Shape::kMap:
      // Each key is looked for among all of the other's.
      return Product(e.size(), Sum(Product(e.size(), Sum(1, Reading(e.first()))),
                                   Sum(1, Reading(e.second()))));
  }
  return 0;
}

uint64_t ReadingBoth(const Extent& a, const Extent& b) { return std::min(Reading(a), Reading(b)); }

CallCost CostOfCall(std::string_view name, std::span<const Extent> arguments, Type result) {
  if (name == "+" && arguments.size() == 2) return Plus(arguments);
  if (name == "replace") return Replace(arguments);
  if (name == "split") return Split(arguments);
  if (name == "join") return Join(arguments);
  if (IsSearch(name)) {
    // A text of the part's first letter alone stops the search at each byte.
    const uint64_t part = std::max<uint64_t>(1, Reading(arguments[1]));
    return {Sum(1, Product(arguments[0].size() / 2, part)), Extent()};
  }
  if (name == "startsWith" || name == "endsWith") {
    return {Sum(1, ReadingBoth(arguments[0], arguments[1])), Extent()};
  }
  if (name == "intersects") {
    const Extent& a = arguments[0];
    const Extent& b = arguments[1];
    const uint64_t pairs = Product(a.size(), b.size());
    return {Sum(1, Product(pairs, Sum(1, ReadingBoth(a.first(), b.first())))), Extent()};
  }
  const uint64_t units = Sum(1, ReadingAll(arguments));
  if (name == "size" && arguments[0].shape() != Extent::Shape::kText) return {1, Extent()};
  if (SameText(name)) return {units, Extent::Text(arguments[0].size())};
  if (name == "charAt") return {units, Extent::Text(kCodePointBytes)};
  if (name == "quote") return {units, Extent::Text(Sum(2, Product(2, arguments[0].size())))};
  if (name == "value") return {1, arguments[0].first()};
  if (name == "hasValue" || name == "none") return {1, Extent()};
  if (name == "of" || name == "ofNonZeroValue") return {1, Extent::Optional(arguments[0])};
  if (name == "or") return {1, Extent::Larger(arguments[0], arguments[1])};
  if (name == "orValue") return {1, Extent::Larger(arguments[0].first(), arguments[1])};
  constexpr uint64_t kWriting = 40;  // a time or an address as a text, at most
  const bool writes = name == "string" && arguments[0].shape() != Extent::Shape::kText;
  return {writes ? Sum(units, kWriting) : units, Plain(arguments, result)};
}

}  // namespace verdict::rule
