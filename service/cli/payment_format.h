// How generated payments are written: rows of history.csv and labels.csv, events of today.events.
#pragma once

#include <string>
#include <string_view>

#include "cli/payment.h"
#include "cli/population.h"
#include "verdict/v1/transaction.pb.h"

namespace verdict::cli {

// The columns of history.csv are the fields of a Transaction, then the label.
inline constexpr std::string_view kHistoryHeader =
    "id,event_time_ms,amount_minor,currency,amount_base_minor,merchant_id,merchant_mcc,merchant_"
    "country,card_id,"
    "card_country,customer_id,device_id,ip,country,channel,status,is_fraud,fraud_kind\n";
inline constexpr std::string_view kLabelsHeader = "id,is_fraud,kind\n";

// Thread-compatible. Appends to strings; keeps one message to be reused.
class PaymentFormat {
 public:
  explicit PaymentFormat(const Population* population) : population_(population) {}

  void AppendHistoryRow(const Payment& payment, std::string* out) const;
  void AppendLabelRow(const Payment& payment, std::string* out) const;
  // A PAYMENT event without a status, as a gateway would ask for it: its length as a varint, then
  // its bytes.
  void AppendEvent(const Payment& payment, std::string* out);
  // The same as one line of JSON.
  void AppendEventJson(const Payment& payment, std::string* out);

 private:
  void Fill(const Payment& payment);
  const Population* population_;
  v1::TransactionEvent event_;
};

}  // namespace verdict::cli
