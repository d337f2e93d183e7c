// Where a thread may run and how it waits, as the kernel tells.
#include "base/thread_role.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <thread>

namespace verdict::base {
namespace {

// What sched_getattr(2) tells first of all.
struct Attributes {
  uint32_t size, policy;
  uint64_t flags;
  int32_t nice;
  uint32_t priority;
  uint64_t runtime_ns, deadline_ns, period_ns;
};

struct Seen {
  std::string name;
  cpu_set_t cores;
  int nice = 0;
  uint64_t turn_ns = 0;
};

Seen See() {
  Seen seen;
  char name[16];
  EXPECT_EQ(pthread_getname_np(pthread_self(), name, sizeof name), 0);
  seen.name = name;
  EXPECT_EQ(sched_getaffinity(0, sizeof seen.cores, &seen.cores), 0);
  seen.nice = getpriority(PRIO_PROCESS, 0);
  Attributes attributes{};
  EXPECT_EQ(syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0), 0);
  seen.turn_ns = attributes.runtime_ns;
  return seen;
}

Seen SeeAs(ThreadRole role) {
  Seen seen;
  std::thread([&] {
    BeginThread("role-test", role);
    seen = See();
  }).join();
  return seen;
}

TEST(ThreadRole, AServingThreadRunsOnAnyCoreAsOthersDo) {
  const Seen process = See(), serving = SeeAs(ThreadRole::kServing);
  EXPECT_EQ(serving.name, "role-test");
  EXPECT_TRUE(CPU_EQUAL(&serving.cores, &process.cores));
  EXPECT_EQ(serving.nice, process.nice);
}

TEST(ThreadRole, ACountingThreadLeavesTheLowerHalfOfTheCores) {
  const Seen process = See(), counting = SeeAs(ThreadRole::kCounting);
  const int all = CPU_COUNT(&process.cores);
  EXPECT_EQ(CPU_COUNT(&counting.cores), all - all / 2);
  int skipped = 0;
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (!CPU_ISSET(core, &process.cores)) {
      EXPECT_FALSE(CPU_ISSET(core, &counting.cores)) << core;
    } else if (skipped++ >= all / 2) {
      EXPECT_TRUE(CPU_ISSET(core, &counting.cores)) << core;
    }
  }
  EXPECT_EQ(counting.nice, process.nice);
}

TEST(ThreadRole, ABackgroundThreadComesAfterTheOthersThere) {
  const Seen counting = SeeAs(ThreadRole::kCounting), background = SeeAs(ThreadRole::kBackground);
  EXPECT_TRUE(CPU_EQUAL(&background.cores, &counting.cores));
  EXPECT_EQ(background.nice, std::min(counting.nice + 5, 19));
  const Seen last = SeeAs(ThreadRole::kLast);
  EXPECT_TRUE(CPU_EQUAL(&last.cores, &counting.cores));
  EXPECT_EQ(last.nice, 19);
}

// As under `nice -n 10`. In a process of its own: what has stepped back stays there.
TEST(ThreadRole, AProcessOfLowPriorityKeepsTheOrderOfItsThreads) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    if (getpriority(PRIO_PROCESS, 0) > 10) _exit(0);  // lower already
    const bool lowered = setpriority(PRIO_PROCESS, 0, 10) == 0;
    const bool ordered = SeeAs(ThreadRole::kServing).nice == 10 &&
                         SeeAs(ThreadRole::kBackground).nice == 15 &&
                         SeeAs(ThreadRole::kLast).nice == 19;
    _exit(lowered && ordered ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(ThreadRole, AServingThreadsTurnsAreShortAndNoneInheritsThem) {
  if (SeeAs(ThreadRole::kServing).turn_ns == 0) {
    GTEST_SKIP() << "skipped: this Linux (before 6.12) gives common threads no turns of their own";
  }
  std::thread([] {
    TakeRole(ThreadRole::kServing);
    const Seen serving = See();
    EXPECT_LT(serving.turn_ns, SeeAs(ThreadRole::kCounting).turn_ns);
    EXPECT_LT(serving.turn_ns, SeeAs(ThreadRole::kBackground).turn_ns);
  }).join();
}

TEST(ThreadRole, WhatServesIsFreeOfTheCoresOfWhoeverMadeIt) {
  const Seen process = See();
  Seen serving;
  std::thread([&] {
    TakeRole(ThreadRole::kCounting);
    serving = SeeAs(ThreadRole::kServing);
  }).join();
  EXPECT_TRUE(CPU_EQUAL(&serving.cores, &process.cores));
}

}  // namespace
}  // namespace verdict::base
