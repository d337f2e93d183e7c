// protobuf's encoding: https://protobuf.dev/programming-guides/encoding. A field is a varint,
// number and wire type in one, and its value.
#include "wire/plain_event.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <string>

#include "verdict/v1/transaction.pb.h"

namespace verdict::wire {
namespace {

using v1::Transaction;
using v1::TransactionEvent;
using TextMember = std::string model::Transaction::*;

constexpr int kSmallBytesMax = 4;
constexpr uint32_t kVarint = 0;
constexpr uint32_t kBytes = 2;
constexpr uint32_t Tag(int field, uint32_t wire_type) {
  return static_cast<uint32_t>(field) << 3 | wire_type;
}

// Where a text field of verdict.v1.Transaction goes, by its number.
constexpr size_t kFields = 17;
constexpr std::array<TextMember, kFields> kTexts = [] {
  using T = model::Transaction;
  std::array<TextMember, kFields> texts{};
  texts[Transaction::kIdFieldNumber] = &T::id;
  texts[Transaction::kCurrencyFieldNumber] = &T::currency;
  texts[Transaction::kMerchantIdFieldNumber] = &T::merchant_id;
  texts[Transaction::kMerchantMccFieldNumber] = &T::merchant_mcc;
  texts[Transaction::kMerchantCountryFieldNumber] = &T::merchant_country;
  texts[Transaction::kCardIdFieldNumber] = &T::card_id;
  texts[Transaction::kCardCountryFieldNumber] = &T::card_country;
  texts[Transaction::kCustomerIdFieldNumber] = &T::customer_id;
  texts[Transaction::kDeviceIdFieldNumber] = &T::device_id;
  texts[Transaction::kIpFieldNumber] = &T::ip;
  texts[Transaction::kCountryFieldNumber] = &T::country;
  texts[Transaction::kChannelFieldNumber] = &T::channel;
  texts[Transaction::kStatusFieldNumber] = &T::status;
  return texts;
}();

// Thread-compatible. Goes through the bytes; false where they end too early.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : at_(bytes.data()), end_(at_ + bytes.size()) {}
  bool done() const { return at_ == end_; }

  bool Varint(uint64_t* value) {
    if (at_ == end_) return false;
    const auto first = static_cast<unsigned char>(*at_);
    if (first < 0x80) {  // nearly all tags and lengths
      ++at_;
      *value = first;
      return true;
    }
    return LongVarint(value);
  }

  // Tags and sizes: as short as they usually are. Longer ones protobuf judges otherwise.
  bool Small(uint64_t* value) {
    const char* const begin = at_;
    return Varint(value) && at_ - begin <= kSmallBytesMax;
  }

  bool Bytes(std::string_view* bytes) {
    uint64_t size = 0;
    if (!Small(&size) || size > static_cast<uint64_t>(end_ - at_)) return false;
    *bytes = {at_, static_cast<size_t>(size)};
    at_ += size;
    return true;
  }

 private:
  bool LongVarint(uint64_t* value) {
    uint64_t result = 0;
    for (int shift = 0; shift < 63 && at_ != end_; shift += 7) {
      const auto byte = static_cast<unsigned char>(*at_++);
      result |= uint64_t{byte & 0x7fU} << shift;
      if (byte < 0x80) {
        *value = result;
        return true;
      }
    }
    return false;  // too short; or ten bytes: a number below zero, which is not usual
  }

  const char* at_;
  const char* end_;
};

bool IsAscii(std::string_view text) {
  uint64_t high = 0;
  size_t i = 0;
  for (; i + sizeof(uint64_t) <= text.size(); i += sizeof(uint64_t)) {
    uint64_t word;
    std::memcpy(&word, text.data() + i, sizeof word);
    high |= word;
  }
  for (; i < text.size(); ++i) high |= static_cast<unsigned char>(text[i]);
  return (high & 0x8080808080808080ULL) == 0;
}

bool ReadTransaction(std::string_view bytes, model::Transaction* txn) {
  txn->Clear();
  Cursor cursor(bytes);
  while (!cursor.done()) {
    uint64_t tag = 0;
    if (!cursor.Small(&tag)) return false;
    if ((tag & 7) == kBytes) {
      const uint64_t field = tag >> 3;
      std::string_view text;
      if (field >= kFields || kTexts[field] == nullptr || !cursor.Bytes(&text)) return false;
      if (!IsAscii(text)) return false;
      (txn->*kTexts[field]).assign(text);
      continue;
    }
    uint64_t value = 0;
    if (!cursor.Varint(&value)) return false;
    const auto number = static_cast<int64_t>(value);
    switch (tag) {
      case Tag(Transaction::kEventTimeMsFieldNumber, kVarint):
        txn->event_time_ms = number;
        break;
      case Tag(Transaction::kAmountMinorFieldNumber, kVarint):
        txn->amount_minor = number;
        break;
      case Tag(Transaction::kAmountBaseMinorFieldNumber, kVarint):
        txn->amount_base_minor = number;
        break;
      default:
        return false;
    }
  }
  return true;
}

}  // namespace

bool ReadPlainEvent(std::string_view bytes, model::Event* event) {
  uint64_t kind = 0;
  uint64_t sequence = 0;
  uint64_t is_fraud = 0;
  std::string_view transaction;
  bool any_transaction = false;
  Cursor cursor(bytes);
  while (!cursor.done()) {
    uint64_t tag = 0;
    if (!cursor.Small(&tag)) return false;
    switch (tag) {
      case Tag(TransactionEvent::kKindFieldNumber, kVarint):
        if (!cursor.Varint(&kind)) return false;
        break;
      case Tag(TransactionEvent::kTransactionFieldNumber, kBytes):
        // Of two, protobuf would make one.
        if (any_transaction || !cursor.Bytes(&transaction)) return false;
        any_transaction = true;
        break;
      case Tag(TransactionEvent::kSequenceFieldNumber, kVarint):
        if (!cursor.Varint(&sequence)) return false;
        break;
      case Tag(TransactionEvent::kIsFraudFieldNumber, kVarint):
        if (!cursor.Varint(&is_fraud)) return false;
        break;
      default:
        return false;
    }
  }
  if (!any_transaction || kind < v1::EVENT_KIND_PAYMENT || kind > v1::EVENT_KIND_LABEL ||
      sequence > UINT32_MAX) {
    return false;
  }
  event->kind = static_cast<model::EventKind>(kind);
  event->sequence = static_cast<uint32_t>(sequence);
  event->is_fraud = is_fraud != 0;
  return ReadTransaction(transaction, &event->txn);
}

}  // namespace verdict::wire
