// Slots of a transaction: built-in fields and attributes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "feature/compiled_set.h"

namespace verdict::feature {
namespace {

using rule::FieldType;
using rule::Kind;
using rule::Value;

model::Transaction WholeTransaction() {
  model::Transaction txn;
  txn.id = "t1";
  txn.event_time_ms = 1'554'020'100'250;
  txn.amount_minor = 74'250;
  txn.currency = "EUR";
  txn.merchant_id = "m1";
  txn.merchant_mcc = "5999";
  txn.merchant_country = "NG";
  txn.card_id = "c1";
  txn.card_country = "FR";
  txn.customer_id = "u1";
  txn.device_id = "d1";
  txn.ip = "192.0.2.1";
  txn.country = "DE";
  txn.channel = "web";
  txn.status = "approved";
  return txn;
}

// A set with one attribute of each type, and the record of a transaction under it.
class FillingARecord : public ::testing::Test {
 protected:
  FillingARecord() {
    rule::Field age = AttributeField("device", "age_days", FieldType::kInt);
    age.min = 0;
    age.max = 100;
    rule::Field score = AttributeField("txn", "score", FieldType::kDouble);
    score.min = -1;
    score.max = 1;
    rule::Field bin = AttributeField("card", "bin", FieldType::kString);
    bin.max_len = 8;
    rule::Field skus = AttributeField("txn", "skus", FieldType::kStringList);
    skus.max_items = 3;
    skus.max_len = 4;
    rule::Field sizes = AttributeField("txn", "sizes", FieldType::kIntList);
    sizes.max_items = 3;
    compiled_ =
        Compile({{"volume"}}, {},
                {age, score, bin, skus, sizes, AttributeField("txn", "express", FieldType::kBool)});
    EXPECT_NE(compiled_.set, nullptr) << compiled_.Errors();
  }

  Value Filled(const std::string& object, const std::string& name) {
    compiled_.set->FillRecord(txn_, &record_);
    return record_.slots.at(compiled_.schema->Find(object, name)->slot);
  }
  Value Attribute(const std::string& name, model::AttributeValue value) {
    txn_.attributes = {{name, std::move(value)}};
    const size_t dot = name.find('.');
    return dot == std::string::npos ? Filled("txn", name)
                                    : Filled(name.substr(0, dot), name.substr(dot + 1));
  }

  CompiledSet compiled_;
  model::Transaction txn_ = WholeTransaction();
  rule::Record record_;
};

TEST_F(FillingARecord, PutsEveryBuiltInFieldIntoItsSlot) {
  compiled_.set->FillRecord(txn_, &record_);
  const auto& slots = record_.slots;
  ASSERT_EQ(slots.size(), compiled_.schema->fields().size());
  EXPECT_EQ(slots[rule::kTxnId].string(), "t1");
  EXPECT_EQ(slots[rule::kTxnTime].kind(), Kind::kTimestamp);
  EXPECT_EQ(slots[rule::kTxnTime].integer(), 1'554'020'100'250);
  EXPECT_EQ(slots[rule::kTxnAmountMinor].integer(), 74'250);
  EXPECT_EQ(slots[rule::kTxnAmount].kind(), Kind::kDouble);
  EXPECT_EQ(slots[rule::kTxnAmount].real(), 742.5);
  EXPECT_EQ(slots[rule::kTxnCurrency].string(), "EUR");
  EXPECT_EQ(slots[rule::kTxnStatus].string(), "approved");
  EXPECT_EQ(slots[rule::kTxnChannel].string(), "web");
  EXPECT_EQ(slots[rule::kTxnIp].string(), "192.0.2.1");
  EXPECT_EQ(slots[rule::kTxnCountry].string(), "DE");
  EXPECT_EQ(slots[rule::kMerchantId].string(), "m1");
  EXPECT_EQ(slots[rule::kMerchantMcc].string(), "5999");
  EXPECT_EQ(slots[rule::kMerchantCountry].string(), "NG");
  EXPECT_EQ(slots[rule::kCardId].string(), "c1");
  EXPECT_EQ(slots[rule::kCardCountry].string(), "FR");
  EXPECT_EQ(slots[rule::kCustomerId].string(), "u1");
  EXPECT_EQ(slots[rule::kDeviceId].string(), "d1");
}

TEST_F(FillingARecord, LeavesAbsentFieldsAndFeaturesMissing) {
  model::Transaction bare;
  bare.id = "t1";
  bare.currency = "USD";
  bare.merchant_id = "m1";
  compiled_.set->FillRecord(txn_, &record_);  // so that nothing of another transaction may stay
  compiled_.set->FillRecord(bare, &record_);
  for (const rule::Field& field : compiled_.schema->fields()) {
    const bool present = field.full_name() == "txn.id" || field.full_name() == "txn.time" ||
                         field.full_name() == "txn.amount_minor" ||
                         field.full_name() == "txn.amount" || field.full_name() == "txn.currency" ||
                         field.full_name() == "merchant.id";
    EXPECT_EQ(record_.slots[field.slot].is_missing(), !present) << field.full_name();
    if (present) continue;
    EXPECT_EQ(record_.slots[field.slot].missing_slot(), field.slot) << field.full_name();
  }
}

TEST_F(FillingARecord, ReadsTheAmountByTheExponentOfItsCurrency) {
  txn_.currency = "JPY";
  EXPECT_EQ(Filled("txn", "amount").real(), 74'250.0);
  txn_.currency = "BHD";
  EXPECT_EQ(Filled("txn", "amount").real(), 74.25);
}

TEST_F(FillingARecord, TakesTheBaseAmountAsGivenElseFromAnAmountInTheBaseCurrency) {
  EXPECT_EQ(Filled("txn", "amount_base_minor").integer(), 74'250);
  EXPECT_EQ(Filled("txn", "amount_base").real(), 742.5);
  txn_.currency = "JPY";
  EXPECT_TRUE(Filled("txn", "amount_base_minor").is_missing());
  EXPECT_TRUE(Filled("txn", "amount_base").is_missing());
  EXPECT_EQ(compiled_.set->BaseAmount(txn_), std::nullopt);
  txn_.amount_base_minor = 500;
  EXPECT_EQ(Filled("txn", "amount_base_minor").integer(), 500);
  EXPECT_EQ(Filled("txn", "amount_base").real(), 5.0);
  EXPECT_EQ(compiled_.set->BaseAmount(txn_), 500);
}

TEST_F(FillingARecord, DropsBuiltInTextBeyondItsLimit) {
  txn_.country = "DEU";
  EXPECT_TRUE(Filled("txn", "country").is_missing());
  txn_.ip = std::string(46, '1');
  EXPECT_TRUE(Filled("txn", "ip").is_missing());
}

TEST_F(FillingARecord, TakesAttributesOfEachType) {
  EXPECT_EQ(Attribute("device.age_days", int64_t{3}).integer(), 3);
  EXPECT_EQ(Attribute("score", 0.5).real(), 0.5);
  EXPECT_EQ(Attribute("card.bin", std::string("41111111")).string(), "41111111");
  EXPECT_EQ(Attribute("express", true).kind(), Kind::kBool);
  EXPECT_EQ(Attribute("txn.express", true).kind(), Kind::kBool);
  const Value skus = Attribute("skus", std::vector<std::string>{"a", "bc"});
  ASSERT_EQ(skus.list().size(), 2u);
  EXPECT_EQ(skus.list()[1].string(), "bc");
  const Value sizes = Attribute("sizes", std::vector<int64_t>{7, -8});
  ASSERT_EQ(sizes.list().size(), 2u);
  EXPECT_EQ(sizes.list()[1].integer(), -8);
  const Value none = Attribute("skus", std::vector<std::string>{});
  EXPECT_EQ(none.kind(), Kind::kList);
  EXPECT_EQ(none.list().size(), 0u);
}

TEST_F(FillingARecord, TakesWholeNumbersForEachOther) {
  const Value five = Attribute("device.age_days", 5.0);
  EXPECT_EQ(five.kind(), Kind::kInt);
  EXPECT_EQ(five.integer(), 5);
  const Value one = Attribute("score", int64_t{1});
  EXPECT_EQ(one.kind(), Kind::kDouble);
  EXPECT_EQ(one.real(), 1.0);
}

TEST_F(FillingARecord, DropsAttributesBeyondTheirLimits) {
  EXPECT_FALSE(Attribute("device.age_days", int64_t{0}).is_missing());
  EXPECT_TRUE(Attribute("device.age_days", int64_t{-1}).is_missing());
  EXPECT_FALSE(Attribute("device.age_days", int64_t{100}).is_missing());
  EXPECT_TRUE(Attribute("device.age_days", int64_t{101}).is_missing());
  EXPECT_TRUE(Attribute("score", -1.01).is_missing());
  EXPECT_TRUE(Attribute("score", std::nan("")).is_missing());
  EXPECT_TRUE(Attribute("card.bin", std::string(9, '4')).is_missing());
  EXPECT_FALSE(Attribute("skus", std::vector<std::string>(3, "abcd")).is_missing());
  EXPECT_TRUE(Attribute("skus", std::vector<std::string>(4, "a")).is_missing());
  EXPECT_TRUE(Attribute("skus", std::vector<std::string>{"a", "abcde"}).is_missing());
  EXPECT_TRUE(Attribute("sizes", std::vector<int64_t>(4, 1)).is_missing());
}

TEST_F(FillingARecord, DropsAttributesOfAnotherType) {
  EXPECT_TRUE(Attribute("device.age_days", 5.5).is_missing());
  EXPECT_TRUE(Attribute("device.age_days", 1e300).is_missing());
  EXPECT_TRUE(Attribute("device.age_days", std::nan("")).is_missing());
  EXPECT_TRUE(Attribute("device.age_days", std::string("5")).is_missing());
  EXPECT_TRUE(Attribute("score", std::string("5")).is_missing());
  EXPECT_TRUE(Attribute("card.bin", int64_t{5}).is_missing());
  EXPECT_TRUE(Attribute("express", int64_t{1}).is_missing());
  EXPECT_TRUE(Attribute("skus", std::string("a")).is_missing());
  EXPECT_TRUE(Attribute("sizes", std::vector<std::string>{"1"}).is_missing());
}

TEST_F(FillingARecord, IgnoresUndeclaredAttributesAndThoseNamedLikeOtherFields) {
  txn_.attributes = {{"unknown", int64_t{1}},
                     {"txn.amount_minor", int64_t{1}},
                     {"amount_minor", int64_t{1}},
                     {"merchant.volume", 1.0}};
  EXPECT_EQ(Filled("txn", "amount_minor").integer(), 74'250);
  EXPECT_TRUE(Filled("merchant", "volume").is_missing());
}

TEST_F(FillingARecord, KeepsSeveralListsApart) {
  txn_.attributes = {{"skus", std::vector<std::string>{"a", "toolong"}},  // dropped half-way
                     {"sizes", std::vector<int64_t>{1, 2, 3}},
                     {"skus", std::vector<std::string>{"x", "y"}}};
  const Value skus = Filled("txn", "skus");
  const Value sizes = record_.slots[compiled_.schema->Find("txn", "sizes")->slot];
  ASSERT_EQ(skus.list().size(), 2u);
  EXPECT_EQ(skus.list()[0].string(), "x");
  ASSERT_EQ(sizes.list().size(), 3u);
  EXPECT_EQ(sizes.list()[2].integer(), 3);
}

TEST_F(FillingARecord, AllocatesNothingOnceWarm) {
  txn_.attributes = {{"skus", std::vector<std::string>{"a", "b"}}, {"card.bin", std::string("4")}};
  compiled_.set->FillRecord(txn_, &record_);
  const Value* const slots = record_.slots.data();
  const Value* const items = record_.list_items.data();
  compiled_.set->FillRecord(txn_, &record_);
  EXPECT_EQ(record_.slots.data(), slots);
  EXPECT_EQ(record_.list_items.data(), items);
}

}  // namespace
}  // namespace verdict::feature
