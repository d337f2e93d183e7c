#include "e2e/seam/questions.h"

#include <fstream>

#include "gtest/gtest.h"
#include "support/temp_dir.h"

namespace verdict::seam {
namespace {

TEST(Questions, AreTheFeaturesOfTheRunsOwnRules) {
  const std::vector<Question> questions = ReadQuestions("tests/e2e/seam/rules/features.json");
  ASSERT_GE(questions.size(), 20);
  EXPECT_EQ(questions[0].name, "merchant.volume_30d");
  EXPECT_EQ(questions[0].days, 30);
  EXPECT_TRUE(questions[0].of_amount);
  EXPECT_TRUE(questions[1].approved_only);
  EXPECT_EQ(questions[13].name, "merchant.volume_24h");
  EXPECT_EQ(questions[13].length_ms, int64_t{24} * 3'600'000);
}

TEST(QuestionsDeathTest, WhatCannotBeRecomputedIsRefused) {
  const testing::TempDir dir;
  const std::string path = dir / "features.json";
  std::ofstream(path)
      << R"({"features": [{"name": "x", "entity": "card", "aggregate": "median", "window": "1d"}]})";
  EXPECT_EXIT(ReadQuestions(path), ::testing::ExitedWithCode(2), "median");
}

}  // namespace
}  // namespace verdict::seam
