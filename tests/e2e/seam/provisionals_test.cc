#include "e2e/seam/provisionals.h"

#include "e2e/seam/examples.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace verdict::seam {
namespace {

constexpr int64_t kSecondNs = 1'000'000'000;

// "other" is scored, then "asked" is: what stands of the first when the second is decided?
class ProvisionalsTest : public ::testing::Test {
 protected:
  ProvisionalsTest() {
    for (const char* id : {"other", "asked"}) {
      PlannedPayment payment;
      payment.fact = Paid(id, 100, now_);
      payments_.push_back(payment);
    }
  }

  Call CallOf(uint32_t payment, int life, int sent_s, int ended_s) {
    Call call{.payment = payment,
              .life = life,
              .sent_ns = sent_s * kSecondNs,
              .ended_ns = ended_s * kSecondNs,
              .answered = true};
    call.response.set_decision(v1::OUTCOME_DENY);
    return call;
  }
  Standing At(const std::vector<Call>& calls, const Reference& reference,
              const Offsets& next = {0}) {
    const Provisionals provisionals(payments_, calls, reference);
    return provisionals.At(CallOf(1, 2, 10, 11), next);
  }
  Standing At(const std::vector<Call>& calls) { return At(calls, LogOf().Loaded()); }

  const int64_t now_ = At_();
  static int64_t At_() { return seam::At(10, 28, 12, 0); }
  std::vector<PlannedPayment> payments_;
};

TEST_F(ProvisionalsTest, AnAnsweredPaymentStandsWithItsOutcome) {
  const Standing standing = At({CallOf(0, 2, 1, 2)});
  ASSERT_EQ(standing.sure.size(), 1);
  EXPECT_EQ(standing.sure[0].status, "declined");
  EXPECT_TRUE(standing.doubts.empty());
}

TEST_F(ProvisionalsTest, UntilItsEventIsBelowThePoint) {
  const Reference reference = LogOf().Add(Paid("other", 100, now_)).Loaded();
  EXPECT_EQ(At({CallOf(0, 2, 1, 2)}, reference, {0}).sure.size(), 1);
  EXPECT_EQ(At({CallOf(0, 2, 1, 2)}, reference, {1}).sure.size(), 0);
}

TEST_F(ProvisionalsTest, InItsOwnLifeAlone) {
  EXPECT_TRUE(At({CallOf(0, 1, 1, 2)}).sure.empty());
  EXPECT_TRUE(At({CallOf(0, 1, 1, 2)}).doubts.empty());
}

TEST_F(ProvisionalsTest, NotAfterTheAnswer) {
  const Standing standing = At({CallOf(0, 2, 11, 12)});
  EXPECT_TRUE(standing.sure.empty() && standing.doubts.empty());
}

TEST_F(ProvisionalsTest, InDoubtWhileBothWereUnderWay) {
  const Standing standing = At({CallOf(0, 2, 5, 11)});
  EXPECT_TRUE(standing.sure.empty());
  ASSERT_EQ(standing.doubts.size(), 1);
  EXPECT_EQ(standing.doubts[0].shapes.size(), 2);  // as assumed, and as decided
}

TEST_F(ProvisionalsTest, AStoredDecisionOfAFormerLifeLeavesNothing) {
  Call replayed = CallOf(0, 2, 1, 2);
  replayed.response.set_replayed(true);
  const Standing standing = At({CallOf(0, 1, 0, 1), replayed});
  EXPECT_TRUE(standing.sure.empty() && standing.doubts.empty());
}

TEST_F(ProvisionalsTest, ALostCallLeavesADoubtAlsoWhereItsRetryFoundADecision) {
  Call lost = CallOf(0, 2, 1, 2);
  lost.answered = false;
  lost.response.Clear();
  Standing standing = At({lost});
  ASSERT_EQ(standing.doubts.size(), 1);
  EXPECT_EQ(standing.doubts[0].shapes.size(), 3);  // its outcome is unknown
  Call replayed = CallOf(0, 2, 3, 4);
  replayed.response.set_replayed(true);
  standing = At({lost, replayed});
  ASSERT_EQ(standing.doubts.size(), 1);
  EXPECT_EQ(standing.doubts[0].shapes.size(), 2);
  EXPECT_TRUE(standing.sure.empty());
}

TEST_F(ProvisionalsTest, ASiblingThatGotTheStoredDecisionFirstChangesNothing) {
  Call replayed = CallOf(0, 2, 1, 2);
  replayed.response.set_replayed(true);
  EXPECT_EQ(At({replayed, CallOf(0, 2, 1, 3)}).sure.size(), 1);
}

TEST_F(ProvisionalsTest, WhatItsAnswerSaysWasNotCountedDoesNotStand) {
  Call call = CallOf(0, 2, 1, 2);
  call.response.add_partial_reasons("current");
  const Standing standing = At({call});
  EXPECT_TRUE(standing.sure.empty() && standing.doubts.empty());
}

TEST_F(ProvisionalsTest, AnAnswerTenMinutesOldIsExpired) {
  const Reference reference = LogOf().Loaded();
  const std::vector<Call> calls = {CallOf(0, 2, 1, 2)};
  const Provisionals provisionals(payments_, calls, reference);
  EXPECT_EQ(provisionals.At(CallOf(1, 2, 590, 591), {0}).sure.size(), 1);
  EXPECT_EQ(provisionals.At(CallOf(1, 2, 601, 602), {0}).doubts.size(), 1);
  EXPECT_TRUE(provisionals.At(CallOf(1, 2, 605, 606), {0}).doubts.empty());
}

TEST_F(ProvisionalsTest, PaymentsOfOtherEntitiesAreNobodysBusiness) {
  payments_[0].fact.merchant = "elsewhere";
  payments_[0].fact.card = "another";
  EXPECT_TRUE(At({CallOf(0, 2, 1, 2)}).sure.empty());
}

}  // namespace
}  // namespace verdict::seam
