#include "base/failpoint.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>

#include "absl/strings/str_format.h"
#include "base/mutex.h"
#include "base/status.h"

namespace verdict::base {
namespace failpoint_internal {
std::atomic<bool> armed{false};
}  // namespace failpoint_internal

namespace {

enum class Action { kKill, kError };

struct Place {
  Action action = Action::kKill;
  double probability = 0;
  uint64_t state = 0;  // of its sequence of draws

  // In [0, 1): SplitMix64 (Steele, Lea, Flood 2014).
  double Draw() {
    state += 0x9e3779b97f4a7c15ULL;
    uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1.0p-53;
  }
};

struct Places {
  Mutex mutex;
  std::map<std::string, Place, std::less<>> by_name GUARDED_BY(mutex);
  std::string log_path GUARDED_BY(mutex);
};

Places& AllPlaces() {
  static Places* const places = new Places;  // lives as long as the process
  return *places;
}

absl::Status Unreadable(std::string_view item) {
  return absl::InvalidArgumentError(absl::StrFormat(
      "failpoint \"%s\": write name=kill:probability:seed or name=error:probability:seed, for "
      "example checkpoint.before_write=kill:0.01:7",
      item));
}

template <typename Number>
bool ParseAll(std::string_view text, Number* number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && end == text.data() + text.size();
}

// Takes what stands before the first `separator` off `text`.
std::string_view TakeUntil(char separator, std::string_view* text) {
  const size_t end = text->find(separator);
  const std::string_view taken = text->substr(0, end);
  text->remove_prefix(end == std::string_view::npos ? text->size() : end + 1);
  return taken;
}

absl::Status ParseItem(std::string_view item, std::map<std::string, Place, std::less<>>* places) {
  std::string_view rest = item;
  const std::string_view name = TakeUntil('=', &rest);
  const std::string_view action = TakeUntil(':', &rest);
  const std::string_view probability = TakeUntil(':', &rest);
  Place place;
  if (action != "kill" && action != "error") return Unreadable(item);
  place.action = action == "kill" ? Action::kKill : Action::kError;
  if (name.empty() || !ParseAll(probability, &place.probability) || place.probability < 0 ||
      place.probability > 1 || !ParseAll(rest, &place.state)) {
    return Unreadable(item);
  }
  (*places)[std::string(name)] = place;
  return absl::OkStatus();
}

[[noreturn]] void Die(std::string_view name, const std::string& log_path) {
  if (!log_path.empty()) {
    const int file = open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    const std::string line = std::string(name) + "\n";
    if (file < 0 || write(file, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
      std::perror("failpoint log");
    }
  }
  raise(SIGKILL);
  std::abort();
}

bool ArmFromEnvironment() {
  const char* specification = std::getenv("VERDICT_FAILPOINTS");
  const char* log_path = std::getenv("VERDICT_FAILPOINT_LOG");
  if (specification == nullptr) return false;
  const absl::Status status = ArmFailpoints(specification, log_path == nullptr ? "" : log_path);
  if (status.ok()) return true;
  std::fprintf(stderr, "VERDICT_FAILPOINTS: %s\n", std::string(status.message()).c_str());
  std::exit(2);
}

[[maybe_unused]] const bool armed_from_environment = ArmFromEnvironment();

}  // namespace

absl::Status failpoint_internal::Hit(std::string_view name) {
  Places& places = AllPlaces();
  MutexLock lock(places.mutex);
  const auto place = places.by_name.find(name);
  if (place == places.by_name.end() || place->second.Draw() >= place->second.probability) {
    return absl::OkStatus();
  }
  if (place->second.action == Action::kKill) Die(name, places.log_path);
  return absl::UnavailableError(absl::StrFormat("failpoint %s", name));
}

absl::Status ArmFailpoints(const std::string& specification, const std::string& log_path) {
  std::map<std::string, Place, std::less<>> parsed;
  for (std::string_view rest = specification; !rest.empty();) {
    RETURN_IF_ERROR(ParseItem(TakeUntil(',', &rest), &parsed));
  }
  Places& places = AllPlaces();
  MutexLock lock(places.mutex);
  failpoint_internal::armed.store(!parsed.empty(), std::memory_order_relaxed);
  places.by_name = std::move(parsed);
  places.log_path = log_path;
  return absl::OkStatus();
}

}  // namespace verdict::base
