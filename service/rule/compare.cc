// Equality and order of values. Int against double compares as double, as cel-go does.
#include <cmath>

#include "rule/builtins.h"
#include "rule/network.h"

namespace verdict::rule {
namespace {

constexpr double kTwoTo63 = 9223372036854775808.0;
constexpr double kTwoTo64 = 18446744073709551616.0;

// -1, 0, 1; kUnordered where a side is NaN.
constexpr int kUnordered = 2;

template <typename T>
int Order(T a, T b) {
  return a < b ? -1 : (b < a ? 1 : 0);
}

int OrderDoubles(double a, double b) {
  return std::isnan(a) || std::isnan(b) ? kUnordered : Order(a, b);
}

int OrderIntDouble(int64_t a, double b) {
  if (std::isnan(b)) return kUnordered;
  if (b < -kTwoTo63) return 1;
  if (b > kTwoTo63) return -1;
  return Order(static_cast<double>(a), b);
}

int OrderUintDouble(uint64_t a, double b) {
  if (std::isnan(b)) return kUnordered;
  if (b < 0) return 1;
  if (b > kTwoTo64) return -1;
  return Order(static_cast<double>(a), b);
}

int OrderIntUint(int64_t a, uint64_t b) { return a < 0 ? -1 : Order(static_cast<uint64_t>(a), b); }

int Reversed(int order) { return order == kUnordered ? order : -order; }

int OrderNumbers(const Value& a, const Value& b) {
  const bool a_int = a.kind() == Kind::kInt;
  const bool a_uint = a.kind() == Kind::kUint;
  if (b.kind() == Kind::kInt) {
    if (a_int) return Order(a.integer(), b.integer());
    if (a_uint) return Reversed(OrderIntUint(b.integer(), a.unsigned_integer()));
    return Reversed(OrderIntDouble(b.integer(), a.real()));
  }
  if (b.kind() == Kind::kUint) {
    if (a_int) return OrderIntUint(a.integer(), b.unsigned_integer());
    if (a_uint) return Order(a.unsigned_integer(), b.unsigned_integer());
    return Reversed(OrderUintDouble(b.unsigned_integer(), a.real()));
  }
  if (a_int) return OrderIntDouble(a.integer(), b.real());
  if (a_uint) return OrderUintDouble(a.unsigned_integer(), b.real());
  return OrderDoubles(a.real(), b.real());
}

bool IsNumber(const Value& v) {
  return v.kind() == Kind::kInt || v.kind() == Kind::kUint || v.kind() == Kind::kDouble;
}

int OrderTimestamps(const Value& a, const Value& b) {
  const int order = Order(a.integer(), b.integer());
  return order != 0 ? order : Order(a.nanos_of_ms(), b.nanos_of_ms());
}

bool EqualLists(std::span<const Value> a, std::span<const Value> b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (!EqualValues(a[i], b[i])) return false;
  }
  return true;
}

// The order of entries means nothing.
bool EqualMaps(const Value& a, const Value& b) {
  if (a.map().size() != b.map().size()) return false;
  for (const MapEntry& entry : a.map()) {
    const Value* other = FindKey(b, entry.key);
    if (other == nullptr || !EqualValues(entry.value, *other)) return false;
  }
  return true;
}

bool EqualOptionals(const Value* a, const Value* b) {
  return a == nullptr || b == nullptr ? a == b : EqualValues(*a, *b);
}

}  // namespace

const Value* FindKey(const Value& map, const Value& key) {
  for (const MapEntry& entry : map.map()) {
    if (EqualValues(entry.key, key)) return &entry.value;
  }
  return nullptr;
}

bool EqualValues(const Value& a, const Value& b) {
  if (IsNumber(a) && IsNumber(b)) return OrderNumbers(a, b) == 0;
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Kind::kNull:
      return true;
    case Kind::kBool:
    case Kind::kDuration:
      return a.integer() == b.integer();
    case Kind::kTimestamp:
      return OrderTimestamps(a, b) == 0;
    case Kind::kString:
    case Kind::kBytes:
    case Kind::kType:
      return a.string() == b.string();
    case Kind::kMap:
      return EqualMaps(a, b);
    case Kind::kIp:
      return SameAddress(*a.address(), *b.address());
    case Kind::kCidr:
      return *a.address() == *b.address();
    case Kind::kOptional:
      return EqualOptionals(a.held(), b.held());
    case Kind::kList:
      return EqualLists(a.list(), b.list());
    case Kind::kInt:
    case Kind::kUint:
    case Kind::kDouble:
    case Kind::kMissing:
    case Kind::kError:
      break;
  }
  return false;
}

Test TestOf(TokenKind op) {
  if (op == TokenKind::kLess) return Test::kLess;
  if (op == TokenKind::kLessEqual) return Test::kLessEqual;
  if (op == TokenKind::kGreater) return Test::kGreater;
  if (op == TokenKind::kGreaterEqual) return Test::kGreaterEqual;
  return op == TokenKind::kEqual ? Test::kEqual : Test::kNotEqual;
}

Value CompareValues(Test test, const Value& a, const Value& b) {
  if (test == Test::kEqual) return Value::Bool(EqualValues(a, b));
  if (test == Test::kNotEqual) return Value::Bool(!EqualValues(a, b));
  int order = 0;
  if (IsNumber(a) && IsNumber(b)) {
    order = OrderNumbers(a, b);
  } else if (a.kind() != b.kind()) {
    return Value::Error(ErrorCode::kType);
  } else if (a.kind() == Kind::kString || a.kind() == Kind::kBytes) {
    order = Order(a.string().compare(b.string()), 0);
  } else if (a.kind() == Kind::kTimestamp) {
    order = OrderTimestamps(a, b);
  } else if (a.kind() == Kind::kDuration || a.kind() == Kind::kBool) {
    order = Order(a.integer(), b.integer());
  } else {
    return Value::Error(ErrorCode::kType);
  }
  if (order == kUnordered) return Value::Bool(false);
  switch (test) {
    case Test::kLess:
      return Value::Bool(order < 0);
    case Test::kLessEqual:
      return Value::Bool(order <= 0);
    case Test::kGreater:
      return Value::Bool(order > 0);
    case Test::kGreaterEqual:
      return Value::Bool(order >= 0);
    case Test::kEqual:
    case Test::kNotEqual:
      break;
  }
  return Value::Error(ErrorCode::kType);
}

}  // namespace verdict::rule
