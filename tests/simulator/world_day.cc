// Imported measures of the simulated world (DAY mode): lakes that are late, wrong, corrected or
// careless, imports that break off, and what answers over them must be.
#include <algorithm>

#include "absl/strings/str_format.h"
#include "aggregate/fold_plan.h"
#include "simulator/world.h"

namespace verdict::simulator {
namespace {

constexpr int64_t kHourMs = 3'600'000;
constexpr int64_t kAbsentAfterMs = 2 * kHourMs;  // DayWatch::Options
const absl::CivilDay kEpochDay(1970, 1, 1);

model::DayNumber NumberOf(absl::CivilDay day) {
  return static_cast<model::DayNumber>(day - kEpochDay);
}

void MergeTotals(const Total& from, Total* into) {
  into->sum += from.sum;
  into->count += from.count;
  if (from.min) into->min = std::min(into->min.value_or(INT64_MAX), *from.min);
  if (from.max) into->max = std::max(into->max.value_or(INT64_MIN), *from.max);
}

}  // namespace

// Some measures of some worlds. Extreme amounts do not fit into a lake's columns.
void SimWorld::ChooseImported() {
  if (extreme_ || !Chance(40)) return;
  const feature::FeatureSet& features = *disks_->set->features;
  for (uint16_t m = 0; m < features.measures().size(); ++m) {
    if (!aggregate::CheckImportable(features.measures()[m]).ok() || !Chance(40)) continue;
    ImportedMeasure& imported = imported_[m];
    imported.hash = features.measures()[m].hash;
    imported.late_days = static_cast<int>(Random(4));
    Note(absl::StrFormat("measure %d is imported, late %dd", m, imported.late_days));
  }
}

Question SimWorld::QuestionOf(const feature::Feature& feature) const {
  const bool of_merchant = feature.full_name.rfind("merchant", 0) == 0;
  Question q;
  q.entity_field = of_merchant ? "merchant" : "card";
  q.of_amount =
      feature.name.rfind("count", 0) != 0 && feature.name.find("seen") == std::string::npos;
  q.approved_only = of_merchant && q.of_amount;
  q.window_days = feature.window_days;
  if (feature.slides()) return q;
  const auto imported = imported_.find(feature.measure);
  if (imported != imported_.end() && imported->second.announced) {
    q.late_days = imported->second.late_days;
    q.imported_since_ms = imported->second.since_ms;
  }
  return q;
}

Question SimWorld::QuestionOf(uint16_t measure) const {
  for (const feature::Feature& feature : disks_->set->features->features()) {
    if (!feature.slides() && feature.measure == measure) return QuestionOf(feature);
  }
  return {};
}

// What the lake holds of the days before b: all that counts; a careless one also what came too
// late.
SimWorld::Lake SimWorld::ReadLake(uint16_t measure, model::DayNumber before, bool careless) {
  Question q = QuestionOf(measure);
  Lake lake;
  const std::vector<int64_t> all(kPartitions, INT64_MAX);
  for (const auto& [entry, entry_class] : oracle_->Classify(all)) {
    const model::DayNumber day = NumberOf(oracle_->DayOf(entry->fact.time_ms));
    const bool orphan = oracle_->IsOrphan(entry->fact.time_ms, entry->record_ms, q);
    if (entry_class != Class::kCounted || day >= before) continue;
    if (orphan && !careless) continue;
    if (orphan) tally_->Hit(kOrphanInLake);
    q.entity = q.entity_field == "merchant" ? entry->fact.merchant : entry->fact.card;
    q.window_days = 1;
    q.time_ms = entry->fact.time_ms;
    if (!q.entity.empty()) oracle_->Add(entry->fact, q, &lake[q.entity][day]);
  }
  return lake;
}

// Somebody else's mistakes: a key that is missing, one too many, a sum that is none.
void SimWorld::SpoilLake(model::DayNumber before, Lake* lake) {
  const auto names = [&] {
    std::vector<std::string> all;
    for (const auto& [name, days] : *lake) all.push_back(name);
    return all;
  }();
  switch (Random(3)) {
    case 0:
      if (!names.empty()) lake->erase(names[Random(names.size())]);
      break;
    case 1:
      (*lake)[Chance(50) ? "hot" : "c1"][before - 1 - static_cast<int>(Random(3))].count += 3;
      break;
    default:
      for (auto& [name, days] : *lake) {
        for (auto& [day, total] : days) total.sum += 10;
      }
  }
}

aggregate::ImportedDays SimWorld::RowsOf(uint16_t measure, const Lake& lake, model::DayNumber from,
                                         model::DayNumber before) const {
  const feature::Measure& of = disks_->set->features->measures()[measure];
  const std::string& type = disks_->set->features->entities()[of.entity].name;
  std::vector<aggregate::ImportedDay> rows;
  for (const auto& [name, days] : lake) {
    for (const auto& [day, total] : days) {
      if (day < from || day >= before) continue;
      aggregate::ImportedDay row;
      row.entity = disks_->hasher.Entity(type, name);
      row.day = day;
      row.count = total.count;
      if (of.of_slot) row.sum = static_cast<int64_t>(total.sum);
      const bool extremes = of.state == feature::MeasureState::kExtremes;
      if (extremes && total.min) row.min = *total.min;
      if (extremes && total.max) row.max = *total.max;
      if (row.tile() != feature::Tile()) rows.push_back(row);
    }
  }
  return aggregate::ImportedDays(std::move(rows));
}

bool SimWorld::AllAnnounced() const {
  return std::all_of(imported_.begin(), imported_.end(),
                     [](const auto& one) { return one.second.announced; });
}

// Begins an import of some measure, or takes some steps of the one that is under way.
void SimWorld::ImportSome() {
  auto chosen = imported_.begin();
  std::advance(chosen, Random(imported_.size()));
  auto& [measure, imported] = *chosen;
  if (imported.run == nullptr && !BeginImport(measure, &imported)) return;
  for (int steps = 1 + static_cast<int>(Random(5)); steps > 0 && failure_.empty(); --steps) {
    if (!StepImport(&imported)) return;
  }
}

bool SimWorld::BeginImport(uint16_t measure, ImportedMeasure* imported) {
  const feature::FeatureSet& features = *disks_->set->features;
  const aggregate::DayImportOptions import_options{.keys_per_step = 1};
  const int64_t now_ms = disks_->clock.NowMs() - import_options.grace_ms;
  model::DayNumber before = aggregate::FirstOpenDay(disks_->schedule, now_ms, imported->late_days);
  if (Faults(40)) before -= static_cast<int>(Random(4));
  if (!imported->versions.empty()) {
    const model::DayNumber newest = imported->versions.rbegin()->first.first;
    if (before < newest) before = newest;
    const int64_t open_ms = disks_->schedule.CutTimeMs(before + imported->late_days);
    if (now_ms < open_ms) return false;  // the clock of the world does not go back: cannot be
    if (now_ms - open_ms > 24 * kHourMs) tally_->Hit(kImportLate);
  }
  auto run = std::make_unique<ImportRun>();
  const bool careless = Faults(10);
  run->lake = ReadLake(measure, before, careless);
  run->spoilt = Faults(25);
  if (run->spoilt) SpoilLake(before, &run->lake);
  run->spoilt = run->spoilt || careless;
  const bool spoilt_before = imported->spoilt;
  if (spoilt_before) tally_->Hit(kImportCorrected);
  run->from = aggregate::OldestImportedDay(features, before);
  // Only the newest days, where all before are there.
  if (imported->published && !imported->begun && !spoilt_before && Chance(40)) {
    run->from = std::max(run->from, imported->published->first - static_cast<int>(Random(3)));
    run->from = std::min(run->from, before - 1);
  }
  run->request = {
      .measure = measure, .before = before, .from = run->from, .late_days = imported->late_days};
  run->days = RowsOf(measure, run->lake, run->from, before);
  run->importer.emplace(aggregate::DayImportParts{.store = &disks_->blobs,
                                                  .features = &features,
                                                  .schedule = &disks_->schedule,
                                                  .clock = &disks_->clock},
                        run->request, &*run->days, import_options);
  imported->run = std::move(run);
  Note(absl::StrFormat("import measure %d: [%s, %s), %d rows", measure,
                       model::FormatDay(imported->run->from), model::FormatDay(before),
                       imported->run->days->rows()));
  return true;
}

// False: done, or broken off.
bool SimWorld::StepImport(ImportedMeasure* imported) {
  using Phase = aggregate::DayImportProgress::Phase;
  ImportRun& run = *imported->run;
  if (Faults(8)) BreakImport(imported);
  if (imported->run == nullptr) return false;
  const Phase before = run.importer->progress().phase;
  const uint64_t stored = disks_->blobs.stored();
  const absl::StatusOr<bool> more = run.importer->Step();
  const Phase phase = run.importer->progress().phase;
  Note(absl::StrFormat("import step %d -> %d %s", static_cast<int>(before), static_cast<int>(phase),
                       more.ok() ? "" : more.status().ToString()));
  LookAtImports();
  if (!more.ok() && gentle_) {
    Fail("import: " + more.status().ToString());
    return false;
  }
  disks_->blobs.Heal();
  if (before == Phase::kBegin && more.ok()) NoteBegun(imported);
  if (imported->run == nullptr) return false;
  if (disks_->blobs.stored() != stored) {
    tally_->Hit(kFlipAtEachImport);
    Explain();
  }
  if (!more.ok()) {
    imported->run.reset();  // its process has died
    return false;
  }
  if (*more) return true;
  imported->run.reset();
  return false;
}

// What an answer of this (b, rev) is made of from now on.
void SimWorld::NoteBegun(ImportedMeasure* imported) {
  const aggregate::Manifest manifest = disks_->blobs.GetManifest(imported->hash).value();
  if (!manifest.day) return Fail("an import announced nothing");
  ImportRun& run = *imported->run;
  if (run.importer->progress().phase == aggregate::DayImportProgress::Phase::kDone) {
    tally_->Hit(kImportRepeated);
    imported->run.reset();
    return;
  }
  Lake whole;
  if (imported->published) {
    whole = imported->versions.at(*imported->published);
    for (auto& [name, days] : whole) {
      std::erase_if(days, [&](const auto& one) { return one.first >= run.from; });
    }
  }
  for (const auto& [name, days] : run.lake) {
    for (const auto& [day, total] : days) {
      if (day >= run.from && day < run.request.before) whole[name][day] = total;
    }
  }
  imported->begun = {run.request.before, run.importer->import().rev};
  imported->versions[*imported->begun] = std::move(whole);
  imported->spoilt = run.spoilt;
}

void SimWorld::BreakImport(ImportedMeasure* imported) {
  tally_->Hit(kImportBroken);
  switch (Random(4)) {
    case 0:
      disks_->blobs.FailPutsAfter(0);
      return Note("puts of the import will fail");
    case 1:
      disks_->blobs.LoseNextAcknowledgement();
      return Note("an acknowledgement of the import will be lost");
    case 2:
      disks_->blobs.LoseNextSwapAcknowledgement();
      return Note("a swap's acknowledgement will be lost");
    default:
      break;
  }
  Note("the import dies");
  imported->run.reset();
}

// As verdictd does every few seconds, and at its start before all else.
void SimWorld::LookAtImports(bool nothing_read) {
  if (nothing_read) {
    process_->imports.emplace(&disks_->blobs, &process_->live, nullptr);
    const absl::Status begun = process_->imports->Begin();
    if (!begun.ok()) return Fail("imports: " + begun.ToString());
  }
  for (auto& [measure, imported] : imported_) {
    const aggregate::Manifest manifest = disks_->blobs.GetManifest(imported.hash).value();
    if (!nothing_read) process_->imports->See(imported.hash, manifest);
    if (!manifest.day) continue;
    imported.announced = true;  // also where the import itself was never told that it is
    imported.since_ms = manifest.day->since_ms;
    if (!manifest.day->published) continue;
    const Version published = {manifest.day->published->before, manifest.day->published->rev};
    if (imported.published == published) continue;
    imported.published = published;
    imported.begun.reset();
    imported.seen.push_back({published, disks_->clock.NowMs()});
  }
}

void SimWorld::BeginToLook() {
  for (auto& [measure, imported] : imported_) {
    imported.run.reset();
    imported.seen.clear();
    if (imported.published) imported.seen.push_back({*imported.published, INT64_MIN});
  }
  LookAtImports(/*nothing_read=*/true);
}

// The newest import that nobody can be without any more: no older answer of the store is
// remembered.
std::optional<SimWorld::Version> SimWorld::KnownToAll(const ImportedMeasure& imported) const {
  std::optional<Version> newest;
  for (const auto& [version, seen_ms] : imported.seen) {
    const bool known = seen_ms == INT64_MIN || disks_->clock.NowMs() - seen_ms >= kAbsentAfterMs;
    if (known && (!newest || version > *newest)) newest = version;
  }
  return newest;
}

// The oracle's total of an imported measure: the lake's days before b, the log's from b on.
Total SimWorld::ImportedTotal(const decide::FeatureAnswer& answer, Question q,
                              const std::vector<int64_t>& next, const std::vector<Fact>& also) {
  const ImportedMeasure& imported = imported_.at(answer.feature->measure);
  if (imported.announced && !answer.by_days) Fail(answer.feature->full_name + " hides its mode");
  const model::DayNumber last = NumberOf(oracle_->DayOf(q.time_ms));
  std::optional<model::DayNumber> before;
  Total lake;
  if (answer.cut) {
    const auto version = imported.versions.find({*answer.cut, answer.rev});
    if (version == imported.versions.end()) {
      Fail(absl::StrFormat("%s names an import that was never made", answer.feature->full_name));
      return {};
    }
    const std::optional<Version> known = KnownToAll(imported);
    if (known && version->first < *known) Fail(answer.feature->full_name + " is of an old import");
    before = *answer.cut;
    const auto entity = version->second.find(q.entity);
    if (entity != version->second.end()) {
      for (const auto& [day, total] : entity->second) {
        if (day > last - q.window_days && day <= last && day < *before) MergeTotals(total, &lake);
      }
    }
  } else {
    // A key that the store has nothing of: its days before b are nothing.
    if (const auto known = KnownToAll(imported)) {
      before = known->first;
      tally_->Hit(kAbsentInImport);
    }
  }
  if (before) q.first_live = kEpochDay + *before;
  Total total = oracle_->Answer(q, next, also);
  MergeTotals(lake, &total);
  return total;
}

// Events that an imported measure did not take, in the first process of a world.
uint64_t SimWorld::ExpectedOrphans() {
  uint64_t orphans = 0;
  for (const auto& [entry, entry_class] : oracle_->Classify(Next())) {
    if (entry_class != Class::kCounted) continue;
    orphans += std::any_of(imported_.begin(), imported_.end(), [&](const auto& one) {
      const Question q = QuestionOf(one.first);
      Question of = q;
      of.entity = of.entity_field == "merchant" ? entry->fact.merchant : entry->fact.card;
      return oracle_->Concerns(entry->fact, of) &&
             oracle_->IsOrphan(entry->fact.time_ms, entry->record_ms, q);
    });
  }
  return orphans;
}

}  // namespace verdict::simulator
