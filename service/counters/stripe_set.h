// Which stripes one transaction touches: ascending, each once, so that two of them never wait for
// each other in a ring.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/check.h"
#include "model/entity_key.h"

namespace verdict::counters {

inline constexpr size_t kStripes = 1024;
// Entity types of one feature set.
inline constexpr size_t kMaxEntityTypes = 63;

// **Thread-compatible.**
class StripeSet {
 public:
  StripeSet() = default;
  StripeSet(const model::EntityKey& payment,
            std::span<const std::optional<model::EntityKey>> entities) {
    CHECK(entities.size() <= kMaxEntityTypes);
    Add(payment.stripe());
    for (const std::optional<model::EntityKey>& key : entities) {
      if (key) Add(key->stripe());
    }
  }

  const uint16_t* begin() const { return stripes_.data(); }
  const uint16_t* end() const { return stripes_.data() + size_; }
  bool Contains(uint32_t stripe) const {
    return std::find(begin(), end(), static_cast<uint16_t>(stripe)) != end();
  }

 private:
  void Add(uint32_t stripe) {
    const auto value = static_cast<uint16_t>(stripe);
    uint16_t* last = stripes_.data() + size_;
    uint16_t* place = std::lower_bound(stripes_.data(), last, value);
    if (place != last && *place == value) return;
    std::move_backward(place, last, last + 1);
    *place = value;
    ++size_;
  }

  std::array<uint16_t, kMaxEntityTypes + 1> stripes_;
  size_t size_ = 0;
};

}  // namespace verdict::counters
