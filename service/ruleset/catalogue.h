// Every rule set that was ever live, waiting or refused by the guard, kept whole: its files, and
// what became of it. A folder that the service owns:
//   catalogue.json     which set is live, which was before, what is switched off, all sets
//   files/HASH/        the files of a set, by RuleSet::files_hash, byte for byte
//   incoming/          a copy of the folder of rules while it is being loaded
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ruleset/rule_set.h"

namespace verdict::ruleset {

inline constexpr size_t kSetsKept = 200;  // the live one and the one before always among them

enum class SetState : uint8_t { kLive, kWaiting, kRefused, kArchived };
std::string_view SetStateName(SetState state);  // "live"

struct KnownSet {
  std::string hash;        // RuleSet::hash
  std::string files_hash;  // RuleSet::files_hash
  std::vector<OffRule> off;
  SetState state = SetState::kArchived;
  int64_t time_ms = 0;  // since when it is live, waits or is refused; archived: since when it was
  int64_t rules = 0;    // switched off ones included
  std::string why;      // refused: by what
  friend bool operator==(const KnownSet&, const KnownSet&) = default;
};

// Thread-compatible. Changes stand in memory until Save().
class Catalogue {
 public:
  // `folder` is made where it is absent. Errors: what the file system says; DataLoss for a
  // catalogue.json that cannot be read: it is left as it is, and names what to do.
  static absl::StatusOr<Catalogue> Open(const std::string& folder);

  // An empty folder for LoadOptions::copy_to.
  absl::StatusOr<std::string> MakeIncoming() const;
  // The files of a set that was loaded with that copy. Replaces what is kept under that name and is
  // damaged; a file that the live set has too is kept once.
  absl::Status Keep(const std::string& files_hash) const;
  std::string FilesOf(const KnownSet& set) const;

  // Adds a set, or says what became of a known one. At most one is live, at most one waits.
  void Put(KnownSet set);
  // The set of a whole hash or of its first digits, 4 at least. Errors: NotFound, InvalidArgument
  // where several begin so.
  absl::StatusOr<KnownSet> Find(std::string_view hash) const;
  const std::vector<KnownSet>& sets() const { return sets_; }  // newest first
  const KnownSet* live() const;                                // null: none yet

  // The set that was live before; empty: none was.
  std::string before;
  // RuleSet::files_hash of the folder of rules when it was last taken up, or refused by the guard.
  std::string folder_seen;
  // The set that was asked for and needs a restart; empty: none.
  std::string next_start;

  // Writes catalogue.json anew, then removes the files of the sets that it has forgotten.
  absl::Status Save();

 private:
  explicit Catalogue(std::string folder) : folder_(std::move(folder)) {}
  void Forget();

  std::string folder_;
  std::vector<std::string> forgotten_;  // folders of files that go with the next Save()
  std::vector<KnownSet> sets_;
};

}  // namespace verdict::ruleset
