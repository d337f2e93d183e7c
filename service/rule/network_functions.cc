// The network library: ip(), cidr() and what is asked of them.
#include <algorithm>
#include <new>

#include "rule/builtins.h"
#include "rule/network.h"

namespace verdict::rule {
namespace {

using Arguments = std::span<const Value>;

Value Keep(const IpAddress& ip, Value (*make)(const IpAddress*), EvaluationArena* arena) {
  void* room = arena->Allocate(sizeof(IpAddress));
  return room == nullptr ? Value::Error(ErrorCode::kLimit) : make(new (room) IpAddress(ip));
}

IpAddress OneAddress(IpAddress ip) {
  ip.prefix = static_cast<uint8_t>(ip.bits());
  return ip;
}

Value IpOfString(Arguments v, EvaluationArena* arena) {
  const std::optional<IpAddress> ip = ParseIp(v[0].string());
  return ip ? Keep(*ip, Value::Ip, arena) : Value::Error(ErrorCode::kConversion);
}
Value CidrOfString(Arguments v, EvaluationArena* arena) {
  const std::optional<IpAddress> cidr = ParseCidr(v[0].string());
  return cidr ? Keep(*cidr, Value::Cidr, arena) : Value::Error(ErrorCode::kConversion);
}
Value Same(Arguments v, EvaluationArena*) { return v[0]; }
Value IsIp(Arguments v, EvaluationArena*) {
  return Value::Bool(ParseIp(v[0].string()).has_value());
}
Value IsCidr(Arguments v, EvaluationArena*) {
  return Value::Bool(ParseCidr(v[0].string()).has_value());
}
Value IsCanonical(Arguments v, EvaluationArena*) {
  const std::optional<IpAddress> ip = ParseIp(v[0].string());
  if (!ip) return Value::Error(ErrorCode::kConversion);
  return Value::Bool(IpText(*ip) == v[0].string());
}
Value StringOfIp(Arguments v, EvaluationArena* arena) {
  return arena->CopyString(IpText(*v[0].address()));
}
Value StringOfCidr(Arguments v, EvaluationArena* arena) {
  return arena->CopyString(CidrText(*v[0].address()));
}

Value Family(Arguments v, EvaluationArena*) { return Value::Int(v[0].address()->is_v6 ? 6 : 4); }

bool AllZero(const IpAddress& ip, size_t from, size_t to) {
  return std::all_of(ip.bytes.begin() + static_cast<std::ptrdiff_t>(from),
                     ip.bytes.begin() + static_cast<std::ptrdiff_t>(to),
                     [](uint8_t byte) { return byte == 0; });
}
bool Unspecified(const IpAddress& ip) { return AllZero(ip, 0, ip.bytes.size()); }
bool Loopback(const IpAddress& ip) {
  return ip.is_v6 ? AllZero(ip, 0, 15) && ip.bytes[15] == 1 : ip.bytes[0] == 127;
}
bool LinkLocalUnicast(const IpAddress& ip) {
  return ip.is_v6 ? ip.bytes[0] == 0xfe && (ip.bytes[1] & 0xc0) == 0x80
                  : ip.bytes[0] == 169 && ip.bytes[1] == 254;
}
bool LinkLocalMulticast(const IpAddress& ip) {
  return ip.is_v6 ? ip.bytes[0] == 0xff && (ip.bytes[1] & 0x0f) == 0x02
                  : ip.bytes[0] == 224 && ip.bytes[1] == 0 && ip.bytes[2] == 0;
}
bool Multicast(const IpAddress& ip) {
  return ip.is_v6 ? ip.bytes[0] == 0xff : (ip.bytes[0] & 0xf0) == 0xe0;
}
bool GlobalUnicast(const IpAddress& ip) {
  const bool broadcast = !ip.is_v6 && std::all_of(ip.bytes.begin(), ip.bytes.begin() + 4,
                                                  [](uint8_t byte) { return byte == 255; });
  return !broadcast && !Unspecified(ip) && !Loopback(ip) && !Multicast(ip) && !LinkLocalUnicast(ip);
}

template <bool (*kTest)(const IpAddress&)>
Value Is(Arguments v, EvaluationArena*) {
  return Value::Bool(kTest(*v[0].address()));
}

Value ContainsAddress(Arguments v, EvaluationArena*) {
  return Value::Bool(ContainsAll(*v[0].address(), *v[1].address()));
}
Value ContainsIpText(Arguments v, EvaluationArena*) {
  const std::optional<IpAddress> ip = ParseIp(v[1].string());
  if (!ip) return Value::Error(ErrorCode::kConversion);
  return Value::Bool(ContainsAll(*v[0].address(), *ip));
}
Value ContainsCidrText(Arguments v, EvaluationArena*) {
  const std::optional<IpAddress> cidr = ParseCidr(v[1].string());
  if (!cidr) return Value::Error(ErrorCode::kConversion);
  return Value::Bool(ContainsAll(*v[0].address(), *cidr));
}
Value IpOfCidr(Arguments v, EvaluationArena* arena) {
  return Keep(OneAddress(*v[0].address()), Value::Ip, arena);
}
Value MaskedCidr(Arguments v, EvaluationArena* arena) {
  return Keep(Masked(*v[0].address()), Value::Cidr, arena);
}
Value PrefixLength(Arguments v, EvaluationArena*) { return Value::Int(v[0].address()->prefix); }

using enum TypeKind;

constexpr Overload kOverloads[] = {
    {"ip", false, 1, {kString}, kIp, IpOfString},
    {"ip", false, 1, {kIp}, kIp, Same},
    {"cidr", false, 1, {kString}, kCidr, CidrOfString},
    {"cidr", false, 1, {kCidr}, kCidr, Same},
    {"isIP", false, 1, {kString}, kBool, IsIp},
    {"isCIDR", false, 1, {kString}, kBool, IsCidr},
    {"ip.isCanonical", false, 1, {kString}, kBool, IsCanonical},
    {"string", false, 1, {kIp}, kString, StringOfIp},
    {"string", false, 1, {kCidr}, kString, StringOfCidr},
    {"family", true, 1, {kIp}, kInt, Family},
    {"isUnspecified", true, 1, {kIp}, kBool, Is<Unspecified>},
    {"isLoopback", true, 1, {kIp}, kBool, Is<Loopback>},
    {"isGlobalUnicast", true, 1, {kIp}, kBool, Is<GlobalUnicast>},
    {"isLinkLocalUnicast", true, 1, {kIp}, kBool, Is<LinkLocalUnicast>},
    {"isLinkLocalMulticast", true, 1, {kIp}, kBool, Is<LinkLocalMulticast>},
    {"containsIP", true, 2, {kCidr, kIp}, kBool, ContainsAddress},
    {"containsIP", true, 2, {kCidr, kString}, kBool, ContainsIpText},
    {"containsCIDR", true, 2, {kCidr, kCidr}, kBool, ContainsAddress},
    {"containsCIDR", true, 2, {kCidr, kString}, kBool, ContainsCidrText},
    {"ip", true, 1, {kCidr}, kIp, IpOfCidr},
    {"masked", true, 1, {kCidr}, kCidr, MaskedCidr},
    {"prefixLength", true, 1, {kCidr}, kInt, PrefixLength},
};

}  // namespace

std::span<const Overload> NetworkOverloads() { return kOverloads; }

}  // namespace verdict::rule
