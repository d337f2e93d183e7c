// The counter behind allocations.h, and that it counts.
#include "ruleset/allocations.h"

#include <cstdlib>
#include <memory>
#include <new>
#include <string>

#include "gmock/gmock.h"

namespace {
thread_local int64_t allocations = 0;
}  // namespace

// The sanitizers bring an operator new of their own, and want the delete that belongs to it.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
void* operator new(size_t size) {
  ++allocations;
  void* memory = std::malloc(size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
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

}  // namespace
}  // namespace verdict::ruleset
