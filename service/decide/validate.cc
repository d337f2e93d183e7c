// What a payment must look like before it is decided. Each message names the field, the fault and
// the remedy, and echoes nothing that could be a card number or a broken string.
#include "decide/validate.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "base/status.h"
#include "decide/decider.h"
#include "model/business_day.h"
#include "model/card_number.h"
#include "model/money.h"

namespace verdict::decide {
namespace {

constexpr size_t kIdBytesMax = 128;
constexpr size_t kWordBytesMax = 64;  // status, channel
constexpr size_t kIpBytesMax = 45;
constexpr int64_t kAmountMinorMax = 1'000'000'000'000'000;  // 10^15

// No early way out: so it is a few wide comparisons.
bool IsPlainAscii(std::string_view text) {
  bool plain = true;
  for (const char c : text) plain &= c >= 0x20 && c < 0x7f;
  return plain;
}

// Bytes of the well-formed UTF-8 character at the head of `text`; 0 where it is not one (RFC 3629:
// no overlong forms, no surrogates, nothing past U+10FFFF).
size_t CharacterBytes(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < size) return 0;
  for (size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  const unsigned char second = byte(1);
  if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) ||
      (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f)) {
    return 0;
  }
  return size;
}

absl::Status CheckLength(std::string_view field, std::string_view text, size_t bytes_max) {
  if (text.size() <= bytes_max) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrFormat("%s: %d bytes long; at most %d are allowed", field, text.size(), bytes_max));
}

absl::Status CheckOptional(std::string_view field, std::string_view text, size_t bytes_max) {
  if (text.empty()) return absl::OkStatus();
  RETURN_IF_ERROR(CheckLength(field, text, bytes_max));
  return CheckText(field, text, ControlCharacters::kRefused);
}

absl::Status CheckRequiredId(std::string_view field, std::string_view text) {
  if (text.empty()) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%s: is empty; it is required, 1 to %d bytes", field, kIdBytesMax));
  }
  return CheckOptional(field, text, kIdBytesMax);
}

absl::Status CheckCard(std::string_view card_id) {
  RETURN_IF_ERROR(CheckOptional("card_id", card_id, kIdBytesMax));
  if (!model::LooksLikeCardNumber(card_id)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "card_id: looks like a card number (13 to 19 digits that pass the Luhn check), which must "
      "never be sent; "
      "send a token that stands for the card");
}

absl::Status CheckCountry(std::string_view field, std::string_view code) {
  if (code.empty()) return absl::OkStatus();
  const auto capital = [](char c) { return c >= 'A' && c <= 'Z'; };
  if (code.size() == 2 && capital(code[0]) && capital(code[1])) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrFormat(
      "%s: is not an ISO 3166-1 alpha-2 code; send two capitals like \"FR\", or leave it empty",
      field));
}

absl::Status CheckMcc(std::string_view code) {
  if (code.empty()) return absl::OkStatus();
  const bool digits =
      std::all_of(code.begin(), code.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (code.size() == 4 && digits) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "merchant_mcc: is not an ISO 18245 code; send four digits like \"5411\", or leave it empty");
}

absl::Status CheckCurrency(std::string_view code) {
  if (model::CurrencyExponent(code).has_value()) return absl::OkStatus();
  if (code.empty()) {
    return absl::InvalidArgumentError("currency: is empty; send an ISO 4217 code like \"EUR\"");
  }
  if (code.size() <= 8 && IsPlainAscii(code)) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "currency: \"%s\" is not an ISO 4217 code; send three capitals like \"EUR\"", code));
  }
  return absl::InvalidArgumentError(
      "currency: is not an ISO 4217 code; send three capitals like \"EUR\"");
}

absl::Status CheckAmount(std::string_view field, int64_t minor) {
  if (minor < 0) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "%s: %d is negative; amounts are 0 or more, the kind of an event gives the sign", field,
        minor));
  }
  if (minor > kAmountMinorMax) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "%s: %d is above the limit of %d minor units; is it in minor units of the currency?", field,
        minor, kAmountMinorMax));
  }
  return absl::OkStatus();
}

absl::Status CheckEventTime(int64_t time_ms, int64_t now_ms, int64_t max_skew_ms) {
  if (time_ms <= 0) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "event_time_ms: %d is not a time; send milliseconds since 1970-01-01 UTC", time_ms));
  }
  if (time_ms <= now_ms + max_skew_ms) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrFormat(
      "event_time_ms: %d is %d s ahead of the service's clock (%s), more than the %d s allowed; is "
      "it in "
      "milliseconds, and is the sender's clock right?",
      time_ms, (time_ms - now_ms) / 1000, model::FormatTimeMs(now_ms), max_skew_ms / 1000));
}

}  // namespace

absl::Status CheckText(std::string_view field, std::string_view text, ControlCharacters controls) {
  if (IsPlainAscii(text)) return absl::OkStatus();
  for (size_t at = 0; at < text.size();) {
    const size_t size = CharacterBytes(text.substr(at));
    if (size == 0) {
      return absl::InvalidArgumentError(
          absl::StrFormat("%s: byte %d is not UTF-8; send the field as UTF-8", field, at));
    }
    const auto lead = static_cast<unsigned char>(text[at]);
    const bool c1 = lead == 0xc2 && static_cast<unsigned char>(text[at + 1]) < 0xa0;
    if (controls == ControlCharacters::kRefused && (lead < 0x20 || lead == 0x7f || c1)) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "%s: byte %d is a control character; strip it before sending", field, at));
    }
    at += size;
  }
  return absl::OkStatus();
}

int64_t SkewTakenMs(const feature::FeatureSet& features, int64_t setting_ms) {
  return std::min(setting_ms, features.options().future_skew_ms);
}

absl::Status ValidateTransaction(const model::Transaction& txn, const rule::Schema& schema,
                                 int64_t now_ms, int64_t max_skew_ms) {
  RETURN_IF_ERROR(CheckRequiredId("id", txn.id));
  RETURN_IF_ERROR(CheckEventTime(txn.event_time_ms, now_ms, max_skew_ms));
  RETURN_IF_ERROR(CheckAmount("amount_minor", txn.amount_minor));
  RETURN_IF_ERROR(CheckCurrency(txn.currency));
  if (txn.amount_base_minor.has_value()) {
    RETURN_IF_ERROR(CheckAmount("amount_base_minor", *txn.amount_base_minor));
  }
  RETURN_IF_ERROR(CheckRequiredId("merchant_id", txn.merchant_id));
  RETURN_IF_ERROR(CheckMcc(txn.merchant_mcc));
  RETURN_IF_ERROR(CheckCountry("merchant_country", txn.merchant_country));
  RETURN_IF_ERROR(CheckCard(txn.card_id));
  RETURN_IF_ERROR(CheckCountry("card_country", txn.card_country));
  RETURN_IF_ERROR(CheckOptional("customer_id", txn.customer_id, kIdBytesMax));
  RETURN_IF_ERROR(CheckOptional("device_id", txn.device_id, kIdBytesMax));
  RETURN_IF_ERROR(CheckOptional("ip", txn.ip, kIpBytesMax));
  RETURN_IF_ERROR(CheckCountry("country", txn.country));
  RETURN_IF_ERROR(CheckOptional("channel", txn.channel, kWordBytesMax));
  RETURN_IF_ERROR(CheckOptional("status", txn.status, kWordBytesMax));
  return ValidateAttributes(txn, schema);
}

}  // namespace verdict::decide
