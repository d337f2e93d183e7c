// What readers see while an object is replaced.
#include "base/published.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace verdict::base {
namespace {

TEST(Published, GivesNullBeforeTheFirstPublishAndTheNewestAfterEach) {
  Published<int> published;
  Published<int>::Reader reader(published);
  EXPECT_EQ(reader.Get(), nullptr);
  published.Publish(std::make_shared<const int>(1));
  EXPECT_EQ(*reader.Get(), 1);
  published.Publish(std::make_shared<const int>(2));
  EXPECT_EQ(*reader.Get(), 2);
  EXPECT_EQ(*published.Load(), 2);
}

TEST(Published, ReadersSeeWholeObjectsThatNeverGoBack) {
  constexpr int kLast = 2'000;
  struct Pair {
    int a, b;
  };
  Published<Pair> published;
  published.Publish(std::make_shared<const Pair>(Pair{0, 0}));
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&published] {
      Published<Pair>::Reader reader(published);
      int seen = 0;
      while (seen < kLast) {
        const Pair pair = *reader.Get();
        ASSERT_EQ(pair.a, pair.b);
        ASSERT_GE(pair.a, seen);
        seen = pair.a;
      }
    });
  }
  for (int i = 1; i <= kLast; ++i) published.Publish(std::make_shared<const Pair>(Pair{i, i}));
  for (std::thread& reader : readers) reader.join();
}

}  // namespace
}  // namespace verdict::base
