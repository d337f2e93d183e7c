// Addresses and networks.
#include "rule/network.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>

namespace verdict::rule {
namespace {

constexpr int kGroups = 8;

uint16_t GroupOf(const IpAddress& ip, int group) {
  const auto at = static_cast<size_t>(group) * 2;
  return static_cast<uint16_t>(ip.bytes[at] << 8 | ip.bytes[at + 1]);
}

// The longest run of zeros of two groups or more, the first of several: where, and how many.
std::pair<int, int> LongestZeros(const IpAddress& ip) {
  std::pair<int, int> best = {-1, 1};
  for (int begin = 0; begin < kGroups; ++begin) {
    int end = begin;
    while (end < kGroups && GroupOf(ip, end) == 0) ++end;
    if (end - begin > best.second) best = {begin, end - begin};
  }
  return best;
}

bool IsV4InV6(const IpAddress& ip) {
  return std::all_of(ip.bytes.begin(), ip.bytes.begin() + 10, [](uint8_t b) { return b == 0; }) &&
         ip.bytes[10] == 0xff && ip.bytes[11] == 0xff;
}

}  // namespace

IpAddress Unmapped(const IpAddress& ip) {
  if (!ip.is_v6 || !IsV4InV6(ip)) return ip;
  IpAddress v4;
  std::copy(ip.bytes.begin() + 12, ip.bytes.end(), v4.bytes.begin());
  v4.prefix = static_cast<uint8_t>(v4.bits());
  return v4;
}

std::optional<IpAddress> ParseIp(std::string_view text) {
  if (text.size() >= INET6_ADDRSTRLEN || text.find('\0') != std::string_view::npos) {
    return std::nullopt;
  }
  char z[INET6_ADDRSTRLEN] = {};
  std::copy(text.begin(), text.end(), z);
  IpAddress ip;
  ip.is_v6 = text.find(':') != std::string_view::npos;
  if (inet_pton(ip.is_v6 ? AF_INET6 : AF_INET, z, ip.bytes.data()) != 1) {
    return std::nullopt;
  }
  if (ip.is_v6 && text.find('.') != std::string_view::npos) return std::nullopt;
  ip.prefix = static_cast<uint8_t>(ip.bits());
  return ip;
}

std::optional<IpAddress> ParseCidr(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  std::optional<IpAddress> ip = ParseIp(text.substr(0, slash));
  const std::string_view digits = text.substr(slash + 1);
  int prefix = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
  const bool whole = error == std::errc() && end == digits.data() + digits.size();
  const bool plain =
      !digits.empty() && digits[0] != '-' && (digits[0] != '0' || digits.size() == 1);
  if (!ip || !whole || !plain || prefix < 0 || prefix > ip->bits()) return std::nullopt;
  ip->prefix = static_cast<uint8_t>(prefix);
  return ip;
}

bool SameAddress(const IpAddress& a, const IpAddress& b) {
  return Unmapped(a).is_v6 == Unmapped(b).is_v6 && Unmapped(a).bytes == Unmapped(b).bytes;
}

std::string IpText(const IpAddress& ip) {
  std::string out;
  if (!ip.is_v6) {
    for (size_t i = 0; i < 4; ++i) out += (i > 0 ? "." : "") + std::to_string(ip.bytes[i]);
    return out;
  }
  if (IsV4InV6(ip)) return "::ffff:" + IpText(Unmapped(ip));
  const auto [zeros, count] = LongestZeros(ip);
  for (int group = 0; group < kGroups; ++group) {
    if (group == zeros) {
      out += "::";
      group += count - 1;
      continue;
    }
    if (!out.empty() && out.back() != ':') out += ':';
    char digits[8];
    std::snprintf(digits, sizeof digits, "%x", GroupOf(ip, group));
    out += digits;
  }
  return out;
}

std::string CidrText(const IpAddress& cidr) {
  return IpText(cidr) + "/" + std::to_string(cidr.prefix);
}

IpAddress Masked(IpAddress cidr) {
  for (size_t i = 0; i < cidr.bytes.size(); ++i) {
    const int own = std::clamp(cidr.prefix - static_cast<int>(i) * 8, 0, 8);
    cidr.bytes[i] = static_cast<uint8_t>(cidr.bytes[i] & (0xff00 >> own));
  }
  return cidr;
}

bool ContainsAll(const IpAddress& cidr, const IpAddress& other) {
  if (cidr.is_v6 != other.is_v6 || other.prefix < cidr.prefix) return false;
  IpAddress widened = other;
  widened.prefix = cidr.prefix;
  return Masked(widened) == Masked(cidr);
}

}  // namespace verdict::rule
