// The simple patterns beside RE2 itself, on random patterns and texts.
#include "rule/anchored_pattern.h"

#include <re2/re2.h>

#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace verdict::rule {
namespace {

bool Taken(std::string_view pattern) { return AnchoredPattern::From(pattern).has_value(); }

TEST(AnchoredPattern, TakesWhatRulesAreMadeOf) {
  for (const char* pattern :
       {"^[a-z]+[0-9]{4,}@", "^GIFT[0-9]{8}$", R"(^\d{3}-\d{2,4}$)", "^$", "^", R"(^\w+\.\w+@)",
        "^[-+]?[0-9]+$", "^[A-Za-z_-]{2,64}$", "^ab?c*d", "^a{0}b", R"(^[\d\-]+ )"}) {
    EXPECT_TRUE(Taken(pattern)) << pattern;
  }
}

TEST(AnchoredPattern, LeavesToRe2WhatMatchesInTwoWaysOrNeedsMore) {
  for (const char* pattern :
       {"vip",          "^[a-z]+a",   "^a*b?a", "^a|b",    "^(ab)+",     "^.",       "^[^a]",
        "^[[:digit:]]", "^é",         "^[é]",   R"(^\bx)", R"(^\pL)",    R"(^\S)",   "^a+?",
        "^a++",         "^a$b",       "^a{,3}", "^a{2",    R"(^[\d-z])", "^[a-c-e]", "^[]a]",
        R"(^\x41)",     R"(^\Qa+\E)", "(?i)^a", "^a\tb",   "^[--/]"}) {
    EXPECT_FALSE(Taken(pattern)) << pattern;
  }
}

TEST(AnchoredPattern, SaysWhatRe2Says) {
  const std::vector<std::string> sets = {"a",     "b",   "-",     R"(\.)",    "[ab]", "[a-c]",
                                         "[b-d]", "[0]", R"(\d)", R"([\d.])", "[-a]", R"(\w)"};
  const std::vector<std::string> counts = {"",     "",      "",      "?",   "*",    "+",  "{2}",
                                           "{1,}", "{0,2}", "{2,3}", "{0}", "{0,}", "{1}"};
  const std::string letters = "aabbcd0.-_ \xc3\n";
  std::mt19937 random(7);
  const auto below = [&](size_t n) { return static_cast<size_t>(random() % n); };
  int taken = 0, matched = 0, compared = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string pattern = "^";
    for (size_t runs = below(5); runs > 0; --runs) {
      pattern += sets[below(sets.size())] + counts[below(counts.size())];
    }
    if (below(2) == 0) pattern += "$";
    const std::optional<AnchoredPattern> anchored = AnchoredPattern::From(pattern);
    if (!anchored) continue;
    ++taken;
    const re2::RE2 re2(pattern);
    ASSERT_TRUE(re2.ok()) << pattern;
    for (int texts = 0; texts < 20; ++texts) {
      std::string text;
      for (size_t length = below(9); length > 0; --length) text += letters[below(letters.size())];
      const bool matches = re2::RE2::PartialMatch(text, re2);
      ASSERT_EQ(anchored->MatchesStartOf(text), matches) << pattern << " on `" << text << '`';
      matched += matches ? 1 : 0;
      ++compared;
    }
  }
  EXPECT_GT(taken, 5'000);
  EXPECT_GT(matched, compared / 20);
  EXPECT_LT(matched, compared * 19 / 20);
}

}  // namespace
}  // namespace verdict::rule
