#include "cli/payment_format.h"

#include <google/protobuf/util/json_util.h>

#include <charconv>

#include "base/check.h"

namespace verdict::cli {
namespace {

void AppendInt(int64_t value, std::string* out) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  out->append(digits, end);
}

// `prefix` and the number with at least `width` digits: ids sort as they were made.
void AppendId(char prefix, uint64_t number, int width, std::string* out) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out->push_back(prefix);
  for (auto length = end - digits; length < width; ++length) out->push_back('0');
  out->append(digits, end);
}

// A device's id tells nothing of whose it is: 64 mixed bits in hexadecimal.
void AppendDevice(uint64_t device, std::string* out) {
  if (device == 0) return;
  const uint64_t mixed = SplitMix64(&device);
  out->append("d-");
  for (int shift = 60; shift >= 0; shift -= 4)
    out->push_back("0123456789abcdef"[(mixed >> shift) & 15]);
}

void AppendAddress(uint32_t ip, std::string* out) {
  if (ip == 0) return;
  for (int shift = 24; shift >= 0; shift -= 8) {
    AppendInt((ip >> shift) & 255, out);
    if (shift > 0) out->push_back('.');
  }
}

constexpr int kPaymentWidth = 9, kMerchantWidth = 6, kCardWidth = 8;

}  // namespace

void PaymentFormat::AppendHistoryRow(const Payment& p, std::string* out) const {
  const Merchant& merchant = population_->merchants()[p.merchant];
  const Card& card = population_->cards()[p.card];
  AppendId('p', p.number, kPaymentWidth, out);
  out->push_back(',');
  AppendInt(p.time_ms, out);
  out->push_back(',');
  AppendInt(p.amount_minor, out);
  out->push_back(',');
  out->append(Countries()[merchant.country].currency).push_back(',');
  AppendInt(p.amount_base_minor, out);
  out->push_back(',');
  AppendId('m', p.merchant, kMerchantWidth, out);
  out->push_back(',');
  out->append(Trades()[merchant.trade].mcc).push_back(',');
  out->append(Countries()[merchant.country].code).push_back(',');
  AppendId('c', p.card, kCardWidth, out);
  out->push_back(',');
  out->append(Countries()[card.country].code).push_back(',');
  AppendId('u', card.customer, kCardWidth, out);
  out->push_back(',');
  AppendDevice(p.device, out);
  out->push_back(',');
  AppendAddress(p.ip, out);
  out->push_back(',');
  out->append(Countries()[p.payer_country].code);
  out->append(merchant.ecom ? ",ecom" : ",pos");
  out->append(p.declined ? ",declined" : ",approved");
  out->append(p.fraud != FraudKind::kNone ? ",1," : ",0,");
  out->append(FraudKindName(p.fraud)).push_back('\n');
}

void PaymentFormat::AppendLabelRow(const Payment& p, std::string* out) const {
  AppendId('p', p.number, kPaymentWidth, out);
  out->append(p.fraud != FraudKind::kNone ? ",1," : ",0,");
  out->append(FraudKindName(p.fraud)).push_back('\n');
}

void PaymentFormat::Fill(const Payment& p) {
  const Merchant& merchant = population_->merchants()[p.merchant];
  const Card& card = population_->cards()[p.card];
  event_.Clear();
  event_.set_kind(v1::EVENT_KIND_PAYMENT);
  v1::Transaction& t = *event_.mutable_transaction();
  const auto set_text = [](std::string_view text, std::string* field) { field->assign(text); };
  AppendId('p', p.number, kPaymentWidth, t.mutable_id());
  t.set_event_time_ms(p.time_ms);
  t.set_amount_minor(p.amount_minor);
  t.set_amount_base_minor(p.amount_base_minor);
  set_text(Countries()[merchant.country].currency, t.mutable_currency());
  AppendId('m', p.merchant, kMerchantWidth, t.mutable_merchant_id());
  set_text(Trades()[merchant.trade].mcc, t.mutable_merchant_mcc());
  set_text(Countries()[merchant.country].code, t.mutable_merchant_country());
  AppendId('c', p.card, kCardWidth, t.mutable_card_id());
  set_text(Countries()[card.country].code, t.mutable_card_country());
  AppendId('u', card.customer, kCardWidth, t.mutable_customer_id());
  AppendDevice(p.device, t.mutable_device_id());
  AppendAddress(p.ip, t.mutable_ip());
  set_text(Countries()[p.payer_country].code, t.mutable_country());
  set_text(merchant.ecom ? "ecom" : "pos", t.mutable_channel());
}

void PaymentFormat::AppendEvent(const Payment& payment, std::string* out) {
  Fill(payment);
  size_t length = event_.ByteSizeLong();
  for (; length >= 128; length >>= 7) out->push_back(static_cast<char>(length | 128));
  out->push_back(static_cast<char>(length));
  CHECK(event_.AppendToString(out));
}

void PaymentFormat::AppendEventJson(const Payment& payment, std::string* out) {
  Fill(payment);
  std::string line;
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  CHECK(google::protobuf::util::MessageToJsonString(event_, &line, options).ok());
  out->append(line).push_back('\n');
}

}  // namespace verdict::cli
