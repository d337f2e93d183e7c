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

void Publisher::SetChecks(Fits fits, Guard guard, Prepare prepare) {
  base::MutexLock lock(mutex_);
  fits_ = std::move(fits);
  guard_ = std::move(guard);
  prepare_ = std::move(prepare);
}

LoadResult Publisher::LoadKept(const KnownSet& set) const {
  return LoadRuleSet(
      catalogue_.FilesOf(set),
      LoadOptions{.deployment = options_.deployment, .off = set.off, .like = live_->Load()});
}

void Publisher::ServeLast() {
  std::vector<KnownSet> wanted;
  if (const auto next = catalogue_.Find(catalogue_.next_start); next.ok()) wanted.push_back(*next);
  if (const KnownSet* last = catalogue_.live()) wanted.push_back(*last);
  for (const KnownSet& one : wanted) {
    const LoadResult loaded = LoadKept(one);
    if (loaded.set == nullptr || loaded.set->hash != one.hash) continue;
    live_->Publish(loaded.set);
    const bool is_next = one.hash == catalogue_.next_start;
    catalogue_.next_start.clear();
    // Where it cannot be noted, the next start does the same again.
    if (is_next) (void)Keep(loaded, /*from_folder=*/false, SetState::kLive, "").ok();
    return;
  }
}

PublishResult Publisher::AsBefore(const std::string& files_hash) const {
  PublishResult result;
  result.kind = Kind::kLiveAlready;
  for (const KnownSet& one : catalogue_.sets()) {
    if (one.files_hash != files_hash) continue;
    result.hash = one.hash;
    result.rules = static_cast<int>(one.rules);
    if (one.state == SetState::kWaiting) result.kind = Kind::kWaiting;
    if (one.state == SetState::kRefused) {
      result.kind = Kind::kGuarded;
      result.why = one.why;
    }
    break;
  }
  return result;
}

PublishResult Publisher::LoadFolder() {
  base::MutexLock lock(mutex_);
  const absl::StatusOr<std::string> incoming = catalogue_.MakeIncoming();
  if (!incoming.ok()) {
    if (live_->Load() == nullptr) ServeLast();
    PublishResult result;
    result.kind = Kind::kNotKept;
    result.why = std::string(incoming.status().message());
    return result;
  }
  LoadOptions options{
      .deployment = options_.deployment, .copy_to = *incoming, .like = live_->Load()};
  if (catalogue_.live() != nullptr) options.off = catalogue_.live()->off;
  LoadResult loaded = LoadRuleSet(options_.folder, options);
  const bool as_before = loaded.set != nullptr && loaded.files_hash == catalogue_.folder_seen;
  bool waits = options_.manual;
  if (live_->Load() == nullptr) {
    const bool last_serves = as_before || loaded.set == nullptr || waits;
    if (last_serves || !catalogue_.next_start.empty()) ServeLast();
    waits = waits && live_->Load() != nullptr;  // somebody must be the first
  }
  if (as_before && live_->Load() != nullptr) return AsBefore(loaded.files_hash);
  return Offer(std::move(loaded), {.from_folder = true, .waits = waits, .guarded = true});
}

PublishResult Publisher::Offer(LoadResult loaded, Way way) {
  PublishResult result;
  result.diagnostics = std::move(loaded.diagnostics);
  result.rules = loaded.rules;
  result.running_again = loaded.changed;
  const auto ended = [&result](Kind kind, std::string why) {
    result.kind = kind;
    result.why = std::move(why);
    return result;
  };
  if (loaded.set == nullptr) return ended(Kind::kInvalid, "");
  result.hash = loaded.set->hash;
  const std::shared_ptr<const RuleSet> old = live_->Load();
  if (old != nullptr && old->hash == result.hash) {
    if (way.from_folder) catalogue_.folder_seen = loaded.files_hash;
    const absl::Status saved = catalogue_.Save();
    return saved.ok() ? ended(Kind::kLiveAlready, "")
                      : ended(Kind::kNotKept, std::string(saved.message()));
  }
  if (!way.waits && fits_ != nullptr) {
    if (const absl::Status fit = fits_(*loaded.set); !fit.ok()) {
      // A restart takes what stands in the folder, or what was asked for.
      absl::Status noted;
      if (way.from_folder) {
        catalogue_.folder_seen.clear();
        noted = catalogue_.Save();
      } else {
        catalogue_.next_start = result.hash;
        noted = Keep(loaded, /*from_folder=*/false, SetState::kWaiting, "at the next start");
      }
      return noted.ok() ? ended(Kind::kUnfit, absl::StrCat(fit.message(), "; it goes live then"))
                        : ended(Kind::kNotKept, std::string(noted.message()));
    }
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
  const absl::Status kept = Keep(loaded, way.from_folder, state, why);
  if (!kept.ok() && !way.in_need) return ended(Kind::kNotKept, std::string(kept.message()));
  if (state == SetState::kWaiting) return ended(Kind::kWaiting, "");
  if (state == SetState::kRefused) return ended(Kind::kGuarded, why);
  if (prepare_ != nullptr) prepare_(loaded.set);
  live_->Publish(loaded.set);
  return ended(Kind::kPublished,
               kept.ok() ? "" : absl::StrCat("a restart does not know of it: ", kept.message()));
}

// Before it goes live. Where that fails, all is as it was.
absl::Status Publisher::Keep(const LoadResult& loaded, bool from_folder, SetState state,
                             const std::string& why) {
  const Catalogue before = catalogue_;
  absl::Status kept = from_folder ? catalogue_.Keep(loaded.files_hash) : absl::OkStatus();
  if (kept.ok()) {
    if (from_folder) catalogue_.folder_seen = loaded.files_hash;
    if (state == SetState::kLive) catalogue_.next_start.clear();
    catalogue_.Put({.hash = loaded.set->hash,
                    .files_hash = loaded.files_hash,
                    .off = loaded.off,
                    .state = state,
                    .time_ms = absl::ToUnixMillis(absl::Now()),
                    .rules = loaded.rules,
                    .why = why});
    kept = catalogue_.Save();
  }
  if (!kept.ok()) catalogue_ = before;
  return kept;
}

absl::StatusOr<PublishResult> Publisher::PublishKept(const KnownSet& set, bool in_need,
                                                     bool guarded) {
  LoadResult loaded = LoadKept(set);
  if (loaded.set == nullptr) {
    return absl::DataLossError(absl::StrCat(
        "set ", Short(set.hash), " cannot be loaded from the archive: ", FirstError(loaded)));
  }
  if (loaded.files_hash != set.files_hash) {
    return absl::DataLossError(absl::StrCat(
        "the files of set ", Short(set.hash), " in the archive were changed; put them back (",
        catalogue_.FilesOf(set), "), or load them as a new set from the folder of rules"));
  }
  return Offer(std::move(loaded), {.in_need = in_need, .guarded = guarded});
}

absl::StatusOr<PublishResult> Publisher::Activate(std::string_view hash, bool forced) {
  base::MutexLock lock(mutex_);
  ASSIGN_OR_RETURN(KnownSet set, catalogue_.Find(hash));
  const KnownSet* live = catalogue_.live();
  const std::vector<OffRule> off = live == nullptr ? std::vector<OffRule>() : live->off;
  for (const OffRule& one : off) {
    const bool has = std::any_of(set.off.begin(), set.off.end(),
                                 [&](const OffRule& other) { return other.rule == one.rule; });
    if (!has) set.off.push_back(one);
  }
  return PublishKept(set, /*in_need=*/false, !forced);
}

absl::StatusOr<PublishResult> Publisher::Rollback(const std::string& live) {
  base::MutexLock lock(mutex_);
  const KnownSet* known = catalogue_.live();
  if (known == nullptr || catalogue_.before.empty()) {
    return absl::NotFoundError("no set was live before this one");
  }
  if (!known->hash.starts_with(live)) {
    return absl::FailedPreconditionError(
        absl::StrCat("set ", Short(known->hash), " is live, not ", Short(live),
                     ": somebody else has changed it; look at `verdict rules list` again"));
  }
  ASSIGN_OR_RETURN(const KnownSet set, catalogue_.Find(catalogue_.before));
  return PublishKept(set, /*in_need=*/true, /*guarded=*/false);
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
  return PublishKept(without, /*in_need=*/true, /*guarded=*/false);
}

Publisher::Listing Publisher::List() const {
  base::MutexLock lock(mutex_);
  Listing listing{catalogue_.sets(), catalogue_.before};
  std::stable_partition(listing.sets.begin(), listing.sets.end(),
                        [](const KnownSet& one) { return one.state == SetState::kLive; });
  return listing;
}

}  // namespace verdict::ruleset
