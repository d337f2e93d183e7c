// The counter behind allocations.h, and that it counts.
#include "ruleset/allocations.h"

#include <cstdlib>
#include <memory>
#include <new>
#include <string>

#include "gmock/gmock.h"
#include "rule/rule_fixture.h"

namespace {
thread_local int64_t allocations = 0;
}  // namespace

// The sanitizers bring an operator new of their own, and want the delete that belongs to it.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
// Not inlined: the compiler would see one half of a pair, and call it mismatched.
[[gnu::noinline]] void* operator new(size_t size) {
  ++allocations;
  void* memory = std::malloc(size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, size_t) noexcept { std::free(memory); }
constexpr bool kCounted = true;
#else
constexpr bool kCounted = false;
#endif

namespace verdict::ruleset {

int64_t testing_support::Allocations() { return allocations; }

namespace {

TEST(Allocations, AreCounted) {
  if (!kCounted) GTEST_SKIP() << "skipped: a sanitizer's own operator new is in place";
  const int64_t before = testing_support::Allocations();
  auto one = std::make_unique<std::string>(100, 'x');
  EXPECT_EQ(testing_support::Allocations(), before + 2);
}

// A warm arena serves loops, new texts, lists and maps.
TEST(Allocations, AreNoneInAWarmEvaluation) {
  if (!kCounted) GTEST_SKIP() << "skipped: a sanitizer's own operator new is in place";
  const rule::Compiled one = rule::Compile(
      "txn.skus.filter(s, s.startsWith('G')).map(s, s.lowerAscii() + '!').exists(s, s == 'gift1!')"
      " && txn.email.split('@')[1].replace('e', 'E').trim().reverse().charAt(0) == 'm'"
      " && {'FR': 1, card.country: 3}[?card.country].orValue(2) == 3"
      " && math.greatest(1, 2, card.count_1h, 4, 5, 6) == 7"
      " && cidr('10.0.0.0/8').containsIP(txn.ip)");
  ASSERT_NE(one.expression, nullptr);
  const rule::Value skus[] = {rule::Value::String("A1"), rule::Value::String("GIFT1")};
  const rule::Record record = rule::MakeRecord({{"txn.skus", rule::Value::List(skus)},
                                                {"txn.email", rule::Value::String("b@example.com")},
                                                {"txn.ip", rule::Value::String("10.11.12.130")},
                                                {"card.count_1h", rule::Value::Int(7)},
                                                {"card.country", rule::Value::String("DE")}});
  const rule::EvaluationArenaPtr arena = rule::MakeEvaluationArena();
  ASSERT_TRUE(one.expression->Evaluate(record, arena.get()).boolean());
  const int64_t before = testing_support::Allocations();
  for (int i = 0; i < 100; ++i) one.expression->Evaluate(record, arena.get());
  EXPECT_EQ(testing_support::Allocations(), before);
}

}  // namespace
}  // namespace verdict::ruleset
