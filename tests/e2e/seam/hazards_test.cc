#include "e2e/seam/hazards.h"

#include "e2e/seam/examples.h"
#include "gtest/gtest.h"

namespace verdict::seam {
namespace {

TEST(Hazards, TellsRepeatsByWhereTheyStand) {
  const int64_t t = At(10, 28, 23, 0);
  const int64_t quarter = 15 * kMinute;
  const Reference reference = LogOf()
                                  .Add(Paid("soon", 1, t))
                                  .Add(Paid("edge", 1, t))
                                  .Add(Paid("beyond", 1, t))
                                  .Add(Paid("soon", 1, t), t + quarter)
                                  .Add(Paid("edge", 1, t), t + 8 * quarter)
                                  .Add(Paid("beyond", 1, t), t + 9 * quarter)
                                  .Loaded();
  const Hazards found = FindHazards(reference, {At(10, 29, 0, 10)});
  EXPECT_EQ(found.duplicates, 2);
  EXPECT_EQ(found.duplicates_across_cut, 1);
  EXPECT_EQ(found.duplicates_at_edge, 1);
  EXPECT_EQ(found.counted_beyond_edge, 1);
  EXPECT_EQ(found.out_of_order, 0);
}

TEST(Hazards, TellsWhatComesLateOrWithoutAnAmount) {
  const int64_t t = At(10, 28, 12, 0);
  Fact unknown = Paid("unknown", 0, t);
  unknown.base_amount.reset();
  const Reference reference = LogOf()
                                  .Add(Paid("a", 1, t))
                                  .Add(Paid("yesterday", 1, t - kDay))
                                  .Add(Paid("long ago", 1, t - 9 * kDay))
                                  .Add(unknown)
                                  .AddUnreadable(t, false)
                                  .Loaded();
  const Hazards found = FindHazards(reference, {});
  EXPECT_EQ(found.out_of_order, 2);
  EXPECT_EQ(found.days_late, 1);
  EXPECT_EQ(found.quarantined, 1);
  EXPECT_EQ(found.amounts_unknown, 1);
  EXPECT_EQ(found.unreadable, 1);
}

TEST(Hazards, OneThatIsMissingIsAFault) {
  Hazards all{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  Report good;
  CheckHazards(all, &good);
  EXPECT_EQ(good.wrong(), 0);
  all.duplicates_across_cut = 0;
  Report bad;
  CheckHazards(all, &bad);
  EXPECT_EQ(bad.wrong(), 1);
}

}  // namespace
}  // namespace verdict::seam
