#include "store_watch.h"

#include <utility>

#include "base/thread_name.h"

namespace verdict {

StoreWatch::StoreWatch(std::chrono::milliseconds every, std::function<void()> look)
    : every_(every), look_(std::move(look)) {}

StoreWatch::~StoreWatch() { Stop(); }

void StoreWatch::Start() {
  thread_ = std::thread([this] { Run(); });
}

void StoreWatch::Stop() {
  {
    base::MutexLock lock(mutex_);
    stopping_ = true;
  }
  wake_.NotifyAll();
  if (thread_.joinable()) thread_.join();
}

void StoreWatch::Run() {
  base::NameThisThread("verdict-watch");
  while (true) {
    look_();
    base::MutexLock lock(mutex_);
    if (!stopping_) wake_.WaitFor(mutex_, every_);
    if (stopping_) return;
  }
}

}  // namespace verdict
