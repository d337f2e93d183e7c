// Which rule set is live: what may take over from it, what is kept, and the way back.
//
//   folder ─► load, a copy aside ─► fits? ─► keep ─► (manual: waits) ─► guard ─► publish
//   activate HASH ─► load what is kept ─► fits? ─► guard, unless forced by name ─► publish
//   rollback, off RULE: the same without the guard: they are for when something is wrong
//
// Whatever does not reach the end leaves the live set as it is, whole.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "base/published.h"
#include "feature/feature_set.h"
#include "ruleset/catalogue.h"
#include "ruleset/guard_report.h"
#include "ruleset/rule_set.h"

namespace verdict::ruleset {

// What became of a set that was to be published.
struct PublishResult {
  enum class Kind : uint8_t {
    kPublished,
    kLiveAlready,  // it is the live set, or the folder is as it was when it was taken up last
    kWaiting,      // for `activate`
    kInvalid,      // errors in its files: `diagnostics`
    kUnfit,        // it cannot take over while the process runs: `why`
    kGuarded,      // too many decisions would turn: `guard`
    kNotKept,      // it cannot be kept on disk: `why`
  };
  Kind kind = Kind::kPublished;
  std::string hash;                           // of the set; empty where it is invalid
  std::string why;                            // also of a published one that could not be kept
  std::vector<rule::Diagnostic> diagnostics;  // warnings too
  std::optional<GuardReport> guard;
  int rules = 0;
  std::vector<OffRule> running_again;  // were off, and have another text now
};
// "ok", "same", "waiting", "invalid", "unfit", "guard", "archive"
std::string_view ResultName(PublishResult::Kind kind);

// **Thread-safe.** One set after the other; a publication holds up the next one alone.
class Publisher {
 public:
  struct Options {
    std::string folder;     // of rules
    std::string catalogue;  // a folder of our own
    feature::FeatureOptions deployment;
    bool manual = false;  // what is loaded from the folder waits for Activate
  };
  // May this set take over from the one that serves? Its error refuses the set.
  using Fits = std::function<absl::Status(const RuleSet&)>;
  // Decides the last live decisions anew.
  using Guard = std::function<GuardReport(const RuleSet&)>;
  // Told of a set just before it goes live: who works something out of it does so now, on this
  // thread.
  using Prepare = std::function<void(const std::shared_ptr<const RuleSet>&)>;

  // Errors: those of Catalogue::Open. `live` must outlive it.
  static absl::StatusOr<std::unique_ptr<Publisher>> Open(Options options,
                                                         base::Published<RuleSet>* live);

  // From now on sets must fit, the guard is asked, and what goes live is prepared for.
  void SetChecks(Fits fits, Guard guard, Prepare prepare) EXCLUDES_LOCK(mutex_);

  // The folder as it stands now; nothing where it is as it was taken up last, whatever people have
  // activated since. The first time in this process: the set that waits for a start, else what was
  // live last goes live first, unless the folder has changed and may.
  PublishResult LoadFolder() EXCLUDES_LOCK(mutex_);
  // A set that is kept; what is off in the live set stays off in it. `forced`: past the guard. One
  // that does not fit goes live at the next start. Errors: NotFound, InvalidArgument, DataLoss.
  absl::StatusOr<PublishResult> Activate(std::string_view hash, bool forced) EXCLUDES_LOCK(mutex_);
  // The set that was live before, as it was. `live`: the first digits of the set that is to go, so
  // that two who ask do not undo each other; empty: whichever. Errors: NotFound where none was,
  // FailedPrecondition where another set is live.
  absl::StatusOr<PublishResult> Rollback(const std::string& live = "") EXCLUDES_LOCK(mutex_);
  // The live set without that rule. Errors: NotFound, FailedPrecondition (it is off already).
  absl::StatusOr<PublishResult> SwitchOff(const std::string& rule) EXCLUDES_LOCK(mutex_);

  struct Listing {
    std::vector<KnownSet> sets;  // the live one first, then newest first
    std::string before;
  };
  Listing List() const EXCLUDES_LOCK(mutex_);

 private:
  Publisher(Options options, base::Published<RuleSet>* live, Catalogue catalogue)
      : options_(std::move(options)), live_(live), catalogue_(std::move(catalogue)) {}

  // At a start: the set that waits for it, or the last live one, if it can be loaded.
  void ServeLast() REQUIRES_LOCK(mutex_);
  PublishResult AsBefore(const std::string& files_hash) const REQUIRES_LOCK(mutex_);
  LoadResult LoadKept(const KnownSet& set) const REQUIRES_LOCK(mutex_);
  absl::StatusOr<PublishResult> PublishKept(const KnownSet& set, bool in_need, bool guarded)
      REQUIRES_LOCK(mutex_);
  struct Way {
    bool from_folder = false;  // its files are in the incoming folder
    bool waits = false;        // it is not published now
    bool in_need = false;      // something is wrong: it is published even where it cannot be kept
    bool guarded = false;      // the guard may refuse it
  };
  PublishResult Offer(LoadResult loaded, Way way) REQUIRES_LOCK(mutex_);
  absl::Status Keep(const LoadResult& loaded, bool from_folder, SetState state,
                    const std::string& why) REQUIRES_LOCK(mutex_);

  const Options options_;
  base::Published<RuleSet>* const live_;
  mutable base::Mutex mutex_;
  Catalogue catalogue_ GUARDED_BY(mutex_);
  Fits fits_ GUARDED_BY(mutex_);
  Guard guard_ GUARDED_BY(mutex_);
  Prepare prepare_ GUARDED_BY(mutex_);
};

}  // namespace verdict::ruleset
