#include "ruleset/publisher.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/status.h"
#include "ruleset/findings.h"

namespace verdict::ruleset {
namespace {

using Kind = PublishResult::Kind;

std::string FirstError(const LoadResult& loaded) {
  for (const rule::Diagnostic& one : loaded.diagnostics) {
    if (one.severity == rule::Severity::kError) return one.message;
  }
  return "";
}

std::string Short(const std::string& hash) { return hash.substr(0, 12); }

}  // namespace

std::string_view ResultName(Kind kind) {
  switch (kind) {
    case Kind::kPublished:
      return "ok";
    case Kind::kLiveAlready:
      return "same";
    case Kind::kWaiting:
      return "waiting";
    case Kind::kInvalid:
      return "invalid";
    case Kind::kUnfit:
      return "unfit";
    case Kind::kGuarded:
      return "guard";
    case Kind::kNotKept:
      return "archive";
  }
  return "";
}

absl::StatusOr<std::unique_ptr<Publisher>> Publisher::Open(Options options,
                                                           base::Published<RuleSet>* live) {
  ASSIGN_OR_RETURN(Catalogue catalogue, Catalogue::Open(options.catalogue));
  return std::unique_ptr<Publisher>(new Publisher(std::move(options), live, std::move(catalogue)));
}

void Publisher::SetChecks(Fits fits, Guard guard) {
  base::MutexLock lock(mutex_);
  fits_ = std::move(fits);
  guard_ = std::move(guard);
}

LoadResult Publisher::LoadKept(const KnownSet& set) const {
  return LoadRuleSet(catalogue_.FilesOf(set),
                     LoadOptions{.deployment = options_.deployment, .off = set.off});
}

// At a start. Nothing: there is none, or it cannot be loaded.
std::optional<PublishResult> Publisher::ServeLast() {
  const KnownSet* last = catalogue_.live();
  if (last == nullptr) return std::nullopt;
  LoadResult loaded = LoadKept(*last);
  if (loaded.set == nullptr || loaded.set->hash != last->hash) return std::nullopt;
  live_->Publish(loaded.set);
  PublishResult result;
  result.hash = last->hash;
  result.rules = loaded.rules;
  return result;
}

PublishResult Publisher::LoadFolder() {
  base::MutexLock lock(mutex_);
  const absl::StatusOr<std::string> incoming = catalogue_.MakeIncoming();
  if (!incoming.ok()) {
    PublishResult result;
    result.kind = Kind::kNotKept;
    result.why = std::string(incoming.status().message());
    return result;
  }
  LoadOptions options{.deployment = options_.deployment, .copy_to = *incoming};
  if (catalogue_.live() != nullptr) options.off = catalogue_.live()->off;
  LoadResult loaded = LoadRuleSet(options_.folder, options);
  bool waits = options_.manual;
  if (live_->Load() == nullptr) {
    const bool as_before = loaded.files_hash == catalogue_.folder_seen;
    if (as_before || loaded.set == nullptr || waits) {
      std::optional<PublishResult> last = ServeLast();
      if (last && as_before) return *std::move(last);
    }
    waits = waits && live_->Load() != nullptr;  // somebody must be the first
  }
  catalogue_.folder_seen = loaded.files_hash;
  return Offer(std::move(loaded), {.keep = true, .waits = waits, .guarded = true});
}

PublishResult Publisher::Offer(LoadResult loaded, Way way) {
  PublishResult result;
  result.diagnostics = std::move(loaded.diagnostics);
  result.rules = loaded.rules;
  result.running_again = loaded.changed;
  const auto refused = [&](Kind kind, std::string why) {
    result.kind = kind;
    result.why = std::move(why);
    return result;
  };
  if (loaded.set == nullptr) {
    const absl::Status saved = catalogue_.Save();
    return refused(Kind::kInvalid, saved.ok() ? "" : std::string(saved.message()));
  }
  result.hash = loaded.set->hash;
  const auto record = [&](SetState state, const std::string& why) {
    absl::Status kept = way.keep ? catalogue_.Keep(loaded.set->files_hash) : absl::OkStatus();
    if (kept.ok()) kept = Record(loaded, state, why);
    return kept;
  };
  const std::shared_ptr<const RuleSet> old = live_->Load();
  if (old != nullptr && old->hash == result.hash) {
    const absl::Status saved = catalogue_.Save();
    return refused(Kind::kLiveAlready, saved.ok() ? "" : std::string(saved.message()));
  }
  if (const absl::Status fit = fits_ == nullptr ? absl::OkStatus() : fits_(*loaded.set);
      !fit.ok()) {
    catalogue_.folder_seen.clear();  // a restart takes it
    const absl::Status saved = catalogue_.Save();
    if (!saved.ok()) return refused(Kind::kNotKept, std::string(saved.message()));
    return refused(Kind::kUnfit, std::string(fit.message()));
  }
  SetState state = way.waits ? SetState::kWaiting : SetState::kLive;
  std::string why;
  if (!way.waits && guard_ != nullptr && old != nullptr) {
    result.guard = guard_(*loaded.set);
    if (way.guarded && IsBeyond(*result.guard, old->policy.guard_max_deny_shift)) {
      state = SetState::kRefused;
      why = "guard: " + ShiftText(*result.guard);
    }
  }
  if (const absl::Status kept = record(state, why); !kept.ok()) {
    return refused(Kind::kNotKept, std::string(kept.message()));
  }
  if (state == SetState::kWaiting) return refused(Kind::kWaiting, "");
  if (state == SetState::kRefused) return refused(Kind::kGuarded, why);
  live_->Publish(loaded.set);
  return result;
}

absl::Status Publisher::Record(const LoadResult& loaded, SetState state, const std::string& why) {
  const Catalogue before = catalogue_;
  catalogue_.Put({.hash = loaded.set->hash,
                  .files_hash = loaded.set->files_hash,
                  .off = loaded.off,
                  .state = state,
                  .time_ms = absl::ToUnixMillis(absl::Now()),
                  .rules = loaded.rules,
                  .why = why});
  absl::Status saved = catalogue_.Save();
  if (!saved.ok()) catalogue_ = before;
  return saved;
}

absl::StatusOr<PublishResult> Publisher::PublishKept(const KnownSet& set, bool guarded) {
  LoadResult loaded = LoadKept(set);
  if (loaded.set == nullptr) {
    return absl::DataLossError(absl::StrCat(
        "set ", Short(set.hash), " cannot be loaded from the archive: ", FirstError(loaded)));
  }
  if (loaded.set->hash != set.hash) {
    return absl::DataLossError(absl::StrCat(
        "the files of set ", Short(set.hash), " in the archive were changed; put them back (",
        catalogue_.FilesOf(set), "), or load them as a new set from the folder of rules"));
  }
  return Offer(std::move(loaded), {.guarded = guarded});
}

absl::StatusOr<PublishResult> Publisher::Activate(std::string_view hash, bool forced) {
  base::MutexLock lock(mutex_);
  ASSIGN_OR_RETURN(const KnownSet set, catalogue_.Find(hash));
  return PublishKept(set, !forced);
}

absl::StatusOr<PublishResult> Publisher::Rollback() {
  base::MutexLock lock(mutex_);
  if (catalogue_.before.empty()) {
    return absl::NotFoundError("no set was live before this one");
  }
  ASSIGN_OR_RETURN(const KnownSet set, catalogue_.Find(catalogue_.before));
  return PublishKept(set, /*guarded=*/false);
}

absl::StatusOr<PublishResult> Publisher::SwitchOff(const std::string& rule) {
  base::MutexLock lock(mutex_);
  const std::shared_ptr<const RuleSet> live = live_->Load();
  const KnownSet* known = catalogue_.live();
  if (live == nullptr || known == nullptr) return absl::NotFoundError("no rule set is live yet");
  const auto found = std::find_if(live->rules.begin(), live->rules.end(),
                                  [&](const Rule& one) { return one.id == rule; });
  if (found == live->rules.end()) {
    std::vector<std::string> ids;
    for (const Rule& one : live->rules) ids.push_back(one.id);
    return absl::NotFoundError(absl::StrCat("the live set ", live->short_hash, " has no rule `",
                                            rule, "`", NameAdvice(rule, ids)));
  }
  if (found->switched_off || found->mode == Mode::kOff) {
    return absl::FailedPreconditionError(
        absl::StrCat("rule `", rule, "` is off already, ",
                     found->switched_off ? "switched off before" : "by its own `mode`"));
  }
  KnownSet without = *known;
  without.off.push_back({rule, found->text_digest});
  std::sort(without.off.begin(), without.off.end(),
            [](const OffRule& a, const OffRule& b) { return a.rule < b.rule; });
  without.hash = HashOf(without.files_hash, without.off);
  return PublishKept(without, /*guarded=*/false);
}

Publisher::Listing Publisher::List() const {
  base::MutexLock lock(mutex_);
  Listing listing{catalogue_.sets(), catalogue_.before};
  std::stable_partition(listing.sets.begin(), listing.sets.end(),
                        [](const KnownSet& one) { return one.state == SetState::kLive; });
  return listing;
}

}  // namespace verdict::ruleset
