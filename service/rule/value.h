// A value of the rule language: 16 bytes, trivially copyable. Strings, lists and maps are views of
// what others own.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace verdict::rule {

// kMissing and kError are results, not values a rule can hold.
enum class Kind : uint8_t {
  kMissing,
  kError,
  kNull,
  kBool,
  kInt,
  kUint,
  kDouble,
  kString,
  kBytes,
  kTimestamp,
  kDuration,
  kList,
  kMap,
  kType,
  kOptional,
  kIp,
  kCidr
};

// Why an evaluation ended in kError.
enum class ErrorCode : uint8_t {
  kNone,
  kOverflow,
  kDivideByZero,
  kConversion,
  kIndex,
  kType,
  kRegex,
  kLimit,
  kNotANumber,
  kUnbound,      // a name nobody gave a value
  kRepeatedKey,  // of a map
  kNoValue       // of an optional
};

struct MapEntry;
struct IpAddress;

class Value {
 public:
  constexpr Value() = default;  // missing
  static Value Missing(uint16_t slot = UINT16_MAX) {
    Value v;
    v.kind_ = Kind::kMissing;
    v.extra_ = slot;
    return v;
  }
  static Value Error(ErrorCode code) {
    Value v;
    v.kind_ = Kind::kError;
    v.extra_ = static_cast<uint32_t>(code);
    return v;
  }
  static Value Null() {
    Value v;
    v.kind_ = Kind::kNull;
    return v;
  }
  static Value Bool(bool b) {
    Value v;
    v.kind_ = Kind::kBool;
    v.int_ = b;
    return v;
  }
  static Value Int(int64_t i) {
    Value v;
    v.kind_ = Kind::kInt;
    v.int_ = i;
    return v;
  }
  static Value Uint(uint64_t u) {
    Value v;
    v.kind_ = Kind::kUint;
    v.uint_ = u;
    return v;
  }
  static Value Double(double d) {
    Value v;
    v.kind_ = Kind::kDouble;
    v.double_ = d;
    return v;
  }
  // `text` must outlive the value; at most 2^32-1 bytes.
  static Value String(std::string_view text) {
    Value v;
    v.kind_ = Kind::kString;
    v.pointer_ = text.data();
    v.extra_ = static_cast<uint32_t>(text.size());
    return v;
  }
  static Value Bytes(std::string_view bytes) {
    Value v = String(bytes);
    v.kind_ = Kind::kBytes;
    return v;
  }
  // Milliseconds since the Unix epoch.
  static Value TimestampMs(int64_t ms) { return Timestamp(ms, 0); }
  // And the nanoseconds beyond the millisecond, 0 to 999,999.
  static Value Timestamp(int64_t ms, uint32_t nanos) {
    Value v;
    v.kind_ = Kind::kTimestamp;
    v.int_ = ms;
    v.extra_ = nanos;
    return v;
  }
  // Nanoseconds.
  static Value Duration(int64_t ns) {
    Value v;
    v.kind_ = Kind::kDuration;
    v.int_ = ns;
    return v;
  }
  static Value List(std::span<const Value> items) {
    Value v;
    v.kind_ = Kind::kList;
    v.pointer_ = items.data();
    v.extra_ = static_cast<uint32_t>(items.size());
    return v;
  }

  // Keys are ints, uints, bools or strings, each once.
  static Value Map(std::span<const MapEntry> entries);
  // `name` must outlive the value: "int", "google.protobuf.Timestamp".
  static Value Type(std::string_view name) {
    Value v = String(name);
    v.kind_ = Kind::kType;
    return v;
  }
  // What `held` points to must outlive the value; null: none.
  static Value Optional(const Value* held) {
    Value v;
    v.kind_ = Kind::kOptional;
    v.pointer_ = held;
    return v;
  }

  // `ip` must outlive the value.
  static Value Ip(const IpAddress* ip) {
    Value v;
    v.kind_ = Kind::kIp;
    v.pointer_ = ip;
    return v;
  }
  static Value Cidr(const IpAddress* cidr) {
    Value v = Ip(cidr);
    v.kind_ = Kind::kCidr;
    return v;
  }

  Kind kind() const { return kind_; }
  bool is_missing() const { return kind_ == Kind::kMissing; }
  bool is_error() const { return kind_ == Kind::kError; }
  // Missing or an error: no value, and the end of most of what would read it.
  bool stops() const { return kind_ <= Kind::kError; }
  bool boolean() const { return int_ != 0; }
  int64_t integer() const { return int_; }
  uint64_t unsigned_integer() const { return uint_; }
  double real() const { return double_; }
  std::string_view string() const { return {static_cast<const char*>(pointer_), extra_}; }
  std::span<const Value> list() const { return {static_cast<const Value*>(pointer_), extra_}; }
  std::span<const MapEntry> map() const;
  const IpAddress* address() const { return static_cast<const IpAddress*>(pointer_); }
  const Value* held() const { return static_cast<const Value*>(pointer_); }  // of an optional
  ErrorCode error() const { return static_cast<ErrorCode>(extra_); }
  uint32_t nanos_of_ms() const { return extra_; }                          // of a timestamp
  uint16_t missing_slot() const { return static_cast<uint16_t>(extra_); }  // UINT16_MAX: unknown

 private:
  union {
    int64_t int_ = 0;
    uint64_t uint_;
    double double_;
    const void* pointer_;
  };
  uint32_t extra_ = UINT16_MAX;
  Kind kind_ = Kind::kMissing;
};
static_assert(sizeof(Value) == 16);

struct MapEntry {
  Value key;
  Value value;
};

inline Value Value::Map(std::span<const MapEntry> entries) {
  Value v;
  v.kind_ = Kind::kMap;
  v.pointer_ = entries.data();
  v.extra_ = static_cast<uint32_t>(entries.size());
  return v;
}
inline std::span<const MapEntry> Value::map() const {
  return {static_cast<const MapEntry*>(pointer_), extra_};
}

}  // namespace verdict::rule
