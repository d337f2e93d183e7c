// A named list as rules ask it: `merchant.mcc in lists.high_risk_mcc`,
// `lists.datacentres.containsIP(txn.ip)`, `lists.bins.containsPrefixOf(card.bin)`.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "rule/constant_set.h"
#include "rule/network.h"

namespace verdict::rule {

enum class ListKind : uint8_t {
  kSet,    // whole texts, by hash
  kCidr,   // networks and addresses, by binary search
  kPrefix  // beginnings of texts: one hash for each length that an entry has
};
std::string_view ListKindName(ListKind kind);  // "set"

// An entry counts before `expires_ms`, in ms since the epoch of a payment's own time.
inline constexpr int64_t kNever = INT64_MAX;

// Filled once, then immutable and thread-safe. An entry that stands twice counts until the later of
// its times.
class NamedList {
 public:
  // `entries`: how many are expected.
  NamedList(ListKind kind, size_t entries);

  // False where the text is no entry of this kind: no network, or empty.
  bool Add(std::string_view text, int64_t expires_ms = kNever);
  // After the last Add, before the first question.
  void Finish();

  ListKind kind() const { return kind_; }
  size_t size() const { return size_; }      // entries added
  bool expires() const { return expires_; }  // some entry does: then the time of a question matters

  bool Contains(std::string_view text, int64_t at_ms) const;          // REQUIRES: a set
  bool ContainsIp(const IpAddress& ip, int64_t at_ms) const;          // REQUIRES: networks
  bool ContainsPrefixOf(std::string_view text, int64_t at_ms) const;  // REQUIRES: prefixes
  // Texts looked up by one question, at most: what it costs.
  size_t lookups() const { return kind_ == ListKind::kPrefix ? lengths_.size() : 1; }

 private:
  using Address = std::array<uint8_t, 17>;  // the family, then the address: compared in this order
  struct Range {
    Address first = {};
    Address last = {};
    int64_t expires_ms = kNever;
  };

  static Address AddressOf(const IpAddress& ip);
  static Range RangeOf(const IpAddress& cidr, int64_t expires_ms);
  void Flatten();

  ListKind kind_;
  size_t size_ = 0;
  bool expires_ = false;
  TextTimes texts_;              // sets and prefixes
  std::vector<size_t> lengths_;  // of prefixes, ascending
  std::vector<Range> ranges_;    // ascending, none over another once finished
};

// By name.
using NamedLists = std::unordered_map<std::string, std::shared_ptr<const NamedList>>;

}  // namespace verdict::rule
