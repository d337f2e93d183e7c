// One thread waits for the signals that all others have blocked.
#include "stop_signal.h"

#include <csignal>
#include <utility>

namespace verdict {
namespace {

sigset_t StopSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

}  // namespace

StopSignal::StopSignal() {
  std::signal(SIGPIPE, SIG_IGN);
  const sigset_t signals = StopSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  thread_ = std::thread([this] { Run(); });
}

StopSignal::~StopSignal() {
  ending_.store(true, std::memory_order_release);
  pthread_kill(thread_.native_handle(), SIGTERM);
  thread_.join();
}

void StopSignal::Run() {
  const sigset_t signals = StopSignals();
  while (true) {
    int signal = 0;
    sigwait(&signals, &signal);
    if (ending_.load(std::memory_order_acquire)) return;
    std::function<void()> what;
    {
      base::MutexLock lock(mutex_);
      requested_.store(true, std::memory_order_release);
      what = std::exchange(on_request_, nullptr);
    }
    changed_.NotifyAll();
    if (what) what();
  }
}

bool StopSignal::WaitFor(std::chrono::milliseconds timeout) {
  const auto until = std::chrono::steady_clock::now() + timeout;
  base::MutexLock lock(mutex_);
  while (!requested()) {
    const auto left = until - std::chrono::steady_clock::now();
    if (left <= left.zero()) return false;
    changed_.WaitFor(mutex_, left);
  }
  return true;
}

void StopSignal::OnRequest(std::function<void()> what) {
  {
    base::MutexLock lock(mutex_);
    if (!requested()) {
      on_request_ = std::move(what);
      return;
    }
  }
  if (what) what();
}

}  // namespace verdict
