#include "e2e/seam/answers.h"

#include "e2e/seam/examples.h"
#include "gtest/gtest.h"

namespace verdict::seam {
namespace {

constexpr int64_t kSecondNs = 1'000'000'000;

class AnswersTest : public ::testing::Test {
 protected:
  AnswersTest() : payments_(3) {
    for (size_t i = 0; i < payments_.size(); ++i) payments_[i].fact.id = "p" + std::to_string(i);
    payments_[2].tainted = true;
    lives_ = {{.number = 1, .ended_ns = 20 * kSecondNs}, {.number = 2, .ended_ns = 40 * kSecondNs}};
  }

  Call& Add(uint32_t payment, int life, int second) {
    Call call{.payment = payment,
              .life = life,
              .sent_ns = second * kSecondNs,
              .ended_ns = second * kSecondNs + 1000,
              .answered = true};
    call.response.set_decision(v1::OUTCOME_ALLOW);
    call.response.set_provenance(v1::PROVENANCE_FULL);
    return calls_.emplace_back(call);
  }
  Call& AddReplay(uint32_t payment, int life, int second) {
    Call& call = Add(payment, life, second);
    call.response.set_replayed(true);
    return call;
  }
  AnswersParts Parts() { return {calls_, payments_, lives_, faults_}; }
  int WrongRetries() {
    Report report;
    CheckRetries(Parts(), &report);
    return report.wrong();
  }
  int WrongWholeness() {
    Report report;
    CheckWholeness(Parts(), &report);
    return report.wrong();
  }
  // What must come up in every run.
  void AddGoodRetries() {
    Add(0, 1, 1);
    AddReplay(0, 1, 2);
    AddReplay(0, 2, 21);
  }

  std::vector<PlannedPayment> payments_;
  std::vector<Call> calls_;
  std::vector<LifeRecord> lives_;
  Faults faults_;
};

TEST_F(AnswersTest, RetriesThatGetTheirFirstDecisionPass) {
  AddGoodRetries();
  EXPECT_EQ(WrongRetries(), 0);
}

TEST_F(AnswersTest, ARetryDecidedAnewInOneLifeIsFound) {
  AddGoodRetries();
  Add(1, 1, 3);
  Add(1, 1, 4);
  EXPECT_EQ(WrongRetries(), 1);
}

TEST_F(AnswersTest, AnotherDecisionForARetryIsFound) {
  AddGoodRetries();
  Add(1, 1, 3);
  AddReplay(1, 1, 4).response.set_decision(v1::OUTCOME_DENY);
  EXPECT_EQ(WrongRetries(), 1);
}

TEST_F(AnswersTest, ADecisionMayBeForgottenOnlyInTheLastSecondsBeforeACrash) {
  AddGoodRetries();
  Add(1, 1, 19);
  Add(1, 2, 22);
  EXPECT_EQ(WrongRetries(), 0);
  Add(2, 1, 5);
  Add(2, 2, 23);
  EXPECT_EQ(WrongRetries(), 1);
}

TEST_F(AnswersTest, WhatWasDecidedAnewIsWhatALaterRetryMustGet) {
  AddGoodRetries();
  Add(1, 1, 19);
  Add(1, 2, 22).response.set_decision(v1::OUTCOME_DENY);
  AddReplay(1, 2, 23).response.set_decision(v1::OUTCOME_DENY);
  EXPECT_EQ(WrongRetries(), 0);
  AddReplay(1, 2, 24);  // the first life's
  EXPECT_EQ(WrongRetries(), 1);
}

TEST_F(AnswersTest, AnswersOutsideOfFaultsMustBeFull) {
  faults_.Begin("redis", 30 * kSecondNs);
  faults_.End("redis", 31 * kSecondNs, kSecondNs);
  Add(2, 1, 1).response.set_provenance(v1::PROVENANCE_PARTIAL);
  Add(1, 1, 30).response.set_provenance(v1::PROVENANCE_PARTIAL);
  for (int i = 0; i < 999; ++i) Add(0, 1, 2);
  EXPECT_EQ(WrongWholeness(), 0);
  Add(0, 1, 33).response.set_provenance(v1::PROVENANCE_STALE);  // the first in a thousand
  EXPECT_EQ(WrongWholeness(), 0);
  Add(0, 1, 33).response.set_provenance(v1::PROVENANCE_STALE);
  EXPECT_EQ(WrongWholeness(), 1);
}

}  // namespace
}  // namespace verdict::seam
