#include "ruleset/catalogue.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/status.h"
#include "nlohmann/json.hpp"

namespace verdict::ruleset {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr SetState kStates[] = {SetState::kLive, SetState::kWaiting, SetState::kRefused,
                                SetState::kArchived};
constexpr size_t kDigitsMin = 4;

absl::Status Trouble(const fs::path& path, const std::string& why) {
  return absl::UnavailableError(absl::StrCat(path.string(), ": ", why));
}

absl::Status SystemTrouble(const fs::path& path) { return Trouble(path, std::strerror(errno)); }

// What a file or folder holds survives a loss of power.
absl::Status Sync(const fs::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return SystemTrouble(path);
  const int synced = ::fsync(fd);
  const absl::Status status = synced == 0 ? absl::OkStatus() : SystemTrouble(path);
  ::close(fd);
  return status;
}

bool SameBytes(const fs::path& a, const fs::path& b) {
  std::error_code error;
  const auto size = fs::file_size(a, error);
  if (error || fs::file_size(b, error) != size || error) return false;
  std::ifstream x(a, std::ios::binary), y(b, std::ios::binary);
  constexpr size_t kChunk = 64 * 1024;
  std::vector<char> left(kChunk), right(kChunk);
  while (x.read(left.data(), kChunk), x.gcount() > 0) {
    y.read(right.data(), x.gcount());
    if (x.gcount() != y.gcount()) return false;
    if (std::memcmp(left.data(), right.data(), static_cast<size_t>(x.gcount())) != 0) return false;
  }
  return x.eof();
}

// The files within, by their path from there; none and `error` where they cannot be listed.
std::vector<fs::path> FilesWithin(const fs::path& folder, std::error_code& error) {
  std::vector<fs::path> files;
  for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error)) {
    if (!at->is_directory()) files.push_back(at->path().lexically_relative(folder));
  }
  std::sort(files.begin(), files.end());
  return files;
}

bool SameFiles(const fs::path& a, const fs::path& b) {
  std::error_code error;
  const std::vector<fs::path> files = FilesWithin(a, error);
  if (error || files != FilesWithin(b, error) || error) return false;
  return std::all_of(files.begin(), files.end(),
                     [&](const fs::path& file) { return SameBytes(a / file, b / file); });
}

// `path` becomes the same file as `kept`; where links cannot be made it stays as it is.
void Share(const fs::path& kept, const fs::path& path) {
  const fs::path link = path.string() + ".link";
  std::error_code error;
  fs::create_hard_link(kept, link, error);
  if (!error) fs::rename(link, path, error);
}

Json ToJson(const KnownSet& set) {
  Json off = Json::array();
  for (const OffRule& one : set.off) off.push_back({{"rule", one.rule}, {"text", one.text_digest}});
  return {{"hash", set.hash},       {"files", set.files_hash}, {"state", SetStateName(set.state)},
          {"time_ms", set.time_ms}, {"rules", set.rules},      {"why", set.why},
          {"off", std::move(off)}};
}

// Throws where something is absent or of another type.
KnownSet FromJson(const Json& json) {
  KnownSet set;
  set.hash = json.at("hash");
  set.files_hash = json.at("files");
  const std::string state = json.at("state");
  const auto found = std::find_if(std::begin(kStates), std::end(kStates),
                                  [&](SetState one) { return SetStateName(one) == state; });
  if (found == std::end(kStates)) throw std::runtime_error("unknown state " + state);
  set.state = *found;
  set.time_ms = json.at("time_ms");
  set.rules = json.at("rules");
  set.why = json.at("why");
  for (const Json& one : json.at("off")) set.off.push_back({one.at("rule"), one.at("text")});
  return set;
}

}  // namespace

std::string_view SetStateName(SetState state) {
  switch (state) {
    case SetState::kLive:
      return "live";
    case SetState::kWaiting:
      return "waiting";
    case SetState::kRefused:
      return "refused";
    case SetState::kArchived:
      return "archived";
  }
  return "";
}

absl::StatusOr<Catalogue> Catalogue::Open(const std::string& folder) {
  std::error_code error;
  fs::create_directories(fs::path(folder) / "files", error);
  if (error) return Trouble(folder, error.message());
  Catalogue catalogue(folder);
  const fs::path path = fs::path(folder) / "catalogue.json";
  if (!fs::exists(path, error) && !error) return catalogue;
  std::ifstream file(path, std::ios::binary);
  if (!file) return SystemTrouble(path);
  std::ostringstream text;
  text << file.rdbuf();
  try {
    const Json json = Json::parse(text.str());
    catalogue.before = json.at("before");
    catalogue.folder_seen = json.at("folder_seen");
    catalogue.next_start = json.value("next_start", "");
    for (const Json& one : json.at("sets")) catalogue.sets_.push_back(FromJson(one));
  } catch (const std::exception& fault) {
    return absl::DataLossError(
        absl::StrCat(path.string(), " cannot be read (", fault.what(),
                     "); put a copy of it back, or move it aside: sets of before are then known no "
                     "more, and the folder of rules is loaded as at a first start"));
  }
  return catalogue;
}

absl::StatusOr<std::string> Catalogue::MakeIncoming() const {
  const fs::path path = fs::path(folder_) / "incoming";
  std::error_code error;
  fs::remove_all(path, error);
  if (!error) fs::create_directories(path, error);
  if (error) return Trouble(path, error.message());
  return path.string();
}

absl::Status Catalogue::Keep(const std::string& files_hash) const {
  const fs::path from = fs::path(folder_) / "incoming";
  const fs::path to = fs::path(folder_) / "files" / files_hash;
  std::error_code error;
  if (fs::exists(to, error) && SameFiles(from, to)) return Sync(to.parent_path());
  const fs::path like = live() == nullptr ? fs::path() : fs::path(FilesOf(*live()));
  std::vector<fs::path> paths;
  for (fs::recursive_directory_iterator at(from, error), end; !error && at != end;
       at.increment(error)) {
    paths.push_back(at->path());
  }
  for (const fs::path& path : paths) {
    const fs::path kept = like / path.lexically_relative(from);
    if (!like.empty() && fs::is_regular_file(path, error) && SameBytes(path, kept))
      Share(kept, path);
    RETURN_IF_ERROR(Sync(path));
  }
  // What is there already is damaged.
  const fs::path replaced = to.parent_path() / "replaced";
  if (!error) fs::remove_all(replaced, error);
  if (!error && fs::exists(to, error)) fs::rename(to, replaced, error);
  if (!error) fs::rename(from, to, error);
  if (error) return Trouble(to, error.message());
  fs::remove_all(replaced, error);
  return Sync(to.parent_path());
}

std::string Catalogue::FilesOf(const KnownSet& set) const {
  return (fs::path(folder_) / "files" / set.files_hash).string();
}

void Catalogue::Put(KnownSet set) {
  std::erase_if(sets_, [&](const KnownSet& one) { return one.hash == set.hash; });
  for (KnownSet& one : sets_) {
    if (one.state != set.state) continue;
    if (one.state != SetState::kLive && one.state != SetState::kWaiting) continue;
    if (one.state == SetState::kLive) before = one.hash;
    one.state = SetState::kArchived;
  }
  const auto place = std::find_if(sets_.begin(), sets_.end(),
                                  [&](const KnownSet& one) { return one.time_ms <= set.time_ms; });
  sets_.insert(place, std::move(set));
}

absl::StatusOr<KnownSet> Catalogue::Find(std::string_view hash) const {
  const KnownSet* found = nullptr;
  for (const KnownSet& one : sets_) {
    if (one.hash == hash) return one;
    if (hash.size() < kDigitsMin || !one.hash.starts_with(hash)) continue;
    if (found != nullptr) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "several sets begin with %s; give more digits of the one you mean", hash));
    }
    found = &one;
  }
  if (found != nullptr) return *found;
  return absl::NotFoundError(
      absl::StrFormat("no set %s is known here; `verdict rules list` shows those that are", hash));
}

const KnownSet* Catalogue::live() const {
  const auto found = std::find_if(sets_.begin(), sets_.end(),
                                  [](const KnownSet& one) { return one.state == SetState::kLive; });
  return found == sets_.end() ? nullptr : &*found;
}

// The oldest first; never what is live, was so before, or waits.
void Catalogue::Forget() {
  size_t over = sets_.size() > kSetsKept ? sets_.size() - kSetsKept : 0;
  for (size_t i = sets_.size(); i-- > 0 && over > 0;) {
    const KnownSet& one = sets_[i];
    if (one.state == SetState::kLive || one.state == SetState::kWaiting || one.hash == before) {
      continue;
    }
    forgotten_.push_back(one.files_hash);
    sets_.erase(sets_.begin() + static_cast<std::ptrdiff_t>(i));
    --over;
  }
}

absl::Status Catalogue::Save() {
  Forget();
  Json json = {{"before", before},
               {"folder_seen", folder_seen},
               {"next_start", next_start},
               {"sets", Json::array()}};
  for (const KnownSet& one : sets_) json["sets"].push_back(ToJson(one));
  const fs::path path = fs::path(folder_) / "catalogue.json";
  const fs::path next = fs::path(folder_) / "catalogue.json.next";
  {
    std::ofstream file(next, std::ios::binary | std::ios::trunc);
    file << json.dump(1) << "\n";
    file.close();
    if (!file.good()) return SystemTrouble(next);
  }
  RETURN_IF_ERROR(Sync(next));
  std::error_code error;
  fs::rename(next, path, error);
  if (error) return Trouble(path, error.message());
  RETURN_IF_ERROR(Sync(folder_));
  for (const std::string& files : std::exchange(forgotten_, {})) {
    const bool used = std::any_of(sets_.begin(), sets_.end(),
                                  [&](const KnownSet& one) { return one.files_hash == files; });
    if (!used) fs::remove_all(fs::path(folder_) / "files" / files, error);
  }
  return absl::OkStatus();
}

}  // namespace verdict::ruleset
