// What the calls of a run add up to: how whole answers were inside and outside of faults, whether
// retries got their first decision, how long calls took.
#pragma once

#include <vector>

#include "e2e/seam/book.h"
#include "e2e/seam/faults.h"
#include "e2e/seam/lives.h"
#include "e2e/seam/report.h"
#include "e2e/seam/world.h"

namespace verdict::seam {

struct AnswersParts {
  const std::vector<Call>& calls;
  const std::vector<PlannedPayment>& payments;
  const std::vector<LifeRecord>& lives;
  const Faults& faults;
};

// Outside of faults at least 99.9 % of answers are FULL.
void CheckWholeness(const AnswersParts& parts, Report* report);
// The first decision, in its life; in later lives too, but for what the last seconds before a crash
// decided.
void CheckRetries(const AnswersParts& parts, Report* report);
void PrintLatencies(const AnswersParts& parts, Report* report);

}  // namespace verdict::seam
