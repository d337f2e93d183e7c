// The audit must find what is wrong: an exact answer passes, and each planted error does not.
#include "e2e/seam/audit.h"

#include <functional>

#include "e2e/seam/examples.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace verdict::seam {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int64_t kSecondNs = 1'000'000'000;

// One shop: history in the log; an earlier payment whose event has not come ("before", DENY), one
// that is there ("logged"), and the one that is asked about ("asked").
class AuditTest : public ::testing::Test {
 protected:
  AuditTest() {
    for (const char* id : {"before", "logged", "asked", "sibling"}) {
      PlannedPayment payment;
      payment.fact = Paid(id, 100 * static_cast<int64_t>(payments_.size() + 1), now_);
      payment.fact.status.clear();
      payments_.push_back(payment);
    }
    log_.Add(Paid("old", 7, now_ - 29 * kDay));
    log_.Add(Paid("logged", 200, now_));
    log_.Add(Paid("behind", 5000, now_));  // beyond the point of the answer
    calls_.push_back(Answered(0, 1, v1::OUTCOME_DENY));
    calls_.push_back(Answered(1, 2, v1::OUTCOME_ALLOW));
  }

  Call Answered(uint32_t payment, int second, v1::Outcome outcome) {
    Call call{.payment = payment,
              .life = 1,
              .sent_ns = second * kSecondNs,
              .ended_ns = second * kSecondNs + kSecondNs / 2,
              .answered = true};
    call.response.set_decision(outcome);
    call.response.set_provenance(v1::PROVENANCE_FULL);
    return call;
  }

  // The answer that an exact verdictd gives to "asked", beside `also`.
  Call Sample(const std::vector<Fact>& also) {
    Call call = Answered(2, 10, v1::OUTCOME_ALLOW);
    const Reference reference = log_.Loaded();
    call.response.mutable_as_of()->add_next_offsets(2);
    for (const Question& question : questions_) {
      *call.response.add_features() = ExactValue(reference, question, payments_[2].fact, {2}, also);
    }
    return call;
  }
  Call ExactSample() { return Sample({Standing("before", 100, "declined"), Self()}); }
  Fact Standing(const std::string& id, int64_t amount, const std::string& status) {
    Fact fact = Paid(id, amount, now_);
    fact.status = status;
    return fact;
  }
  Fact Self() { return Paid("asked", 300, now_); }

  AuditFigures Check(const std::vector<Call>& samples) {
    std::vector<Call> calls = calls_;
    calls.insert(calls.end(), samples.begin(), samples.end());
    const Reference reference = log_.Loaded();
    const Provisionals provisionals(payments_, calls, reference);
    Audit audit(payments_, questions_, reference, provisionals);
    for (const Call& sample : samples) audit.Check(sample);
    return audit.figures();
  }
  std::vector<std::string> Wrong(const Call& sample) { return Check({sample}).wrong; }

  const int64_t now_ = At(10, 28, 12, 0);
  const std::vector<Question> questions_ = {kVolume, kApproved, kCardCount, kAverage};
  std::vector<PlannedPayment> payments_;
  std::vector<Call> calls_;
  LogOf log_;
};

TEST_F(AuditTest, AnExactAnswerPasses) {
  const AuditFigures figures = Check({ExactSample()});
  EXPECT_THAT(figures.wrong, IsEmpty());
  EXPECT_EQ(figures.samples, 1);
  EXPECT_EQ(figures.values, questions_.size());
  EXPECT_EQ(figures.with_provisionals, 1);
  EXPECT_EQ(figures.crowded, 0);
  // What stands there: 7 + 200 of the log, 100 beside it, 300 itself.
  EXPECT_EQ(ExactSample().response.features(0).int_value(), 607);
  EXPECT_EQ(ExactSample().response.features(1).int_value(), 507);
}

TEST_F(AuditTest, OneUnitTooManyIsFound) {
  Call sample = ExactSample();
  sample.response.mutable_features(0)->set_int_value(608);
  EXPECT_THAT(Wrong(sample),
              ElementsAre(HasSubstr("merchant.volume_30d is 608, FULL, recomputed 607")));
}

TEST_F(AuditTest, TheLastDigitOfAnAverageIsFound) {
  Call sample = ExactSample();
  v1::FeatureValue* average = sample.response.mutable_features(3);
  average->set_double_value(average->double_value() + 0.000001);
  EXPECT_THAT(Wrong(sample), ElementsAre(HasSubstr("merchant.avg_7d")));
}

TEST_F(AuditTest, MajorUnitsBesideOtherMinorUnitsAreFound) {
  Call sample = ExactSample();
  sample.response.mutable_features(0)->set_double_value(6.08);
  EXPECT_THAT(Wrong(sample), ElementsAre(HasSubstr("merchant.volume_30d")));
}

TEST_F(AuditTest, ThePaymentLeftOutIsFound) {
  EXPECT_THAT(Wrong(Sample({Standing("before", 100, "declined")})), ElementsAre(HasSubstr("I1")));
}

TEST_F(AuditTest, ThePaymentCountedTwiceIsFound) {
  EXPECT_THAT(Wrong(Sample({Standing("before", 100, "declined"), Self(), Self()})),
              ElementsAre(HasSubstr("I1")));
}

TEST_F(AuditTest, AForgottenProvisionalIsFound) {
  EXPECT_THAT(Wrong(Sample({Self()})),
              ElementsAre(HasSubstr("beside the log before(100 declined)")));
}

TEST_F(AuditTest, AProvisionalBesideItsEventIsFound) {
  EXPECT_THAT(Wrong(Sample({Standing("before", 100, "declined"), Self(),
                            Standing("logged", 200, "approved")})),
              ElementsAre(HasSubstr("I1")));
}

TEST_F(AuditTest, AnAssumedOutcomeKeptIsFound) {
  EXPECT_THAT(Wrong(Sample({Standing("before", 100, "approved"), Self()})),
              ElementsAre(HasSubstr("merchant.approved_30d")));
}

TEST_F(AuditTest, ARecordBeyondThePointIsFound) {
  Call sample = ExactSample();
  sample.response.mutable_as_of()->set_next_offsets(0, 3);
  EXPECT_THAT(Wrong(sample), ElementsAre(HasSubstr("recomputed 5607")));
}

TEST_F(AuditTest, APaymentAlreadyInTheLogCountsThereAlone) {
  log_ = LogOf().Add(Paid("old", 7, now_ - 29 * kDay)).Add(Paid("asked", 300, now_));
  calls_.clear();
  const AuditFigures figures = Check({Sample({})});
  EXPECT_THAT(figures.wrong, IsEmpty());
  EXPECT_EQ(figures.with_own_event, 1);
  EXPECT_THAT(Wrong(Sample({Self()})), ElementsAre(HasSubstr("its event is in the log")));
}

TEST_F(AuditTest, AStaleValueMustBeExactToo) {
  Call sample = ExactSample();
  sample.response.set_provenance(v1::PROVENANCE_STALE);
  v1::FeatureValue* value = sample.response.mutable_features(0);
  value->set_provenance(v1::PROVENANCE_STALE);
  EXPECT_THAT(Wrong(sample), IsEmpty());
  value->set_int_value(1);
  EXPECT_THAT(Wrong(sample), ElementsAre(HasSubstr("STALE")));
}

TEST_F(AuditTest, APartialValuePromisesNothing) {
  Call sample = ExactSample();
  sample.response.set_provenance(v1::PROVENANCE_PARTIAL);
  v1::FeatureValue* value = sample.response.mutable_features(0);
  value->set_provenance(v1::PROVENANCE_PARTIAL);
  value->add_partial_reasons("batch");
  value->set_int_value(1);
  const AuditFigures figures = Check({sample});
  EXPECT_THAT(figures.wrong, IsEmpty());
  EXPECT_EQ(figures.withheld, 1);
  EXPECT_EQ(figures.withheld_for.at("PARTIAL(batch)"), 1);
}

TEST_F(AuditTest, WhereThePaymentAloneIsUnknownTheRestMustBeExact) {
  Call sample = Sample({Standing("before", 100, "declined")});
  sample.response.set_provenance(v1::PROVENANCE_PARTIAL);
  for (v1::FeatureValue& value : *sample.response.mutable_features()) {
    value.set_provenance(v1::PROVENANCE_PARTIAL);
    value.add_partial_reasons("current");
  }
  EXPECT_THAT(Wrong(sample), IsEmpty());
  sample.response.mutable_features(0)->set_int_value(607);
  EXPECT_THAT(Wrong(sample), ElementsAre(HasSubstr("I1")));
}

TEST_F(AuditTest, AFullAnswerOverAPartialFeatureIsFound) {
  Call sample = ExactSample();
  sample.response.mutable_features(0)->set_provenance(v1::PROVENANCE_PARTIAL);
  EXPECT_THAT(Wrong(sample), ElementsAre(HasSubstr("I11")));
}

TEST_F(AuditTest, AnUnknownAmountCalledFullIsFound) {
  Fact unknown = Paid("old", 0, now_ - kDay);
  unknown.base_amount.reset();
  log_ = LogOf().Add(unknown).Add(Paid("logged", 200, now_));
  EXPECT_THAT(Wrong(ExactSample()), ElementsAre(HasSubstr("recomputed an unknown amount")));
}

TEST_F(AuditTest, AMissingFeatureAndOneAnsweredTwiceAreFound) {
  Call sample = ExactSample();
  *sample.response.add_features() = sample.response.features(0);
  EXPECT_THAT(Wrong(sample), ElementsAre(HasSubstr("volume_30d is not answered once")));
  sample = ExactSample();
  sample.response.mutable_features()->RemoveLast();
  EXPECT_THAT(Wrong(sample), ElementsAre(HasSubstr("avg_7d is not answered once")));
}

TEST_F(AuditTest, APointThatIsNotNamedOrGoesBackIsFound) {
  Call sample = ExactSample();
  sample.response.clear_as_of();
  EXPECT_THAT(Wrong(sample), ElementsAre(HasSubstr("does not name its point")));
  Call later = ExactSample();
  later.sent_ns += kSecondNs;
  later.ended_ns += kSecondNs;
  later.response.mutable_as_of()->set_next_offsets(0, 1);
  EXPECT_THAT(Check({ExactSample(), later}).wrong, ElementsAre(HasSubstr("went back from 2")));
  later.sent_ns = ExactSample().sent_ns;  // at the same time: either may be before the other
  later.response.mutable_as_of()->set_next_offsets(0, 2);
  EXPECT_THAT(Check({ExactSample(), later}).wrong, IsEmpty());
}

TEST_F(AuditTest, ACallUnderWayMayCountOrNotButNotOtherwise) {
  calls_.push_back(Answered(3, 10, v1::OUTCOME_REVIEW));  // "sibling", at the same time
  const Fact before = Standing("before", 100, "declined");
  for (const char* status : {"approved", "pending"}) {
    EXPECT_THAT(Wrong(Sample({before, Self(), Standing("sibling", 400, status)})), IsEmpty());
  }
  EXPECT_THAT(Wrong(Sample({before, Self()})), IsEmpty());
  EXPECT_EQ(Check({ExactSample()}).crowded, 1);
  const Fact twice = Standing("sibling", 800, "approved");
  EXPECT_THAT(Wrong(Sample({before, Self(), twice})),
              ElementsAre(HasSubstr("perhaps sibling(400")));
}

}  // namespace
}  // namespace verdict::seam
