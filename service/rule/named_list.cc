// Sets and prefixes over one table of texts, networks as ranges that do not overlap.
#include "rule/named_list.h"

#include <algorithm>

namespace verdict::rule {

std::string_view ListKindName(ListKind kind) {
  switch (kind) {
    case ListKind::kSet:
      return "set";
    case ListKind::kCidr:
      return "cidr";
    case ListKind::kPrefix:
      return "prefix";
  }
  return "set";
}

NamedList::NamedList(ListKind kind, size_t entries)
    : kind_(kind), texts_(kind == ListKind::kCidr ? 0 : entries) {
  if (kind == ListKind::kCidr) ranges_.reserve(entries);
}

bool NamedList::Add(std::string_view text, int64_t expires_ms) {
  if (kind_ == ListKind::kCidr) {
    std::optional<IpAddress> cidr = ParseCidr(text);
    if (!cidr) cidr = ParseIp(text);
    if (!cidr) return false;
    ranges_.push_back(RangeOf(*cidr, expires_ms));
  } else {
    if (text.empty()) return false;
    texts_.Add(text, expires_ms);
    const auto at = std::lower_bound(lengths_.begin(), lengths_.end(), text.size());
    const bool known = kind_ == ListKind::kSet || (at != lengths_.end() && *at == text.size());
    if (!known) lengths_.insert(at, text.size());
  }
  ++size_;
  expires_ = expires_ || expires_ms != kNever;
  return true;
}

void NamedList::Finish() {
  if (kind_ == ListKind::kCidr) Flatten();
}

NamedList::Address NamedList::AddressOf(const IpAddress& ip) {
  Address address = {};
  address[0] = ip.is_v6 ? 6 : 4;
  std::copy(ip.bytes.begin(), ip.bytes.end(), address.begin() + 1);
  return address;
}

NamedList::Range NamedList::RangeOf(const IpAddress& cidr, int64_t expires_ms) {
  constexpr int kMappedBits = 96;
  IpAddress first = Masked(cidr);
  if (first.is_v6 && cidr.prefix >= kMappedBits) first = Unmapped(first);
  const int prefix = first.is_v6 == cidr.is_v6 ? cidr.prefix : cidr.prefix - kMappedBits;
  IpAddress last = first;
  const size_t bytes = first.is_v6 ? 16 : 4;
  for (size_t i = 0; i < bytes; ++i) {
    const int own = std::clamp(prefix - static_cast<int>(i) * 8, 0, 8);
    last.bytes[i] = static_cast<uint8_t>(last.bytes[i] | (0xff >> own));
  }
  return {AddressOf(first), AddressOf(last), expires_ms};
}

// Of two networks one lies in the other, or they have nothing in common. What lies in one that
// counts as long is left out; what counts longer cuts the outer one in pieces.
void NamedList::Flatten() {
  std::sort(ranges_.begin(), ranges_.end(), [](const Range& a, const Range& b) {
    return a.first != b.first ? a.first < b.first : a.last > b.last;
  });
  const auto step = [](Address address, bool up) {
    for (size_t i = address.size(); i-- > 0;) {
      const uint8_t edge = up ? 0xff : 0;
      const bool carries = address[i] == edge;
      address[i] = static_cast<uint8_t>(up ? address[i] + 1 : address[i] - 1);
      if (!carries) break;
    }
    return address;
  };
  std::vector<Range> flat;
  std::vector<Range> around;  // those that reach over the place we are at, the outermost first
  const auto close_before = [&](const Address* place) {
    while (!around.empty() && (place == nullptr || around.back().last < *place)) {
      const Range done = around.back();
      around.pop_back();
      if (done.first <= done.last) flat.push_back(done);
      // The rest of the one around begins behind it.
      if (!around.empty()) around.back().first = step(done.last, true);
    }
  };
  for (const Range& range : ranges_) {
    close_before(&range.first);
    if (!around.empty() && around.back().expires_ms >= range.expires_ms) continue;
    if (!around.empty() && around.back().first < range.first) {
      Range before = around.back();
      before.last = step(range.first, false);
      flat.push_back(before);
    }
    if (!around.empty()) around.back().first = range.first;
    around.push_back(range);
  }
  close_before(nullptr);
  flat.shrink_to_fit();
  ranges_ = std::move(flat);
}

bool NamedList::Contains(std::string_view text, int64_t at_ms) const {
  return at_ms < texts_.TimeOf(text);
}

bool NamedList::ContainsIp(const IpAddress& ip, int64_t at_ms) const {
  const Address address = AddressOf(Unmapped(ip));
  auto after = std::upper_bound(ranges_.begin(), ranges_.end(), address,
                                [](const Address& a, const Range& r) { return a < r.first; });
  if (after == ranges_.begin()) return false;
  const Range& range = *--after;
  return address <= range.last && at_ms < range.expires_ms;
}

bool NamedList::ContainsPrefixOf(std::string_view text, int64_t at_ms) const {
  for (size_t length : lengths_) {
    if (length > text.size()) break;
    if (at_ms < texts_.TimeOf(text.substr(0, length))) return true;
  }
  return false;
}

}  // namespace verdict::rule
