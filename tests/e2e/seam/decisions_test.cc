#include "e2e/seam/decisions.h"

#include "e2e/seam/examples.h"
#include "gtest/gtest.h"

namespace verdict::seam {
namespace {

Message RecordOf(const std::string& id, v1::Outcome outcome) {
  v1::DecisionRecord record;
  record.set_transaction_id(id);
  record.set_outcome(outcome);
  return {.value = record.SerializeAsString()};
}

class DecisionsTest : public ::testing::Test {
 protected:
  DecisionsTest() : payments_(2) {
    payments_[0].fact.id = "a";
    payments_[1].fact.id = "b";
    for (uint32_t i = 0; i < 2; ++i) {
      calls_.push_back({.payment = i, .answered = true});
      calls_.back().response.set_decision(v1::OUTCOME_ALLOW);
    }
  }
  int Wrong(const std::vector<Message>& records) {
    Report report;
    CheckDecisions(records, calls_, payments_, &report);
    return report.wrong();
  }
  std::vector<PlannedPayment> payments_;
  std::vector<Call> calls_;
};

TEST_F(DecisionsTest, EachAnswerIsOnRecordOnceOrMore) {
  const Message a = RecordOf("a", v1::OUTCOME_ALLOW), b = RecordOf("b", v1::OUTCOME_ALLOW);
  EXPECT_EQ(Wrong({a, b}), 0);
  EXPECT_EQ(Wrong({a, b, b}), 0);
  EXPECT_EQ(Wrong({a}), 1);
}

TEST_F(DecisionsTest, WhatNobodyWasToldIsFound) {
  const Message a = RecordOf("a", v1::OUTCOME_ALLOW), b = RecordOf("b", v1::OUTCOME_ALLOW);
  EXPECT_EQ(Wrong({a, b, RecordOf("b", v1::OUTCOME_DENY)}), 1);
  EXPECT_EQ(Wrong({a, b, RecordOf("c", v1::OUTCOME_ALLOW)}), 1);
  EXPECT_EQ(Wrong({a, b, {.value = "no record"}}), 1);
}

TEST_F(DecisionsTest, ALostCallMayHaveBeenDecided) {
  calls_.push_back({.payment = 1});
  EXPECT_EQ(Wrong({RecordOf("a", v1::OUTCOME_ALLOW), RecordOf("b", v1::OUTCOME_ALLOW),
                   RecordOf("b", v1::OUTCOME_DENY)}),
            0);
}

}  // namespace
}  // namespace verdict::seam
