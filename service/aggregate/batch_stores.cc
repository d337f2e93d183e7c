#include "aggregate/batch_stores.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "aggregate/upload_all.h"
#include "aggregate/whole_days.h"
#include "base/failpoint.h"
#include "base/status.h"
#include "model/business_day.h"

namespace verdict::aggregate {
namespace {

using State = Manifest::State;

std::string CutName(feature::CutId cut) {
  return cut == feature::kNoCut ? "no cut" : absl::StrCat("the cut of ", model::FormatDay(cut));
}

// Why these two manifests of a measure are not what a crash leaves; empty where they are.
const char* Disagreement(const Manifest& base, const Manifest& store) {
  const bool both = base.state != State::kNone && store.state != State::kNone;
  if (both && base.log_id != store.log_id) {
    return "they are of different logs; put the base back that belongs to the store, or give the "
           "store an empty database";
  }
  if (store.published > base.published) {
    return "the base is behind; put its newest copy back, or fill it from the store where that has "
           "lost nothing";
  }
  if (store.published < base.published) {
    const bool going_on = store.state == State::kAnnounced && base.state == State::kPublished &&
                          store.cut == base.published && store.offsets == base.published_offsets;
    return going_on
               ? ""
               : "the store has lost what was published; upload the base to it (`verdict aggregate "
                 "upload`), then fold";
  }
  const bool announced_apart = base.state == State::kAnnounced &&
                               store.state == State::kAnnounced &&
                               (base.cut != store.cut || base.offsets != store.offsets);
  if (announced_apart || base.published_offsets != store.published_offsets) {
    return "they name other offsets; one of them belongs to another deployment";
  }
  return "";
}

// Of two that have published the same: whether the base knows more. Else the store leads, since it
// is told first.
bool BaseIsFurther(const Manifest& base, const Manifest& store) {
  if (base.state != State::kAnnounced) return false;
  return store.state != State::kAnnounced || base.oldest_day > store.oldest_day;
}

// Of imports (DAY mode): the newest (b, rev) of one kind; nothing where there is none.
std::optional<std::pair<model::DayNumber, uint16_t>> NewestOf(
    const Manifest& manifest, std::optional<DayImport> DayManifest::*kind) {
  if (!manifest.day || !((*manifest.day).*kind)) return std::nullopt;
  const DayImport& import = *((*manifest.day).*kind);
  return std::pair(import.before, import.rev);
}

std::string DayName(const std::optional<std::pair<model::DayNumber, uint16_t>>& import) {
  if (!import) return "no import";
  return absl::StrCat("the import before ", model::FormatDay(import->first), ", rev ",
                      import->second);
}

// As Disagreement, of two of which one at least is of imports.
const char* DayDisagreement(const Manifest& base, const Manifest& store) {
  if (base.state != State::kNone || store.state != State::kNone) {
    return "one of them is folded, the other imported; they belong to different deployments";
  }
  const auto in_base = NewestOf(base, &DayManifest::published);
  const auto in_store = NewestOf(store, &DayManifest::published);
  if (in_store > in_base) {
    return "the base is behind; put its newest copy back, or fill it from the store where that has "
           "lost nothing";
  }
  const bool going_on = NewestOf(store, &DayManifest::announced) == in_base;
  if (in_store < in_base && !going_on) {
    return "the store has lost what was published; upload the base to it, then import";
  }
  return "";
}

}  // namespace

// Announced in the store first, published in the base first: as of folds.
absl::Status BatchStores::SettleDays(uint64_t measure_hash, const Manifest& in_base,
                                     const Manifest& in_store) {
  const auto base_published = NewestOf(in_base, &DayManifest::published);
  const auto store_published = NewestOf(in_store, &DayManifest::published);
  if (const char* why = DayDisagreement(in_base, in_store); *why != '\0') {
    return absl::FailedPreconditionError(absl::StrCat(
        "measure ", absl::Hex(measure_hash, absl::kZeroPad16), ": the base has published ",
        DayName(base_published), ", the store ", DayName(store_published), ": ", why));
  }
  if (store_published < base_published) return absl::OkStatus();  // the import goes on
  const bool base_is_further =
      NewestOf(in_base, &DayManifest::announced) > NewestOf(in_store, &DayManifest::announced);
  if (base_is_further) return store_->CompareAndSwapManifest(measure_hash, in_store, in_base);
  return base_->CompareAndSwapManifest(measure_hash, in_base, in_store);
}

absl::Status BatchStores::Settle(uint64_t measure_hash) {
  if (base_ == store_) return absl::OkStatus();
  ASSIGN_OR_RETURN(const Manifest in_base, base_->GetManifest(measure_hash));
  ASSIGN_OR_RETURN(const Manifest in_store, store_->GetManifest(measure_hash));
  if (in_base == in_store) return absl::OkStatus();
  if (in_base.day || in_store.day) return SettleDays(measure_hash, in_base, in_store);
  if (const char* why = Disagreement(in_base, in_store); *why != '\0') {
    return absl::FailedPreconditionError(absl::StrCat(
        "measure ", absl::Hex(measure_hash, absl::kZeroPad16), ": the base has published ",
        CutName(in_base.published), ", the store ", CutName(in_store.published), ": ", why));
  }
  if (in_store.published < in_base.published) return absl::OkStatus();
  if (BaseIsFurther(in_base, in_store)) {
    return store_->CompareAndSwapManifest(measure_hash, in_store, in_base);
  }
  return base_->CompareAndSwapManifest(measure_hash, in_base, in_store);
}

absl::Status BatchStores::KeepLonger(uint64_t measure_hash, int kept_days) {
  if (base_ == store_) return absl::OkStatus();
  ASSIGN_OR_RETURN(const Manifest in_store, store_->GetManifest(measure_hash));
  // An import does not say how long its values were to live.
  if (!in_store.day && !WasKeptShorter(in_store, kept_days)) return absl::OkStatus();
  return UploadAll(base_, store_, {&measure_hash, 1}, nullptr).status();
}

absl::Status BatchStores::Put(const std::vector<BlobWrite>& merged,
                              const std::vector<BlobWrite>& reached) {
  RETURN_IF_ERROR(base_->PutIfNewer(merged));
  if (base_ == store_) return absl::OkStatus();
  RETURN_IF_ERROR(base::Failpoint("fold.base_written"));
  RETURN_IF_ERROR(store_->PutIfNewer(merged));
  return store_->PutIfNewer(reached);
}

absl::Status BatchStores::Announce(uint64_t measure_hash, const Manifest& expected,
                                   const Manifest& next) {
  RETURN_IF_ERROR(store_->CompareAndSwapManifest(measure_hash, expected, next));
  if (base_ == store_) return absl::OkStatus();
  RETURN_IF_ERROR(base::Failpoint("fold.store_announced"));
  return PutBaseManifest(measure_hash, next);
}

// A base on disk syncs its blobs with its manifest: what the store calls PUBLISHED survives there.
absl::Status BatchStores::Publish(uint64_t measure_hash, const Manifest& expected,
                                  const Manifest& next) {
  if (base_ != store_) {
    ASSIGN_OR_RETURN(const Manifest stored, store_->GetManifest(measure_hash));
    if (!(stored == expected)) {
      return absl::AbortedError("the store's manifest has changed since the cut was announced");
    }
    RETURN_IF_ERROR(PutBaseManifest(measure_hash, next));
    RETURN_IF_ERROR(base::Failpoint("fold.base_published"));
  }
  return store_->CompareAndSwapManifest(measure_hash, expected, next);
}

absl::Status BatchStores::PutBaseManifest(uint64_t measure_hash, const Manifest& next) {
  ASSIGN_OR_RETURN(const Manifest stored, base_->GetManifest(measure_hash));
  if (stored == next) return absl::OkStatus();
  return base_->CompareAndSwapManifest(measure_hash, stored, next);
}

}  // namespace verdict::aggregate
