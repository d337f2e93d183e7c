#include "model/event.h"

namespace verdict::model {

std::string_view EventKindName(EventKind kind) {
  switch (kind) {
    case EventKind::kPayment:
      return "PAYMENT";
    case EventKind::kRefund:
      return "REFUND";
    case EventKind::kReversal:
      return "REVERSAL";
    case EventKind::kLabel:
      return "LABEL";
  }
  return "UNKNOWN";
}

}  // namespace verdict::model
