// The four results: complete tables of && and ||, `!`, and how trouble passes through other
// operators.
#include <gtest/gtest.h>

#include <array>

#include "rule/rule_fixture.h"

namespace verdict::rule {
namespace {

// The four results, by RULES.md's numbers.
enum Result { kFalse, kTrue, kMissing, kError };

// An operand with each result that no phase can know beforehand.
constexpr std::array<const char*, 4> kOperands = {"card.count_1h < 0", "card.count_1h > 0",
                                                  "device.age_days > 0",
                                                  "card.count_1h / card.declines_24h > 0"};

const Fields& Given() {
  static const Fields& given =
      *new Fields{{"card.count_1h", Value::Int(6)}, {"card.declines_24h", Value::Int(0)}};
  return given;
}

std::string Text(Result result) {
  switch (result) {
    case kFalse:
      return "false";
    case kTrue:
      return "true";
    case kMissing:
      return "missing: device.age_days";
    case kError:
      return "error: division by zero";
  }
  return "";
}

TEST(FourResults, OperandsOfTheTablesYieldTheirResult) {
  for (Result r : {kFalse, kTrue, kMissing, kError}) {
    EXPECT_EQ(Evaluated(kOperands[r], Given()), Text(r));
  }
}

TEST(FourResults, AndIsFalseWhereEitherIsFalseElseTheGreater) {
  constexpr Result kTable[4][4] = {{kFalse, kFalse, kFalse, kFalse},
                                   {kFalse, kTrue, kMissing, kError},
                                   {kFalse, kMissing, kMissing, kError},
                                   {kFalse, kError, kError, kError}};
  for (int a = 0; a < 4; ++a) {
    for (int b = 0; b < 4; ++b) {
      const std::string text = std::string(kOperands[a]) + " && " + kOperands[b];
      EXPECT_EQ(Evaluated(text, Given()), Text(kTable[a][b])) << text;
    }
  }
}

TEST(FourResults, OrIsTrueWhereEitherIsTrueElseTheGreater) {
  constexpr Result kTable[4][4] = {{kFalse, kTrue, kMissing, kError},
                                   {kTrue, kTrue, kTrue, kTrue},
                                   {kMissing, kTrue, kMissing, kError},
                                   {kError, kTrue, kError, kError}};
  for (int a = 0; a < 4; ++a) {
    for (int b = 0; b < 4; ++b) {
      const std::string text = std::string(kOperands[a]) + " || " + kOperands[b];
      EXPECT_EQ(Evaluated(text, Given()), Text(kTable[a][b])) << text;
    }
  }
}

TEST(FourResults, ChainsFoldAsTheirPairsDoInAnyOrder) {
  for (const char* op : {" && ", " || "}) {
    for (int a = 0; a < 4; ++a) {
      for (int b = 0; b < 4; ++b) {
        for (int c = 0; c < 4; ++c) {
          const std::string x = kOperands[a], y = kOperands[b], z = kOperands[c];
          const std::string chain = Evaluated(x + op + y + op + z, Given());
          EXPECT_EQ(chain, Evaluated(z + op + x + op + y, Given()));
          EXPECT_EQ(chain, Evaluated(x + op + "(" + y + op + z + ")", Given()));
        }
      }
    }
  }
}

TEST(FourResults, NotSwapsTrueAndFalseAlone) {
  const Result swapped[] = {kTrue, kFalse, kMissing, kError};
  for (int a = 0; a < 4; ++a) {
    EXPECT_EQ(Evaluated("!(" + std::string(kOperands[a]) + ")", Given()), Text(swapped[a]));
  }
}

TEST(FourResults, OtherOperatorsStopAtTheLeftmostTrouble) {
  const char* missing = "missing: device.age_days";
  const char* error = "error: division by zero";
  const std::string bad = "card.count_1h / card.declines_24h";
  EXPECT_EQ(Evaluated("device.age_days + " + bad, Given()), missing);
  EXPECT_EQ(Evaluated(bad + " + device.age_days", Given()), error);
  EXPECT_EQ(Evaluated("device.age_days == " + bad, Given()), missing);
  EXPECT_EQ(Evaluated(bad + " < device.age_days", Given()), error);
  EXPECT_EQ(Evaluated("[device.age_days, " + bad + "]", Given()), missing);
  EXPECT_EQ(Evaluated("string(device.age_days)", Given()), missing);
  EXPECT_EQ(Evaluated("(device.age_days > 0) ? 1 : 2", Given()), missing);
  EXPECT_EQ(Evaluated(bad + " in [1, 2]", Given()), error);
  EXPECT_EQ(Evaluated("card.bin.startsWith('4')", Given()), "missing: card.bin");
  EXPECT_EQ(Evaluated("card.bin == card.country", Given()), "missing: card.bin");
  EXPECT_EQ(Evaluated("txn.time.getHours('UTC') > 3", Given()), "missing: txn.time");
}

TEST(FourResults, TheFirstMissingFieldIsNamed) {
  EXPECT_EQ(Evaluated("card.bin == 'x' && device.age_days > 0", Given()), "missing: card.bin");
  EXPECT_EQ(Evaluated("device.age_days > 0 || card.bin == 'x'", Given()),
            "missing: device.age_days");
}

TEST(FourResults, AValueOfTheWrongKindIsAnErrorNotAnAnswer) {
  const Fields wrong = {{"card.count_1h", Value::String("6")}, {"card.bin", Value::Int(4)}};
  const char* error = "error: value of the wrong type";
  EXPECT_EQ(Evaluated("card.count_1h > 5", wrong), error);
  EXPECT_EQ(Evaluated("card.count_1h + 1", wrong), error);
  EXPECT_EQ(Evaluated("card.bin == 'x'", wrong), error);
  EXPECT_EQ(Evaluated("card.bin in ['x']", wrong), error);
}

TEST(FourResults, AnErrorInARecordStaysItself) {
  const Fields erred = {{"card.count_1h", Value::Error(ErrorCode::kOverflow)}};
  EXPECT_EQ(Evaluated("card.count_1h > 5", erred), "error: integer overflow");
  EXPECT_EQ(Evaluated("has(card.count_1h)", erred), "true");
}

}  // namespace
}  // namespace verdict::rule
