#include "base/thread_role.h"

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>

namespace verdict::base {
namespace {

constexpr uint64_t kServingTurnNs = 100'000;
// A third of a common thread's share where both want the same core.
constexpr int kBackgroundNice = 5;
// A seventieth.
constexpr int kLastNice = 19;
constexpr int kNiceMax = 19;

// As sched_setattr(2) takes it, in its first version; glibc before 2.41 has no name for it.
struct SchedulingAttributes {
  uint32_t size, policy;
  uint64_t flags;
  int32_t nice;
  uint32_t priority;
  uint64_t runtime_ns, deadline_ns, period_ns;
};
static_assert(sizeof(SchedulingAttributes) == 48);

// Since Linux 6.12 a common thread may ask for short turns: when it wakes it is let in before one
// with longer turns. Its share of the core stays the same. 0: the kernel's own length.
void TakeTurnsOf(uint64_t turn_ns) {
  SchedulingAttributes attributes{};
  attributes.size = sizeof attributes;
  attributes.policy = SCHED_OTHER;
  attributes.nice = getpriority(PRIO_PROCESS, 0);  // on Linux the calling thread's
  attributes.runtime_ns = turn_ns;
  (void)syscall(SYS_sched_setattr, 0, &attributes, 0);
}

// Beyond that of the process, which is that of its first thread: one that was started with a low
// priority keeps the order of its own threads.
void StandBack(int nice) {
  nice += getpriority(PRIO_PROCESS, static_cast<id_t>(getpid()));
  (void)setpriority(PRIO_PROCESS, 0, std::min(nice, kNiceMax));
}

// The cores of the process are those of its first thread, which takes no role.
void UseCores(bool upper_half) {
  cpu_set_t cores;
  if (sched_getaffinity(getpid(), sizeof cores, &cores) != 0) return;
  int leave = upper_half ? CPU_COUNT(&cores) / 2 : 0;
  for (int core = 0; leave > 0; ++core) {
    if (!CPU_ISSET(core, &cores)) continue;
    CPU_CLR(core, &cores);
    --leave;
  }
  (void)sched_setaffinity(0, sizeof cores, &cores);
}

}  // namespace

void TakeRole(ThreadRole role) {
  UseCores(role != ThreadRole::kServing);
  TakeTurnsOf(role == ThreadRole::kServing ? kServingTurnNs : 0);
  if (role == ThreadRole::kBackground) StandBack(kBackgroundNice);
  if (role == ThreadRole::kLast) StandBack(kLastNice);
}

void BeginThread(const char* name, ThreadRole role) {
  pthread_setname_np(pthread_self(), name);
  TakeRole(role);
}

}  // namespace verdict::base
