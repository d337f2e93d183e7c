// Plain writes to one file descriptor, each a whole line.
#include "rocks_store/info_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdarg>
#include <cstdio>

namespace verdict::rocks_store {
namespace {

constexpr size_t kLineBytesMax = 4096;  // longer ones are cut
constexpr uint64_t kFileBytesMax = uint64_t{16} << 20;

// **Thread-safe.**
class InfoLog final : public rocksdb::Logger {
 public:
  explicit InfoLog(int file) : rocksdb::Logger(rocksdb::WARN_LEVEL), file_(file) {}
  ~InfoLog() override {
    if (file_ >= 0) close(file_);
  }

  using rocksdb::Logger::Logv;
  void Logv(const char* format, va_list arguments) override {
    if (file_ < 0 || bytes_.load(std::memory_order_relaxed) >= kFileBytesMax) return;
    char line[kLineBytesMax];
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const int head = std::snprintf(
        line, sizeof line, "%lld ",
        static_cast<long long>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count()));
    const size_t room = sizeof line - static_cast<size_t>(head);
    const int text = std::vsnprintf(line + head, room, format, arguments);
    if (text < 0) return;
    size_t size = static_cast<size_t>(head) + std::min(static_cast<size_t>(text), room - 1);
    line[size++] = '\n';  // in place of the closing zero
    const ssize_t written = write(file_, line, size);
    if (written > 0) bytes_ += static_cast<uint64_t>(written);
  }

 private:
  const int file_;  // -1: it could not be opened
  std::atomic<uint64_t> bytes_{0};
};

}  // namespace

std::shared_ptr<rocksdb::Logger> MakeInfoLog(const std::string& folder) {
  mkdir(folder.c_str(), 0755);  // RocksDB makes it only later
  const std::string path = folder + "/LOG";
  std::rename(path.c_str(), (path + ".old").c_str());
  const int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC;
  return std::make_shared<InfoLog>(open(path.c_str(), flags, 0644));
}

}  // namespace verdict::rocks_store
