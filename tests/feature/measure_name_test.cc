// Metrics and the log call a measure by a feature that reads it, and by no other.
#include "feature/measure_name.h"

#include <set>
#include <string>

#include "gtest/gtest.h"
#include "support/small_features.h"

namespace verdict::feature {
namespace {

using ::verdict::testing::Declare;

// Sliding measures have numbers of their own.
TEST(MeasureName, IsNeverThatOfASlidingFeature) {
  const auto set = ::verdict::testing::CompileFeatures(
      {Declare("sum_1h", "card", "sum", "txn.amount_base_minor", "1h"),
       Declare("volume_30d", "merchant", "sum", "txn.amount_base_minor", "30d"),
       Declare("count_5m", "merchant", "count", "", "5m"),
       Declare("max_7d", "card", "max", "txn.amount_base_minor", "7d")});
  std::set<std::string> names;
  for (size_t m = 0; m < set->measures().size(); ++m) names.insert(MeasureName(*set, m));
  EXPECT_EQ(names, (std::set<std::string>{"merchant.volume_30d", "card.max_7d"}));
}

}  // namespace
}  // namespace verdict::feature
