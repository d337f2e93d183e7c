// CHECK: our own bugs end the process; the checkpoint makes that safe.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace verdict::base {

[[noreturn]] inline void CheckFailed(const char* file, int line, const char* condition) {
  std::fprintf(stderr, "%s:%d: CHECK failed: %s\n", file, line, condition);
  std::abort();
}

}  // namespace verdict::base

// Ends the process when `condition` is false, in every build. For invariants of ours, never for
// input.
#define CHECK(condition)                             \
  (__builtin_expect(static_cast<bool>(condition), 1) \
       ? static_cast<void>(0)                        \
       : ::verdict::base::CheckFailed(__FILE__, __LINE__, #condition))
