// A temporary file, made safe on disk before it takes the name of the other.
#include "cli/replace_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/str_format.h"
#include "base/status.h"

namespace verdict::cli {
namespace {

namespace fs = std::filesystem;

absl::Status Cannot(std::string_view verb, const std::string& path, const std::string& why) {
  return absl::UnavailableError(absl::StrFormat("cannot %s %s: %s", verb, path, why));
}

// What `path` leads to, which lies within the folder.
absl::StatusOr<fs::path> Resolved(const Replacement& replacement) {
  std::error_code error;
  const fs::path folder = fs::canonical(replacement.folder, error);
  if (error) return Cannot("find", replacement.folder, error.message());
  fs::path target = fs::canonical(replacement.path, error);
  if (error) return Cannot("find", replacement.path, error.message());
  const fs::path inner = target.lexically_relative(folder);
  if (inner.empty() || *inner.begin() == "..") {
    return absl::FailedPreconditionError(
        absl::StrFormat("%s is a link to %s, outside of %s; mend it there", replacement.path,
                        target.string(), replacement.folder));
  }
  return target;
}

absl::Status StillHolds(const fs::path& target, const Replacement& replacement) {
  std::ifstream file(target, std::ios::binary);
  std::ostringstream now;
  now << file.rdbuf();
  if (!file) return Cannot("read", replacement.path, std::strerror(errno));
  if (now.str() == replacement.before) return absl::OkStatus();
  return absl::AbortedError(absl::StrFormat(
      "%s has changed since it was checked and is left as it is; run again", replacement.path));
}

bool WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

// The bytes in `fd`, with the mode of `target`, on disk; its owner too, where the system lets us.
bool Fill(int fd, std::string_view bytes, const struct stat& target) {
  if (::fchown(fd, target.st_uid, target.st_gid) != 0 && errno != EPERM) return false;
  return WriteAll(fd, bytes) && ::fchmod(fd, target.st_mode & 07777) == 0 && ::fsync(fd) == 0;
}

}  // namespace

absl::Status ReplaceFile(const Replacement& replacement) {
  ASSIGN_OR_RETURN(const fs::path target, Resolved(replacement));
  struct stat status;
  if (::stat(target.c_str(), &status) != 0 || ::access(target.c_str(), W_OK) != 0) {
    return Cannot("write", replacement.path, std::strerror(errno));
  }
  std::string fresh = (target.parent_path() / ("." + target.filename().string() + ".XXXXXX"));
  const int fd = ::mkostemp(fresh.data(), O_CLOEXEC);
  if (fd < 0) return Cannot("write beside", replacement.path, std::strerror(errno));
  const bool filled = Fill(fd, replacement.after, status);
  const std::string why = std::strerror(errno);
  ::close(fd);
  absl::Status done = filled ? StillHolds(target, replacement) : Cannot("write", fresh, why);
  if (done.ok() && ::rename(fresh.c_str(), target.c_str()) != 0) {
    done = Cannot("replace", replacement.path, std::strerror(errno));
  }
  if (!done.ok()) ::unlink(fresh.c_str());
  return done;
}

}  // namespace verdict::cli
