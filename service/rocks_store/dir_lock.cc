// flock, not a file that exists: a dead owner leaves nothing that must be cleared away.
#include "rocks_store/dir_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "rocks_store/file_error.h"

namespace verdict::rocks_store {
namespace {

std::string OwnerOf(int file) {
  char text[128];
  const ssize_t size = pread(file, text, sizeof text - 1, 0);
  if (size <= 0) return "another process";
  std::string owner(text, static_cast<size_t>(size));
  while (!owner.empty() && owner.back() == '\n') owner.pop_back();
  return owner;
}

absl::Status MakeDirectory(const std::string& dir) {
  std::error_code error;
  if (std::filesystem::is_directory(dir, error)) return absl::OkStatus();
  std::filesystem::create_directories(dir, error);
  if (error) return FileError("cannot make the directory " + dir, error.value());
  if (chmod(dir.c_str(), S_IRWXU) != 0)
    return FileError("cannot close " + dir + " to others", errno);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<DirLock>> DirLock::Acquire(const std::string& dir,
                                                          const std::string& program) {
  RETURN_IF_ERROR(MakeDirectory(dir));
  const std::string path = dir + "/LOCK";
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (file < 0) return FileError("cannot open " + path, errno);
  std::unique_ptr<DirLock> lock(new DirLock(file));
  if (flock(file, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return FileError("cannot lock " + path, errno);
    return absl::FailedPreconditionError(
        absl::StrFormat("%s is in use by %s; stop that process first, or use another directory",
                        dir, OwnerOf(file)));
  }
  const std::string owner = absl::StrFormat("pid %d (%s)\n", getpid(), program);
  if (ftruncate(file, 0) != 0 || pwrite(file, owner.data(), owner.size(), 0) < 0) {
    return FileError("cannot write " + path, errno);
  }
  return lock;
}

DirLock::~DirLock() { close(file_); }

}  // namespace verdict::rocks_store
