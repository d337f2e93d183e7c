// The topic of decisions against the clients' book: what was answered is on record, and what is on
// record was answered.
#pragma once

#include <vector>

#include "e2e/seam/book.h"
#include "e2e/seam/kafka_topic.h"
#include "e2e/seam/report.h"
#include "e2e/seam/world.h"

namespace verdict::seam {

// A kill may lose the records of its last milliseconds; all others must be there, be it after the
// broker was away.
void CheckDecisions(const std::vector<Message>& decisions, const std::vector<Call>& calls,
                    const std::vector<PlannedPayment>& payments, Report* report);

}  // namespace verdict::seam
