#include "model/transaction.h"

namespace verdict::model {

void Transaction::Clear() {
  event_time_ms = 0;
  amount_minor = 0;
  amount_base_minor.reset();
  for (std::string* field :
       {&id, &currency, &merchant_id, &merchant_mcc, &merchant_country, &card_id, &card_country,
        &customer_id, &device_id, &ip, &country, &channel, &status}) {
    field->clear();
  }
  attributes.clear();
}

}  // namespace verdict::model
