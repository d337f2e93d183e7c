// What a thread is for: its name, and where it waits when cores are scarce. On two busy cores a
// payment's p99 is not its own work but the wait for a core that checkpoints or counting hold:
// tests/bench/ingest_bench.cc measures it (with all threads alike 2.1 to 3.9 times that without
// them, with roles 1.14 times).
#pragma once

#include <cstddef>

namespace verdict::base {

enum class ThreadRole {
  // An answer waits for it: any core, and soon after it wakes.
  kServing,
  // Answers wait for nothing that it does, but it must keep up: the upper half of the cores.
  kCounting,
  // It may take its time: the upper half of the cores, after the others there. A lock that a
  // serving thread takes too it holds for moments, outside of work.
  kBackground,
  // Nobody waits for it, for seconds: what all others leave of the upper half of the cores. 60
  // reloads under 10,000 Score/s (tests/e2e/reload_test.cc): p99 1.08 to 1.14 times that without,
  // as kBackground 1.24 to 1.31.
  kLast,
};

// For the calling thread, first of all. What the kernel refuses (one core, a sandbox, Linux before
// 6.12 for the short turns of kServing) stays as it was: roles change how long work waits, never
// what it does. `name`: for `top -H` and profilers; at most 15 characters (Linux).
void BeginThread(const char* name, ThreadRole role);
template <size_t kBytes>
void BeginThread(const char (&name)[kBytes], ThreadRole role) {
  static_assert(kBytes <= 16, "the kernel cuts longer names off");
  BeginThread(static_cast<const char*>(name), role);
}

// The role without a name, for threads of a library that are born of the calling thread: they
// inherit it.
void TakeRole(ThreadRole role);

}  // namespace verdict::base
