// Written once: to a second file, synced, renamed, so that a crash leaves all of it or none.
#include "rocks_store/dir_meta.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <random>
#include <sstream>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "rocks_store/file_error.h"

namespace verdict::rocks_store {
namespace {

constexpr char kFormat[] = "1";
using Lines = std::map<std::string, std::string>;

std::string_view ClockName(bool event_clock) { return event_clock ? "event" : "wall"; }

std::string NewSecret() {
  std::random_device random;  // the kernel's
  return absl::StrFormat("%08x%08x%08x%08x", random(), random(), random(), random());
}

std::string TextOf(const base::SipKey& secret) {
  return absl::StrFormat("%016x%016x", secret[0], secret[1]);
}

absl::StatusOr<base::SipKey> ParseSecret(const std::string& path, const std::string& hex) {
  const bool whole =
      hex.size() == 32 && hex.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!whole) {
    return absl::DataLossError(path +
                               ": the secret is damaged; put the file back from a copy: without it "
                               "no stored key can be found again");
  }
  return base::SipKey{std::stoull(hex.substr(0, 16), nullptr, 16),
                      std::stoull(hex.substr(16), nullptr, 16)};
}

absl::Status Different(const std::string& dir, const char* what, std::string_view made_with,
                       std::string_view asked_for) {
  return absl::FailedPreconditionError(absl::StrFormat(
      "%s was made with %s %s, this run says %s: run with %s, or use another directory", dir, what,
      made_with, asked_for, made_with));
}

absl::Status Check(const std::string& dir, Lines& lines, const DirSettings& settings) {
  if (lines["verdict-embedded"] != kFormat) {
    return absl::FailedPreconditionError(
        absl::StrFormat("%s/meta: format \"%s\"; this program knows format %s", dir,
                        lines["verdict-embedded"], kFormat));
  }
  if (lines["zone"] != settings.zone_name) {
    return Different(dir, "the time zone", lines["zone"], settings.zone_name);
  }
  if (lines["base_currency"] != settings.base_currency) {
    return Different(dir, "the base currency", lines["base_currency"], settings.base_currency);
  }
  if (lines["clock"] != ClockName(settings.event_clock)) {
    return Different(dir, "the clock", lines["clock"], ClockName(settings.event_clock));
  }
  return absl::OkStatus();
}

absl::Status WriteSynced(const std::string& path, const std::string& text) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (file < 0) return FileError("cannot make " + path, errno);
  const bool written = write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       fsync(file) == 0;
  const int error_number = errno;
  close(file);
  return written ? absl::OkStatus() : FileError("cannot write " + path, error_number);
}

absl::Status Create(const std::string& dir, const std::string& path, const std::string& secret,
                    const DirSettings& settings) {
  const std::string text = absl::StrFormat(
      "verdict-embedded %s\nsecret %s\nzone %s\nbase_currency %s\nclock %s\n", kFormat, secret,
      settings.zone_name, settings.base_currency, ClockName(settings.event_clock));
  const std::string fresh = path + ".new";
  RETURN_IF_ERROR(WriteSynced(fresh, text));
  if (rename(fresh.c_str(), path.c_str()) != 0) return FileError("cannot rename " + fresh, errno);
  const int folder = open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return FileError("cannot open " + dir, errno);
  const int synced = fsync(folder);
  const int error_number = errno;
  close(folder);
  return synced == 0 ? absl::OkStatus() : FileError("cannot sync " + dir, error_number);
}

}  // namespace

absl::StatusOr<base::SipKey> OpenDirMeta(const std::string& dir, const DirSettings& settings) {
  const std::string path = dir + "/meta";
  if (access(path.c_str(), F_OK) != 0) {
    if (errno != ENOENT) return FileError("cannot open " + path, errno);
    if (access((dir + "/log/CURRENT").c_str(), F_OK) == 0) {
      return absl::FailedPreconditionError(absl::StrFormat(
          "%s is missing beside a log that holds events: its secret is what they are counted by. "
          "Put it back from a backup; without it, empty %s and import again",
          path, dir));
    }
    const std::string secret = settings.secret ? TextOf(*settings.secret) : NewSecret();
    RETURN_IF_ERROR(Create(dir, path, secret, settings));
    return ParseSecret(path, secret);
  }
  std::ifstream file(path);
  if (!file) return FileError("cannot read " + path, errno);
  Lines lines;
  for (std::string line; std::getline(file, line);) {
    const size_t blank = line.find(' ');
    if (blank != std::string::npos) lines[line.substr(0, blank)] = line.substr(blank + 1);
  }
  RETURN_IF_ERROR(Check(dir, lines, settings));
  ASSIGN_OR_RETURN(const base::SipKey secret, ParseSecret(path, lines["secret"]));
  if (settings.secret && *settings.secret != secret) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "%s was made with another secret than the one given now: entities are kept under keys made "
        "with it. Give the former secret, or use another directory",
        dir));
  }
  return secret;
}

}  // namespace verdict::rocks_store
