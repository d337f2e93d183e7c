// Names of threads, for `top -H` and profilers.
#pragma once

#include <pthread.h>

#include <cstddef>

namespace verdict::base {

// Names the calling thread; at most 15 characters (Linux).
template <size_t kBytes>
void NameThisThread(const char (&name)[kBytes]) {
  static_assert(kBytes <= 16, "the kernel cuts longer names off");
  pthread_setname_np(pthread_self(), name);
}

}  // namespace verdict::base
