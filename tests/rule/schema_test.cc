// Built-in fields and declared ones; sets of constants; scalars as text.
#include "rule/schema.h"

#include <gtest/gtest.h>

#include "rule/constant_set.h"
#include "rule/text.h"

namespace verdict::rule {
namespace {

TEST(Schema, HoldsTheBuiltInFieldsAtTheirSlots) {
  const Schema schema;
  ASSERT_EQ(schema.fields().size(), static_cast<size_t>(kBuiltInSlots));
  EXPECT_EQ(schema.name(), "txn/1");
  const Field* amount = schema.Find("txn", "amount");
  ASSERT_NE(amount, nullptr);
  EXPECT_EQ(amount->slot, kTxnAmount);
  EXPECT_EQ(amount->type, FieldType::kDouble);
  EXPECT_EQ(schema.fields()[kTxnTime].full_name(), "txn.time");
  EXPECT_EQ(schema.fields()[kTxnTime].type, FieldType::kTimestamp);
  EXPECT_EQ(schema.fields()[kTxnIp].max_len, 45);
  EXPECT_EQ(schema.fields()[kTxnCurrency].max_len, 3);
  EXPECT_EQ(schema.fields()[kCardCountry].max_len, 2);
  EXPECT_EQ(schema.fields()[kDeviceId].max_len, 128);
  EXPECT_EQ(schema.objects(),
            (std::vector<std::string>{"txn", "merchant", "card", "customer", "device"}));
  for (const Field& field : schema.fields())
    EXPECT_EQ(&field, schema.Find(field.object, field.name));
}

TEST(Schema, RequiresWhatARequestMustHave) {
  const Schema schema;
  std::vector<std::string> required;
  for (const Field& field : schema.fields()) {
    if (field.required) required.push_back(field.full_name());
  }
  EXPECT_EQ(required, (std::vector<std::string>{"txn.id", "txn.time", "txn.amount_minor",
                                                "txn.amount", "txn.currency", "merchant.id"}));
}

TEST(Schema, TakesANameOnce) {
  Schema schema;
  Field field;
  field.object = "card";
  field.name = "bin";
  EXPECT_EQ(schema.Add(field), static_cast<uint16_t>(kBuiltInSlots));
  EXPECT_EQ(schema.Add(field), std::nullopt);
  field.name = "country";
  EXPECT_EQ(schema.Add(field), std::nullopt);
  EXPECT_EQ(schema.fields().size(), kBuiltInSlots + 1u);
  EXPECT_TRUE(schema.HasObject("card"));
  EXPECT_FALSE(schema.HasObject("ip"));
}

TEST(StringSet, HoldsExactlyWhatWasAdded) {
  std::vector<std::string> items;
  for (int i = 0; i < 1000; ++i)
    items.push_back("item-" + std::string(static_cast<size_t>(i % 20), 'x') + std::to_string(i));
  StringSet set(items.size() + 1);
  for (const std::string& item : items) set.Add(item);
  set.Add(items[0]);
  EXPECT_FALSE(set.Contains(""));
  set.Add("");
  EXPECT_TRUE(set.Contains(""));
  for (const std::string& item : items) {
    EXPECT_TRUE(set.Contains(item));
    EXPECT_FALSE(set.Contains(item + "y"));
  }
  EXPECT_FALSE(StringSet(0).Contains("x"));
}

TEST(Text, ReadsAndWritesTimes) {
  for (const char* text :
       {"1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z",
        "1969-12-31T23:59:59.000000001Z", "2024-02-29T12:00:00.5Z"}) {
    const std::optional<Value> time = ParseTimestamp(text);
    ASSERT_TRUE(time.has_value()) << text;
    EXPECT_EQ(TimestampText(*time), text);
  }
  for (const char* text :
       {"", "2026-11-20", "2026-11-20T10:00:00", "2026-13-01T00:00:00Z", "2026-11-20T24:00:00Z",
        "0000-01-01T00:00:00Z", "0001-01-01T00:00:00+01:00", "2026-11-20T10:00:00.Z",
        "2026-11-20T10:00:00Zx", "2026-11-20T10:00:00+25:00"}) {
    EXPECT_FALSE(ParseTimestamp(text).has_value()) << text;
  }
}

TEST(Text, ReadsAndWritesDurations) {
  EXPECT_EQ(ParseDuration("1h30m1.5s"), 5'401'500'000'000);
  EXPECT_EQ(ParseDuration("-2ms3us4ns"), -2'003'004);
  EXPECT_EQ(ParseDuration("0.000000001s"), 1);
  EXPECT_EQ(ParseDuration("0"), 0);
  EXPECT_EQ(ParseDuration("9223372036854775807ns"), INT64_MAX);
  EXPECT_EQ(ParseDuration("-9223372036854775808ns"), INT64_MIN);
  for (const char* text :
       {"", "-", "1", "h", "1x", "1h ", "7d", "300000000h", "9223372036854775808ns", "1..5s"}) {
    EXPECT_FALSE(ParseDuration(text).has_value()) << text;
  }
  EXPECT_EQ(DurationText(-1'500'000'000), "-1.5s");
  EXPECT_EQ(DurationText(INT64_MIN), "-9223372036.854775808s");
}

TEST(Text, WritesDoublesAsLiteralsThatReadBack) {
  EXPECT_EQ(DoubleLiteral(500), "500.0");
  EXPECT_EQ(DoubleLiteral(0.1), "0.1");
  EXPECT_EQ(DoubleLiteral(1e300), "1e+300");
  EXPECT_EQ(DoubleLiteral(123456789.25), "123456789.25");
}

TEST(Text, ChecksUtf8) {
  for (const char* good : {"", "a", "\u00e9", "\u20ac", "\U0001F600", "\xf4\x8f\xbf\xbf"})
    EXPECT_TRUE(IsUtf8(good));
  for (const char* bad : {"\x80", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80",
                          "\xf4\x90\x80\x80", "\xe2\x82"}) {
    EXPECT_FALSE(IsUtf8(bad));
  }
}

}  // namespace
}  // namespace verdict::rule
