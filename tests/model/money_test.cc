// Exponents, major units, and money as people read it.
#include "model/money.h"

#include <gtest/gtest.h>

#include <limits>

namespace verdict::model {
namespace {

TEST(CurrencyExponent, FollowsIso4217) {
  EXPECT_EQ(CurrencyExponent("EUR"), 2);
  EXPECT_EQ(CurrencyExponent("USD"), 2);
  EXPECT_EQ(CurrencyExponent("JPY"), 0);
  EXPECT_EQ(CurrencyExponent("KRW"), 0);
  EXPECT_EQ(CurrencyExponent("BHD"), 3);
  EXPECT_EQ(CurrencyExponent("TND"), 3);
  EXPECT_EQ(CurrencyExponent("CLF"), 4);
  EXPECT_EQ(CurrencyExponent("UYW"), 4);
  EXPECT_EQ(CurrencyExponent("ZWG"), 2);
  EXPECT_EQ(CurrencyExponent("AED"), 2);
}

TEST(CurrencyExponent, IsNoneForWhatHasNoMinorUnitOrIsNoCode) {
  for (const char* code :
       {"XXX", "XAU", "XDR", "AAA", "ZZZ", "", "EU", "EURO", "eur", "E R", "\xffUR"}) {
    EXPECT_EQ(CurrencyExponent(code), std::nullopt) << code;
  }
}

TEST(ToMajorUnits, GivesTheNearestDouble) {
  EXPECT_EQ(ToMajorUnits(74'250, "EUR"), 742.5);
  EXPECT_EQ(ToMajorUnits(10, "EUR"), 0.1);
  EXPECT_EQ(ToMajorUnits(-10, "EUR"), -0.1);
  EXPECT_EQ(ToMajorUnits(500, "JPY"), 500.0);
  EXPECT_EQ(ToMajorUnits(1'234, "KWD"), 1.234);
  EXPECT_EQ(ToMajorUnits(123, "???"), 1.23);
}

TEST(FormatMoney, WritesMajorUnitsInGroupsOfThree) {
  EXPECT_EQ(FormatMoney(123'450, "EUR"), "1,234.50 EUR");
  EXPECT_EQ(FormatMoney(0, "EUR"), "0.00 EUR");
  EXPECT_EQ(FormatMoney(5, "EUR"), "0.05 EUR");
  EXPECT_EQ(FormatMoney(99'999, "EUR"), "999.99 EUR");
  EXPECT_EQ(FormatMoney(100'000'000, "EUR"), "1,000,000.00 EUR");
  EXPECT_EQ(FormatMoney(1'234, "JPY"), "1,234 JPY");
  EXPECT_EQ(FormatMoney(1'234, "BHD"), "1.234 BHD");
}

TEST(FormatMoney, WritesAmountsBelowZeroToTheVeryLast) {
  EXPECT_EQ(FormatMoney(-5, "EUR"), "-0.05 EUR");
  EXPECT_EQ(FormatMoney(-123'450, "EUR"), "-1,234.50 EUR");
  EXPECT_EQ(FormatMoney(std::numeric_limits<int64_t>::min(), "EUR"),
            "-92,233,720,368,547,758.08 EUR");
  EXPECT_EQ(FormatMoney(std::numeric_limits<int64_t>::max(), "JPY"),
            "9,223,372,036,854,775,807 JPY");
}

}  // namespace
}  // namespace verdict::model
