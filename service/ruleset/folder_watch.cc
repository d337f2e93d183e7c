#include "ruleset/folder_watch.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <utility>

namespace verdict::ruleset {
namespace {

constexpr uint32_t kChanges = IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_CLOSE_WRITE | IN_DELETE |
                              IN_DELETE_SELF | IN_MOVE_SELF | IN_ATTRIB;

}  // namespace

FolderWatch::FolderWatch(const std::string& folder)
    : events_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)),
      wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  std::error_code error;
  folder_ = std::filesystem::absolute(folder, error).lexically_normal();
  if (!folder_.has_filename()) folder_ = folder_.parent_path();  // "rules/"
  WatchAll();
}

FolderWatch::~FolderWatch() {
  if (events_ >= 0) ::close(events_);
  if (wake_ >= 0) ::close(wake_);
}

// The folder as it is now, its lists, and where its own name stands: what is watched already is the
// same watch. What is absent now is told of by the folder above it.
void FolderWatch::WatchAll() {
  if (events_ < 0) return;
  (void)::inotify_add_watch(events_, folder_.c_str(), kChanges);
  (void)::inotify_add_watch(events_, (folder_ / "lists").c_str(), kChanges);
  parent_ = ::inotify_add_watch(events_, folder_.parent_path().c_str(), kChanges);
}

// Beside the folder others may write as they like.
bool FolderWatch::ReadAll() const {
  const std::string name = folder_.filename().string();
  alignas(inotify_event) char buffer[16 * 1024];
  bool any = false;
  while (events_ >= 0) {
    const ssize_t bytes = ::read(events_, buffer, sizeof buffer);
    if (bytes <= 0) break;
    for (ssize_t at = 0; at < bytes;) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer + at);
      any = any || event->wd != parent_ || (event->len > 0 && name == event->name);
      at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
    }
  }
  return any;
}

bool FolderWatch::Wait(std::chrono::milliseconds longest) {
  pollfd watched[2] = {{.fd = events_, .events = POLLIN, .revents = 0},
                       {.fd = wake_, .events = POLLIN, .revents = 0}};
  (void)::poll(watched, 2, static_cast<int>(longest.count()));
  uint64_t woken = 0;
  if (::read(wake_, &woken, sizeof woken) < 0) woken = 0;
  const bool changed = ReadAll();
  if (changed) WatchAll();
  return changed;
}

void FolderWatch::Wake() {
  const uint64_t one = 1;
  (void)!::write(wake_, &one, sizeof one);
}

}  // namespace verdict::ruleset
