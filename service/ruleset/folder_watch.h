// Wakes whoever waits for changes in a folder of rules: an editor that writes or renames, a new
// file, a ConfigMap whose `..data` is swapped, a link to the folder that is set anew.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

namespace verdict::ruleset {

// **Thread-compatible**, but for Wake(). By inotify, which is silent on some file systems: who
// waits looks now and then all the same.
class FolderWatch {
 public:
  explicit FolderWatch(const std::string& folder);
  ~FolderWatch();
  FolderWatch(const FolderWatch&) = delete;
  FolderWatch& operator=(const FolderWatch&) = delete;

  // True: something changed since the last call. False: `longest` has passed, or Wake() was called.
  bool Wait(std::chrono::milliseconds longest);
  // **Thread-safe.**
  void Wake();

 private:
  void WatchAll();
  bool ReadAll() const;

  std::filesystem::path folder_;
  int parent_ = -1;  // the watch of the folder above
  int events_ = -1;  // of inotify; -1: there is none to be had
  int wake_ = -1;
};

}  // namespace verdict::ruleset
