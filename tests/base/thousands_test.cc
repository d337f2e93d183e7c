#include "base/thousands.h"

#include <gtest/gtest.h>

namespace verdict::base {
namespace {

TEST(WithThousands, GroupsDigitsByThree) {
  EXPECT_EQ(WithThousands(0), "0");
  EXPECT_EQ(WithThousands(999), "999");
  EXPECT_EQ(WithThousands(1'000), "1,000");
  EXPECT_EQ(WithThousands(-123), "-123");
  EXPECT_EQ(WithThousands(-1'234'567), "-1,234,567");
  EXPECT_EQ(WithThousands(INT64_MIN), "-9,223,372,036,854,775,808");
}

TEST(Counted, SpellsOneAndMany) {
  EXPECT_EQ(Counted(1, "rule"), "1 rule");
  EXPECT_EQ(Counted(0, "rule"), "0 rules");
  EXPECT_EQ(Counted(2'000, "fix", "es"), "2,000 fixes");
  EXPECT_EQ(Counted(1, "fix", "es"), "1 fix");
}

}  // namespace
}  // namespace verdict::base
