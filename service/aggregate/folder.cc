#include "aggregate/folder.h"

#include <algorithm>
#include <map>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "aggregate/fold_plan.h"
#include "aggregate/fold_state.h"
#include "aggregate/increments.h"
#include "base/failpoint.h"
#include "base/metrics.h"
#include "base/status.h"

namespace verdict::aggregate {
namespace {

using feature::CutId;
using feature::DayTile;

constexpr int kProofAttempts = 3;

// `stored` + `increment`, without the days that no window can reach from `cut` on; sets `trimmed`
// where there were such.
std::vector<DayTile> MergeTiles(const std::vector<DayTile>& stored,
                                const std::vector<DayTile>& increment, model::DayNumber oldest,
                                bool* trimmed) {
  std::vector<DayTile> merged;
  merged.reserve(stored.size() + increment.size());
  auto a = stored.begin();
  auto b = increment.begin();
  while (a != stored.end() || b != increment.end()) {
    DayTile next;
    if (b == increment.end() || (a != stored.end() && a->day < b->day)) {
      next = *a++;
    } else if (a == stored.end() || b->day < a->day) {
      next = *b++;
    } else {
      next = *a++;
      next.tile.Merge((b++)->tile);
    }
    if (next.day >= oldest) merged.push_back(next);
    *trimmed = *trimmed || next.day < oldest;
  }
  return merged;
}

// Two vectors are equal if no visible record lies between them (R16): an idle partition's cut was
// its end, and what came first behind it may have been aborted.
absl::StatusOr<bool> SameCut(eventlog::EventSource* source,
                             const std::vector<eventlog::Offset>& announced,
                             const std::vector<eventlog::Offset>& now) {
  constexpr eventlog::Offset kInvisibleMax = 4096;
  if (announced.size() > now.size()) return false;
  for (size_t p = 0; p < now.size(); ++p) {
    const eventlog::Offset from = p < announced.size() ? announced[p] : 0;
    if (now[p] < from || now[p] - from > kInvisibleMax) return false;
    for (eventlog::Offset offset = from; offset < now[p]; ++offset) {
      const auto record = source->Identity(static_cast<eventlog::Partition>(p), offset);
      if (record.ok()) return false;
      if (!absl::IsNotFound(record.status())) return record.status();
    }
  }
  return true;
}

base::Counter MismatchCounter() {
  return base::Metrics().AddCounter("verdict_agg_proof_mismatch_total",
                                    "Blobs that do not read back as they were folded.",
                                    {{"stage", "readback"}});
}

}  // namespace

Folder::Folder(FolderParts parts, const FolderOptions& options)
    : parts_(std::move(parts)), options_(options), stores_(parts_.base, parts_.store) {
  MismatchCounter();
}
Folder::~Folder() = default;

model::DayNumber Folder::OldestDay(const MeasurePlan& measure) const {
  return measure.to - parts_.features->kept_days();
}

FoldProgress Folder::progress() const {
  return fold_ == nullptr ? FoldProgress() : fold_->progress;
}

absl::StatusOr<bool> Folder::Step() {
  if (fold_ == nullptr) {
    RETURN_IF_ERROR(Settle());
    RETURN_IF_ERROR(Begin());
    return fold_ != nullptr;
  }
  absl::Status status;
  switch (fold_->progress.phase) {
    case FoldProgress::Phase::kIdle:
      return false;
    case FoldProgress::Phase::kRead:
      status = Read();
      break;
    case FoldProgress::Phase::kUpload:
      status = Upload();
      break;
    case FoldProgress::Phase::kScan:
      status = ScanAll();
      break;
    case FoldProgress::Phase::kProve:
      status = Prove();
      break;
    case FoldProgress::Phase::kPublish:
      status = Publish();
      break;
  }
  if (status.ok()) return true;
  // What cannot be healed must not keep later cuts from being folded.
  const bool hopeless =
      absl::IsDataLoss(status) && fold_ != nullptr && fold_->plan.measures.front().heal;
  if (hopeless) RETURN_IF_ERROR(WithdrawHeal());
  fold_.reset();
  return status;
}

absl::Status Folder::Run(const std::function<void(const FoldProgress&)>& report) {
  while (true) {
    ASSIGN_OR_RETURN(const bool more, Step());
    if (!more) return absl::OkStatus();
    if (report != nullptr) report(progress());
  }
}

absl::Status Folder::Settle() {
  for (const feature::Measure& measure : parts_.features->measures()) {
    RETURN_IF_ERROR(stores_.Settle(measure.hash));
    if (!kept_) RETURN_IF_ERROR(stores_.KeepLonger(measure.hash, parts_.features->kept_days()));
  }
  kept_ = true;
  return absl::OkStatus();
}

// Announces each measure's cut, so that of two runs one wins, and assigns the log.
absl::Status Folder::Begin() {
  ASSIGN_OR_RETURN(std::optional<FoldPlan> plan, MakePlan(parts_, options_));
  if (!plan) return absl::OkStatus();
  auto fold = std::make_unique<Fold>();
  fold->plan = *std::move(plan);
  fold->by_measure.resize(parts_.features->measures().size());
  fold->resumed.resize(parts_.features->measures().size());
  std::map<CutId, std::vector<eventlog::Offset>> offsets_of_cut;  // a log may answer slowly
  for (const PartitionPlan& partition : fold->plan.partitions) {
    offsets_of_cut[fold->plan.newest].push_back(partition.end);
  }
  for (MeasurePlan& measure : fold->plan.measures) {
    fold->by_measure[measure.measure] = &measure;
    std::vector<eventlog::Offset> offsets = offsets_of_cut[measure.to];
    if (offsets.empty()) {
      ASSIGN_OR_RETURN(offsets, CutOffsets(parts_, measure.to));
      offsets_of_cut[measure.to] = offsets;
    }
    if (measure.manifest.state != Manifest::State::kAnnounced) {
      Manifest announced = measure.manifest;
      announced.state = Manifest::State::kAnnounced;
      announced.cut = measure.to;
      announced.rev = 0;
      announced.cut_time_ms = parts_.schedule->CutTimeMs(measure.to);
      announced.offsets = offsets;
      announced.log_id = parts_.log_id;
      announced.oldest_day = std::max(announced.oldest_day, measure.whole_from);
      RETURN_IF_ERROR(stores_.Announce(measure.hash, measure.manifest, announced));
      measure.manifest = announced;
    } else if (measure.overtaken) {
      offsets = measure.manifest.offsets;  // the log cannot give them any more
      fold->resumed[measure.measure] = true;
    } else if (!measure.heal) {
      ASSIGN_OR_RETURN(const bool same, SameCut(parts_.source, measure.manifest.offsets, offsets));
      if (!same) {
        return absl::DataLossError(absl::StrCat(
            "cut ", measure.to, " was announced at other offsets than the log gives now"));
      }
    }
    if (measure.heal) RETURN_IF_ERROR(AskProofs(measure, &fold->recount));
    fold->offsets.push_back(measure.heal ? measure.manifest.published_offsets : std::move(offsets));
  }
  for (size_t p = 0; p < fold->plan.partitions.size(); ++p) {
    const PartitionPlan& partition = fold->plan.partitions[p];
    RETURN_IF_ERROR(
        parts_.source->Assign(static_cast<eventlog::Partition>(p), partition.read_from));
    fold->next.push_back(partition.read_from);
    fold->dedup.emplace_back(options_.dedup_ids_per_partition);
    fold->progress.total += static_cast<uint64_t>(partition.end - partition.read_from);
  }
  fold->progress.phase = FoldProgress::Phase::kRead;
  fold->progress.cut = fold->plan.newest;
  fold_ = std::move(fold);
  return absl::OkStatus();
}

// One batch of records; the same verdicts as the live side gives (R12).
absl::Status Folder::Read() {
  Fold& fold = *fold_;
  bool done = true;
  for (size_t p = 0; p < fold.next.size(); ++p) {
    done = done && fold.next[p] >= fold.plan.partitions[p].end;
  }
  if (done) {
    fold.increments.Sort();
    fold.recount.Finish();
    fold.unproved.assign(fold.increments.size(), false);
    fold.progress = {FoldProgress::Phase::kUpload, fold.plan.newest, 0, fold.increments.size()};
    return base::Failpoint("fold.before_upload");
  }
  ASSIGN_OR_RETURN(const size_t count, parts_.source->Poll(&fold.records, options_.records_per_step,
                                                           std::chrono::milliseconds(0)));
  if (count == 0) {
    // What stands between here and the ends is visible to no reader: aborted, or control records.
    for (size_t p = 0; p < fold.next.size(); ++p) fold.next[p] = fold.plan.partitions[p].end;
    return absl::OkStatus();
  }
  for (size_t i = 0; i < count; ++i) {
    const eventlog::LogRecord& record = fold.records[i];
    const PartitionPlan& partition = fold.plan.partitions[record.partition];
    if (record.offset >= partition.end) continue;
    fold.next[record.partition] = record.offset + 1;
    ++fold.progress.done;
    if (!record.unreadable.empty() || record.left_out) continue;
    const model::Event& event = record.event;
    const model::EntityKey id =
        parts_.hasher->EventId(event.txn.id, static_cast<uint8_t>(event.kind), event.sequence);
    if (fold.dedup[record.partition].SeenOrInsert(id, record.record_time_ms)) continue;
    if (record.offset < partition.count_from) continue;
    if (eventlog::IsQuarantined(event.txn.event_time_ms, record.record_time_ms,
                                parts_.features->options(), parts_.features->calendar())) {
      continue;
    }
    parts_.features->FillRecord(event.txn, &fold.record);
    parts_.features->EntityKeys(fold.record, *parts_.hasher, &fold.entities);
    fold.contributions.clear();
    parts_.features->Contributions(event, fold.record, fold.entities, fold.arena.get(),
                                   &fold.contributions);
    const CutId epoch = parts_.schedule->EpochOf(record.record_time_ms, &fold.cut_of_day);
    for (const feature::Contribution& contribution : fold.contributions) {
      MeasurePlan* measure = fold.by_measure[contribution.measure];
      if (measure == nullptr || epoch < measure->from || epoch >= measure->to) continue;
      if (measure->heal) fold.recount.Add(contribution, epoch);
      // Years of history at once: what no window can reach any more is not gathered.
      if (contribution.day < OldestDay(*measure)) {
        measure->trimmed = true;
        continue;
      }
      if (measure->heal && contribution.day < measure->whole_from) continue;  // it stays as it is
      fold.increments.Add(contribution);
    }
  }
  return ParkFinished();
}

// A partition that was read up to its cut is read no further.
absl::Status Folder::ParkFinished() {
  for (size_t p = 0; p < fold_->next.size(); ++p) {
    if (fold_->next[p] < fold_->plan.partitions[p].end) continue;
    RETURN_IF_ERROR(parts_.source->Assign(static_cast<eventlog::Partition>(p), eventlog::kParked));
  }
  return absl::OkStatus();
}

// Writes the next keys. A key whose blob has reached the cut already is not added to: an earlier
// run wrote it, though perhaps to the base alone.
absl::Status Folder::Upload() {
  Fold& fold = *fold_;
  const size_t end = std::min(fold.increments.size(), fold.keys_done + options_.keys_per_step);
  std::vector<BlobKey> keys;
  keys.reserve(end - fold.keys_done);
  for (size_t i = fold.keys_done; i < end; ++i)
    keys.push_back(fold.KeyOf(fold.increments.KeyAt(i)));
  ASSIGN_OR_RETURN(std::vector<BlobResult> stored, stores_.base()->GetNow(keys));
  std::vector<BlobWrite> writes, reached;
  writes.reserve(keys.size());
  for (size_t i = 0; i < keys.size(); ++i) {
    const Increments::Key key = fold.increments.KeyAt(fold.keys_done + i);
    MeasurePlan& measure = *fold.by_measure[key.measure];
    std::vector<DayTile> increment = fold.increments.TilesAt(fold.keys_done + i);
    const bool complete = measure.heal && measure.whole_from <= OldestDay(measure);
    if (stored[i].state == BlobResult::State::kFailed && !complete) {
      return absl::UnavailableError("the base did not give a blob that must be added to");
    }
    const bool found = stored[i].state == BlobResult::State::kFound;
    if (found && fold.Written(stored[i].blob, measure)) {
      if (measure.overtaken && fold.attempts == 1) fold.unproved[fold.keys_done + i] = true;
      reached.push_back({keys[i], std::move(stored[i].blob)});
      continue;
    }
    if (measure.heal) {
      ASSIGN_OR_RETURN(BlobWrite healed, Healed(keys[i], stored[i], increment, &measure));
      writes.push_back(std::move(healed));
      continue;
    }
    if (found && measure.from != feature::kNoCut && stored[i].blob.cut > measure.from) {
      return absl::DataLossError("a blob has reached a cut that was never published");
    }
    BlobWrite write{keys[i], {}};
    write.blob.measure_hash = measure.hash;
    write.blob.cut = measure.to;
    write.blob.rev = measure.manifest.rev;
    write.blob.tiles = MergeTiles(found ? stored[i].blob.tiles : std::vector<DayTile>(), increment,
                                  OldestDay(measure), &measure.trimmed);
    write.blob.increment = std::move(increment);
    write.blob.previous = found ? stored[i].blob.cut : feature::kNoCut;
    writes.push_back(std::move(write));
  }
  RETURN_IF_ERROR(NoteTrimmed());
  RETURN_IF_ERROR(NoteChanged());
  const bool heal = fold.plan.measures.front().heal;
  RETURN_IF_ERROR(heal ? stores_.Replace(writes, reached) : stores_.Put(writes, reached));
  fold.keys_done = end;
  fold.progress.done = end;
  if (end < fold.increments.size()) return base::Failpoint("fold.mid_upload");
  fold.BeginProof(*parts_.features);
  ASSIGN_OR_RETURN(fold.incarnation, parts_.store->Incarnation());
  fold.progress = {heal ? FoldProgress::Phase::kScan : FoldProgress::Phase::kProve,
                   fold.plan.newest, 0, fold.increments.size()};
  return absl::OkStatus();
}

absl::Status Folder::NoteTrimmed() {
  for (MeasurePlan& measure : fold_->plan.measures) {
    const model::DayNumber oldest = std::max(measure.trimmed ? OldestDay(measure) : kNothingTrimmed,
                                             measure.heal ? kNothingTrimmed : measure.whole_from);
    if (measure.manifest.oldest_day >= oldest) continue;
    Manifest noted = measure.manifest;
    noted.oldest_day = oldest;
    RETURN_IF_ERROR(stores_.Announce(measure.hash, measure.manifest, noted));
    measure.manifest = noted;
  }
  return absl::OkStatus();
}

// Reads the next keys back: the digest of the stored increments must be the digest of the fold.
absl::Status Folder::Prove() {
  Fold& fold = *fold_;
  const size_t end = std::min(fold.increments.size(), fold.keys_done + options_.keys_per_step);
  std::vector<BlobKey> keys;
  for (size_t i = fold.keys_done; i < end; ++i)
    keys.push_back(fold.KeyOf(fold.increments.KeyAt(i)));
  ASSIGN_OR_RETURN(const std::vector<BlobResult> stored, parts_.store->GetNow(keys));
  for (size_t i = 0; i < keys.size(); ++i) {
    const Increments::Key key = fold.increments.KeyAt(fold.keys_done + i);
    const bool unproved = fold.unproved[fold.keys_done + i];
    fold.increments.TilesAt(fold.keys_done + i, &fold.tiles);
    base::Hash128 folded;
    for (const DayTile& day : fold.tiles) {
      folded = feature::AddDigests(folded, fold.Sum(keys[i], key.measure, day));
    }
    if (!unproved) fold.folded = feature::AddDigests(fold.folded, folded);
    ++fold.keys[key.measure];
    if (stored[i].state == BlobResult::State::kFailed) {
      return absl::UnavailableError("the store did not give a blob back to be proved");
    }
    const MeasurePlan& measure = *fold.by_measure[key.measure];
    const bool reached =
        stored[i].state == BlobResult::State::kFound && fold.Written(stored[i].blob, measure);
    if (!reached) {
      fold.rewrite = true;
      continue;
    }
    if (!unproved) {
      // What is equal has the same digest.
      const bool same = !measure.heal && stored[i].blob.increment == fold.tiles;
      fold.read_back = feature::AddDigests(
          fold.read_back,
          same ? folded : TileDigest(keys[i], fold.Proving(stored[i].blob, measure)));
    }
    if (!measure.heal) fold.written[key.measure].AddWritten(stored[i].blob);
  }
  fold.keys_done = end;
  fold.progress.done = end;
  if (end < fold.increments.size()) return absl::OkStatus();
  // What was read back before a fail-over may be gone since.
  ASSIGN_OR_RETURN(const std::string incarnation, parts_.store->Incarnation());
  const bool failed_over = incarnation != fold.incarnation;
  if ((fold.rewrite || failed_over) && fold.attempts++ < kProofAttempts) {
    if (fold.rewrite) MismatchCounter().Add();
    fold.keys_done = 0;
    fold.progress = {FoldProgress::Phase::kUpload, fold.plan.newest, 0, fold.increments.size()};
    return absl::OkStatus();
  }
  if (failed_over) {
    return absl::UnavailableError("the store failed over each time its values were read back");
  }
  if (!(fold.folded == fold.read_back)) {
    MismatchCounter().Add();
    return absl::DataLossError(
        absl::StrCat("cut ", fold.plan.newest, " does not read back as it was folded"));
  }
  fold.progress = {FoldProgress::Phase::kPublish, fold.plan.newest, 0, fold.plan.measures.size()};
  return base::Failpoint("fold.before_publish");
}

}  // namespace verdict::aggregate
