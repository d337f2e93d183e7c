// POSIX reading by openat: a folder that is swapped by a symbolic link is read as it was when it
// was opened.
#include "ruleset/rule_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>

#include "absl/strings/str_format.h"
#include "base/hash.h"

namespace verdict::ruleset {
namespace {

std::string SystemError() { return std::strerror(errno); }

bool IsJsonName(std::string_view name) { return name.ends_with(".json") && !name.starts_with("."); }

// All bytes behind `fd`; nothing where reading fails. Reads one byte beyond `bytes_max` at most.
std::optional<std::string> ReadAll(int fd, size_t bytes_max) {
  std::string bytes;
  char buffer[64 * 1024];
  while (bytes.size() <= bytes_max) {
    ssize_t got = ::read(fd, buffer, std::min(sizeof buffer, bytes_max + 1 - bytes.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::nullopt;
    if (got == 0) break;
    bytes.append(buffer, static_cast<size_t>(got));
  }
  return bytes;
}

}  // namespace

RuleFolder::RuleFolder(std::string folder, Options options)
    : folder_(std::move(folder)), options_(std::move(options)) {
  while (folder_.size() > 1 && folder_.ends_with('/')) folder_.pop_back();
  directory_ = ::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  // A ConfigMap's files are links through `..data`, which may be set anew between two of them.
  if (directory_ < 0) return;
  const int data = ::openat(directory_, "..data", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (data < 0) return;
  ::close(directory_);
  directory_ = data;
}

RuleFolder::~RuleFolder() {
  if (directory_ >= 0) ::close(directory_);
}

std::string RuleFolder::PathOf(const std::string& name) const { return folder_ + "/" + name; }

std::vector<std::string> RuleFolder::JsonNames(Findings* findings) {
  std::vector<std::string> names;
  int copy = directory_ < 0 ? -1 : ::openat(directory_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* listing = copy < 0 ? nullptr : ::fdopendir(copy);
  if (listing == nullptr) {
    std::string reason = SystemError();
    if (copy >= 0) ::close(copy);
    findings->Error("R500", {.file = folder_}, "cannot read the folder of rules: " + reason);
    return names;
  }
  while (const dirent* entry = ::readdir(listing)) {
    if (IsJsonName(entry->d_name)) names.emplace_back(entry->d_name);
  }
  ::closedir(listing);
  std::sort(names.begin(), names.end());
  if (names.size() > kJsonFilesMax) {
    findings->Error("R500", {.file = folder_},
                    absl::StrFormat("%d JSON files; a folder of rules may have at most %d",
                                    names.size(), kJsonFilesMax));
    names.clear();
  }
  return names;
}

std::optional<std::string> RuleFolder::Read(const std::string& name, size_t bytes_max,
                                            Findings* findings, const rule::Place* cause) {
  rule::Place place = {.file = PathOf(name)};
  if (cause != nullptr) place = *cause;
  auto fail = [&](std::string reason) {
    findings->Error("R500", place, absl::StrFormat("cannot read `%s`: %s", PathOf(name), reason));
    return std::nullopt;
  };
  int fd = ::openat(directory_, name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return fail(SystemError());
  struct stat status;
  bool is_file = ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
  std::optional<std::string> bytes = is_file ? ReadAll(fd, bytes_max) : std::nullopt;
  std::string reason = is_file ? SystemError() : "it is not a file";
  ::close(fd);
  if (!bytes) return fail(reason);
  if (const auto other = options_.instead.find(PathOf(name)); other != options_.instead.end()) {
    bytes = other->second;
  }
  if (bytes->size() > bytes_max) {
    findings->Error("R500", place,
                    absl::StrFormat("`%s` has more than %d bytes, the most a file may have",
                                    PathOf(name), bytes_max));
    return std::nullopt;
  }
  digests_[name] = base::Sha256Hex(*bytes);
  if (const std::string why = WriteCopy(name, *bytes); !why.empty()) {
    findings->Error("R500", place,
                    absl::StrFormat("cannot keep a copy of `%s` in %s: %s", PathOf(name),
                                    options_.copy_to, why));
    return std::nullopt;
  }
  return bytes;
}

std::string RuleFolder::WriteCopy(const std::string& name, const std::string& bytes) const {
  if (options_.copy_to.empty()) return "";
  const std::filesystem::path path = std::filesystem::path(options_.copy_to) / name;
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  if (error) return error.message();
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  return file.good() ? "" : SystemError();
}

std::string RuleFolder::Hash() const {
  std::string lines;
  for (const auto& [name, digest] : digests_) lines += digest + "  " + name + "\n";
  return base::Sha256Hex(lines);
}

}  // namespace verdict::ruleset
