// Every refusal names its field and never repeats what must not be repeated.
#include <string>

#include "decide/decider.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rule/schema.h"
#include "support/status_matchers.h"

namespace verdict::decide {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::IsOk;
using ::testing::Not;
using ::testing::StartsWith;
using testing::StatusIs;

constexpr int64_t kNowMs = 1'600'000'000'000;
constexpr int64_t kSkewMs = 5 * 60 * 1000;
constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

model::Transaction Good() {
  model::Transaction txn;
  txn.id = "t-1";
  txn.event_time_ms = kNowMs;
  txn.amount_minor = 1234;
  txn.currency = "EUR";
  txn.merchant_id = "m-1";
  return txn;
}

absl::Status Validate(const model::Transaction& txn, const rule::Schema& schema = rule::Schema()) {
  return ValidateTransaction(txn, schema, kNowMs, kSkewMs);
}

template <typename Change>
absl::Status After(Change change) {
  model::Transaction txn = Good();
  change(&txn);
  return Validate(txn);
}

TEST(ValidateTransaction, TakesAPaymentWithOnlyWhatIsRequired) {
  EXPECT_THAT(Validate(Good()), IsOk());
}

TEST(ValidateTransaction, TakesEveryFieldWellFilled) {
  EXPECT_THAT(After([](model::Transaction* t) {
                t->amount_base_minor = 1200;
                t->merchant_mcc = "5411";
                t->merchant_country = "FR";
                t->card_id = "tok_4111111111111111";
                t->card_country = "DE";
                t->customer_id = "Zoë Müller";
                t->device_id = "d";
                t->ip = "2001:db8::1";
                t->country = "ES";
                t->channel = "ecom";
                t->status = "approved";
              }),
              IsOk());
}

TEST(ValidateTransaction, NamesAnEmptyRequiredField) {
  EXPECT_THAT(After([](auto* t) { t->id.clear(); }),
              StatusIs(kInvalid, StartsWith("id: is empty")));
  EXPECT_THAT(After([](auto* t) { t->merchant_id.clear(); }),
              StatusIs(kInvalid, StartsWith("merchant_id: is empty")));
  EXPECT_THAT(After([](auto* t) { t->currency.clear(); }),
              StatusIs(kInvalid, StartsWith("currency: is empty")));
}

TEST(ValidateTransaction, RefusesIdsOver128Bytes) {
  EXPECT_THAT(After([](auto* t) { t->id.assign(128, 'x'); }), IsOk());
  EXPECT_THAT(After([](auto* t) { t->id.assign(129, 'x'); }),
              StatusIs(kInvalid, AllOf(StartsWith("id: "), HasSubstr("129"), HasSubstr("128"))));
  EXPECT_THAT(After([](auto* t) { t->device_id.assign(129, 'x'); }),
              StatusIs(kInvalid, StartsWith("device_id: ")));
  EXPECT_THAT(After([](auto* t) { t->customer_id.assign(129, 'x'); }),
              StatusIs(kInvalid, StartsWith("customer_id: ")));
  EXPECT_THAT(After([](auto* t) { t->ip.assign(46, '1'); }),
              StatusIs(kInvalid, StartsWith("ip: ")));
}

TEST(ValidateTransaction, RefusesCardNumbersWithoutRepeatingThem) {
  for (const std::string number : {"4111111111111111", "4111 1111 1111 1111", "4111-1111-1111-1111",
                                   "378282246310005", "4222222222222", "6304000000000000000"}) {
    EXPECT_THAT(After([&](auto* t) { t->card_id = number; }),
                StatusIs(kInvalid, AllOf(StartsWith("card_id: "), HasSubstr("token"),
                                         Not(HasSubstr(number)), Not(HasSubstr("1111")))))
        << number;
  }
}

TEST(ValidateTransaction, TakesTokensThatOnlyResembleCardNumbers) {
  for (const std::string token : {"4111111111111112", "411111111111", "41111111111111110000",
                                  "4111111111111111x", "tok-4111111111111111"}) {
    EXPECT_THAT(After([&](auto* t) { t->card_id = token; }), IsOk()) << token;
  }
}

TEST(ValidateTransaction, RefusesACurrencyThatIsNotIso4217) {
  EXPECT_THAT(After([](auto* t) { t->currency = "XQQ"; }),
              StatusIs(kInvalid, AllOf(StartsWith("currency: "), HasSubstr("XQQ"))));
  EXPECT_THAT(After([](auto* t) { t->currency = "eur"; }),
              StatusIs(kInvalid, StartsWith("currency: ")));
  EXPECT_THAT(After([](auto* t) { t->currency = std::string("E\0R", 3); }),
              StatusIs(kInvalid, StartsWith("currency: ")));
}

TEST(ValidateTransaction, RefusesNegativeAndHugeAmounts) {
  EXPECT_THAT(After([](auto* t) { t->amount_minor = 0; }), IsOk());
  EXPECT_THAT(After([](auto* t) { t->amount_minor = 1'000'000'000'000'000; }), IsOk());
  EXPECT_THAT(After([](auto* t) { t->amount_minor = 1'000'000'000'000'001; }),
              StatusIs(kInvalid, StartsWith("amount_minor: ")));
  EXPECT_THAT(After([](auto* t) { t->amount_minor = -1; }),
              StatusIs(kInvalid, StartsWith("amount_minor: -1 is negative")));
  EXPECT_THAT(After([](auto* t) { t->amount_base_minor = INT64_MAX; }),
              StatusIs(kInvalid, StartsWith("amount_base_minor: ")));
  EXPECT_THAT(After([](auto* t) { t->amount_base_minor = -5; }),
              StatusIs(kInvalid, StartsWith("amount_base_minor: ")));
}

TEST(ValidateTransaction, RefusesTimesThatAreNoneAndTimesToCome) {
  EXPECT_THAT(After([](auto* t) { t->event_time_ms = 0; }),
              StatusIs(kInvalid, StartsWith("event_time_ms: ")));
  EXPECT_THAT(After([](auto* t) { t->event_time_ms = -1; }),
              StatusIs(kInvalid, StartsWith("event_time_ms: ")));
  EXPECT_THAT(After([](auto* t) { t->event_time_ms = kNowMs + kSkewMs; }), IsOk());
  EXPECT_THAT(After([](auto* t) { t->event_time_ms = kNowMs + kSkewMs + 1; }),
              StatusIs(kInvalid, AllOf(StartsWith("event_time_ms: "), HasSubstr("300 s"))));
  EXPECT_THAT(After([](auto* t) { t->event_time_ms = INT64_MAX; }),
              StatusIs(kInvalid, StartsWith("event_time_ms: ")));
}

TEST(ValidateTransaction, TakesTimesFarInThePast) {
  EXPECT_THAT(After([](auto* t) { t->event_time_ms = 1; }), IsOk());
}

TEST(ValidateTransaction, RefusesCountriesAndCategoriesOfTheWrongShape) {
  EXPECT_THAT(After([](auto* t) { t->country = "fr"; }),
              StatusIs(kInvalid, StartsWith("country: ")));
  EXPECT_THAT(After([](auto* t) { t->card_country = "FRA"; }),
              StatusIs(kInvalid, StartsWith("card_country: ")));
  EXPECT_THAT(After([](auto* t) { t->merchant_country = "F1"; }),
              StatusIs(kInvalid, StartsWith("merchant_country: ")));
  EXPECT_THAT(After([](auto* t) { t->merchant_mcc = "541"; }),
              StatusIs(kInvalid, StartsWith("merchant_mcc: ")));
}

TEST(ValidateTransaction, RefusesWhatIsNotUtf8) {
  for (const std::string bad : {"\x80", "a\xc3", "\xc0\xaf", "\xe0\x80\x80", "\xed\xa0\x80",
                                "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xff"}) {
    EXPECT_THAT(After([&](auto* t) { t->customer_id = bad; }),
                StatusIs(kInvalid, AllOf(StartsWith("customer_id: "), HasSubstr("UTF-8"))));
  }
}

TEST(ValidateTransaction, RefusesControlCharactersInIds) {
  for (const std::string bad : {"a\nb", "a\x7f", "\x01", "a\xc2\x85"}) {
    EXPECT_THAT(After([&](auto* t) { t->id = bad; }),
                StatusIs(kInvalid, AllOf(StartsWith("id: "), HasSubstr("control character"))));
  }
  EXPECT_THAT(After([](auto* t) { t->id = std::string("a\0b", 3); }), StatusIs(kInvalid));
}

class Attributes : public ::testing::Test {
 protected:
  Attributes() {
    Declare("txn", "email", rule::FieldType::kString, /*required=*/true);
    Declare("card", "bin", rule::FieldType::kString, false);
    Declare("device", "age_days", rule::FieldType::kInt, false);
    Declare("txn", "skus", rule::FieldType::kStringList, false);
    txn_ = Good();
    txn_.attributes = {{"email", std::string("a@b.c")}};
  }
  void Declare(std::string object, std::string name, rule::FieldType type, bool required) {
    rule::Field field;
    field.object = std::move(object);
    field.name = std::move(name);
    field.type = type;
    field.source = rule::FieldSource::kAttribute;
    field.required = required;
    field.max_len = 8;
    schema_.Add(field);
  }
  rule::Schema schema_;
  model::Transaction txn_;
};

TEST_F(Attributes, OfTheDeclaredTypePass) {
  txn_.attributes.push_back({"card.bin", std::string("411111")});
  txn_.attributes.push_back({"device.age_days", int64_t{3}});
  txn_.attributes.push_back({"skus", std::vector<std::string>{"a", "b"}});
  EXPECT_THAT(Validate(txn_, schema_), IsOk());
}

TEST_F(Attributes, OfAnotherTypeAreRefused) {
  txn_.attributes.push_back({"card.bin", int64_t{411111}});
  EXPECT_THAT(
      Validate(txn_, schema_),
      StatusIs(kInvalid, AllOf(HasSubstr("card.bin"), HasSubstr("int"), HasSubstr("string"))));
}

TEST_F(Attributes, AnIntFieldTakesAWholeDoubleButNoFraction) {
  txn_.attributes.push_back({"device.age_days", 5.0});
  EXPECT_THAT(Validate(txn_, schema_), IsOk());
  txn_.attributes.back().value = 5.5;
  EXPECT_THAT(Validate(txn_, schema_), StatusIs(kInvalid, HasSubstr("device.age_days")));
}

TEST_F(Attributes, ThatAreRequiredMustBeThereAndWithinTheirLimits) {
  txn_.attributes[0].value = std::string("too.long@example.com");
  EXPECT_THAT(Validate(txn_, schema_), StatusIs(kInvalid, HasSubstr("email")));
  txn_.attributes.clear();
  EXPECT_THAT(Validate(txn_, schema_), StatusIs(kInvalid, HasSubstr("email")));
}

TEST_F(Attributes, ThatAreOptionalOrUndeclaredMayBeTooLong) {
  txn_.attributes.push_back({"card.bin", std::string("411111111")});
  txn_.attributes.push_back({"whatever", std::string("x")});
  EXPECT_THAT(Validate(txn_, schema_), IsOk());
}

TEST_F(Attributes, AreAtMost64AndUtf8) {
  txn_.attributes.push_back({"note", std::string("\xff")});
  EXPECT_THAT(Validate(txn_, schema_), StatusIs(kInvalid, HasSubstr("note")));
  txn_.attributes.assign(65, {"note", std::string("x")});
  EXPECT_THAT(Validate(txn_, schema_), StatusIs(kInvalid, HasSubstr("65")));
}

}  // namespace
}  // namespace verdict::decide
