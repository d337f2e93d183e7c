#include "e2e/seam/conservation.h"

#include "absl/strings/str_cat.h"
#include "e2e/seam/examples.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace verdict::seam {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Four records: counted, duplicate, counted, dead.
Reference FourRecords() {
  const int64_t t = At(10, 28, 12, 0);
  return LogOf()
      .Add(Paid("a", 1, t))
      .Add(Paid("a", 1, t))
      .Add(Paid("b", 1, t))
      .AddUnreadable(t, false)
      .Loaded();
}

MetricsPage PageOf(int64_t first, int64_t next, const std::vector<int>& counts) {
  std::string text = absl::StrCat("# HELP x y\nverdict_agg_first_offset{partition=\"0\"} ", first,
                                  "\nverdict_agg_next_offset{partition=\"0\"} ", next, "\n");
  for (size_t i = 0; i < counts.size(); ++i) {
    absl::StrAppend(&text, "verdict_agg_events_total{class=\"", kClassNames[i], "\"} ", counts[i],
                    "\n");
  }
  return ParseMetrics(text);
}

TEST(Conservation, CountersThatAreTheTopicsPass) {
  EXPECT_EQ(DifferenceOf(PageOf(0, 4, {2, 0, 1, 0, 0, 1}), FourRecords(), 0), "");
  EXPECT_EQ(DifferenceOf(PageOf(1, 3, {1, 0, 1, 0, 0, 0}), FourRecords(), 0), "");
}

TEST(Conservation, ARecordInNoClassIsFound) {
  EXPECT_THAT(DifferenceOf(PageOf(0, 4, {1, 0, 1, 0, 0, 1}), FourRecords(), 0),
              HasSubstr("read 4 records; its counters say counted 1,"));
}

TEST(Conservation, ARecordInAnotherClassIsFound) {
  EXPECT_THAT(DifferenceOf(PageOf(0, 4, {3, 0, 0, 0, 0, 1}), FourRecords(), 0),
              HasSubstr("duplicate 0"));
}

TEST(Conservation, WhatIsUnderWayHasSomeSlack) {
  EXPECT_EQ(DifferenceOf(PageOf(0, 4, {1, 0, 1, 0, 0, 1}), FourRecords(), 1), "");
  EXPECT_NE(DifferenceOf(PageOf(0, 4, {0, 0, 1, 0, 0, 1}), FourRecords(), 1), "");
}

TEST(Conservation, APageWithoutTheGaugesIsToldSo) {
  EXPECT_THAT(DifferenceOf(ParseMetrics("up 1\n"), FourRecords(), 1000), HasSubstr("lacks"));
}

// One gauge is there a moment before another while verdictd starts.
TEST(Conservation, APageOfAStartTellsNothingYet) {
  const MetricsPage whole = PageOf(0, 4, {2, 0, 1, 0, 0, 1});
  EXPECT_TRUE(TellsI7(whole));
  for (const char* series :
       {"verdict_agg_first_offset{partition=\"0\"}", "verdict_agg_next_offset{partition=\"0\"}",
        "verdict_agg_events_total{class=\"orphan\"}"}) {
    MetricsPage page = whole;
    ASSERT_EQ(page.erase(series), 1u) << series;
    EXPECT_FALSE(TellsI7(page)) << series;
  }
}

TEST(Conservation, PagesOfMetricsAreRead) {
  const MetricsPage page = ParseMetrics("a{p=\"0\"} 12\na{p=\"1\"} 1e3\n# TYPE a gauge\nb NaN\n");
  EXPECT_EQ(page.at("a{p=\"0\"}"), 12);
  EXPECT_EQ(page.at("a{p=\"1\"}"), 1000);
  EXPECT_THAT(OffsetsOf(PageOf(3, 4, {}), "verdict_agg_first_offset"), ElementsAre(3));
}

std::vector<Message> TheTopic() {
  std::vector<Message> topic;
  for (int64_t i = 0; i < 4; ++i) {
    topic.push_back({.partition = 0, .offset = i, .key = "shop", .value = "v" + std::to_string(i)});
  }
  return topic;
}

Message DeadLetterOf(const std::string& offset) {
  return {.key = "shop",
          .value = "v" + offset,
          .headers = {{"verdict.topic", "transactions"},
                      {"verdict.partition", "0"},
                      {"verdict.offset", offset},
                      {"verdict.reason", "no protobuf"}}};
}

int WrongDeadLetters(const std::vector<Message>& dead) {
  Report report;
  CheckDeadLetters(dead, TheTopic(), FourRecords(), &report);
  return report.wrong();
}

TEST(DeadLetters, EachUnreadableRecordMustLieThereAndNoOther) {
  EXPECT_EQ(WrongDeadLetters({DeadLetterOf("3")}), 0);
  EXPECT_EQ(WrongDeadLetters({DeadLetterOf("3"), DeadLetterOf("3")}), 0);
  EXPECT_EQ(WrongDeadLetters({}), 1);
  EXPECT_EQ(WrongDeadLetters({DeadLetterOf("3"), DeadLetterOf("2")}), 1);
}

TEST(DeadLetters, EachMustBeAsItsRecordWasAndSayWhy) {
  Message letter = DeadLetterOf("3");
  letter.headers.pop_back();
  EXPECT_EQ(WrongDeadLetters({letter}), 1);
  letter = DeadLetterOf("3");
  letter.value = "v2";
  EXPECT_EQ(WrongDeadLetters({letter}), 1);
}

}  // namespace
}  // namespace verdict::seam
