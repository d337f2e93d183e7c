// Addresses and networks of IPv4 and IPv6.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace verdict::rule {

// What a value of kind kIp or kCidr points to. Big endian; IPv4 takes the first four bytes.
struct IpAddress {
  std::array<uint8_t, 16> bytes = {};
  bool is_v6 = false;
  uint8_t prefix = 0;  // of a network: how many leading bits are its own

  int bits() const { return is_v6 ? 128 : 32; }
  friend bool operator==(const IpAddress&, const IpAddress&) = default;
};

// As Go's netip: no zone, no leading zeros, no white space; and no dots in IPv6.
std::optional<IpAddress> ParseIp(std::string_view text);
// `10.0.0.0/8`; bits behind the prefix may be set.
std::optional<IpAddress> ParseCidr(std::string_view text);
std::string IpText(const IpAddress& ip);      // as RFC 5952 writes it
std::string CidrText(const IpAddress& cidr);  // with its prefix
// The bits behind the prefix 0.
IpAddress Masked(IpAddress cidr);
// An IPv4 address within IPv6 (::ffff:0:0/96) as the former; any other as it is.
IpAddress Unmapped(const IpAddress& ip);
// True where both are one address, also as IPv4 and as IPv4 within IPv6 (::ffff:0:0/96).
bool SameAddress(const IpAddress& a, const IpAddress& b);
// True where all of `other` lies in `cidr`; an address is a network of one.
bool ContainsAll(const IpAddress& cidr, const IpAddress& other);

}  // namespace verdict::rule
