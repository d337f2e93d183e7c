// What tells a retry from a reused id (R22): a digest of id, amount_minor, currency, merchant_id
// and card_id. A retry may well carry another time or IP.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>

#include "base/hash.h"
#include "model/transaction.h"

namespace verdict::decide {

// REQUIRES: a validated transaction (its ids are at most 128 bytes, its currency 3).
inline std::array<uint64_t, 2> RequestDigest(const model::Transaction& txn) {
  // Stored with decisions, compared across restarts: the key is part of the format. No secret is
  // needed, since the ids stand beside the digest in the log.
  static constexpr base::SipKey kKey = {0x7665726469637431, 0x7265717565737431};
  std::array<char, 3 * 130 + 8 + 8> bytes;
  char* end = bytes.data();
  const auto put = [&](const std::string& field) {
    const auto size = static_cast<uint16_t>(field.size());
    std::memcpy(end, &size, sizeof size);
    std::memcpy(end + sizeof size, field.data(), field.size());
    end += sizeof size + field.size();
  };
  put(txn.id);
  put(txn.currency);
  put(txn.merchant_id);
  put(txn.card_id);
  std::memcpy(end, &txn.amount_minor, sizeof txn.amount_minor);
  end += sizeof txn.amount_minor;
  const base::Hash128 hash =
      base::SipHash128(kKey, {bytes.data(), static_cast<size_t>(end - bytes.data())});
  return {hash.high, hash.low};
}

}  // namespace verdict::decide
