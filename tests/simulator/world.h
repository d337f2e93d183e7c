// One seeded world: operations and faults on a process and its disks, every answer held against the
// oracle.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "aggregate/day_importer.h"
#include "simulator/hazards.h"
#include "simulator/oracle.h"
#include "simulator/parts.h"

namespace verdict::simulator {

struct WorldOptions {
  uint64_t seed = 1;
  int operations = 200;
};

// **Thread-compatible.** Deterministic: a seed and a number of operations name one history.
class SimWorld {
 public:
  SimWorld(const WorldOptions& options, Tally* tally);
  ~SimWorld();
  // Empty where every invariant held; else which one did not, and the log of operations.
  std::string Run();

 private:
  struct Provisional {
    Fact fact;
    int64_t put_ms = 0;
    std::vector<int64_t> next;  // applied when it was put
  };
  struct Answered {
    model::Transaction txn;
    model::Outcome outcome = model::Outcome::kReview;
    int64_t at_ms = 0;
    int life = 0;  // of the process that answered
  };
  class Call : public decide::ScoreCall {
   public:
    void Done() override { ++done; }
    int done = 0;
  };

  // What somebody else has added up: by entity and day.
  using Lake = std::map<std::string, std::map<model::DayNumber, Total>>;
  using Version = std::pair<model::DayNumber, uint16_t>;  // (b, rev)
  struct ImportRun {
    Lake lake;
    bool spoilt = false;
    model::DayNumber from = 0;
    aggregate::DayImportRequest request;
    std::optional<aggregate::ImportedDays> days;
    std::optional<aggregate::DayImporter> importer;
  };
  struct ImportedMeasure {
    uint64_t hash = 0;
    int late_days = 2;
    bool announced = false;
    int64_t since_ms = 0;
    std::map<Version, Lake> versions;  // what each import left, earlier days included
    std::optional<Version> begun, published;
    bool spoilt = false;                            // the newest version is not what the log says
    std::vector<std::pair<Version, int64_t>> seen;  // what was published, and when it was seen
    std::unique_ptr<ImportRun> run;
  };

  // world.cc: operations
  void Operation();
  void AdvanceClock();
  void SetClock(int64_t now_ms);
  void AppendEvent();
  void AppendDuplicate();
  void AppendCounterMovement();
  void PumpSome();
  void WriteCheckpoint();
  void CrashAndRestart();
  void Restart();
  void MakeFolder();
  void FoldSome();
  void FoldWhole();
  void BreakFold();
  // world_drop.cc: what is let go of
  void LetGo();
  void MakeDropper();
  bool HoldsLost(const ingest::DropEvent& event) const;
  void OnDrop(const ingest::DropEvent& event);
  void NoteProofs();
  void DropSome();
  void Retain();
  eventlog::Offset FoldedTo(int partition);
  void Trim();
  std::vector<counters::MeasureCut> PublishedOf();
  void NoteStaleCache(const model::Transaction& txn);
  std::string NameOf(uint64_t measure_hash) const;
  // world_heal.cc: what goes wrong with the aggregates, and how it is found and mended
  void LoseValue();
  void CompareAndDrop(int64_t later_ms);
  void EmptyStore();
  void Sweep();
  void StartHeal();
  void FinishHeal();
  void FoldWrong();
  void OnHealed(const aggregate::HealedKey& healed);
  bool FoldIdle();
  bool HasCheckpoint() const;
  uint64_t AnyMeasure() const;  // one that is folded
  bool SaysOtherwise(const testing::FakeAggregateStore::Key& key, const feature::Blob& blob);
  // world_day.cc: imported measures
  void ChooseImported();
  void ImportSome();
  bool BeginImport(uint16_t measure, ImportedMeasure* imported);
  bool StepImport(ImportedMeasure* imported);
  void NoteBegun(ImportedMeasure* imported);
  void BreakImport(ImportedMeasure* imported);
  void LookAtImports(bool nothing_read = false);
  void BeginToLook();
  bool AllAnnounced() const;
  Question QuestionOf(const feature::Feature& feature) const;
  Question QuestionOf(uint16_t measure) const;
  Lake ReadLake(uint16_t measure, model::DayNumber before, bool careless);
  void SpoilLake(model::DayNumber before, Lake* lake);
  aggregate::ImportedDays RowsOf(uint16_t measure, const Lake& lake, model::DayNumber from,
                                 model::DayNumber before) const;
  std::optional<Version> KnownToAll(const ImportedMeasure& imported) const;
  Total ImportedTotal(const decide::FeatureAnswer& answer, Question q,
                      const std::vector<int64_t>& next, const std::vector<Fact>& also);
  uint64_t ExpectedOrphans();
  // world_sliding.cc: windows of minutes and hours
  void StartSliding(const ingest::StartUpReport& report);
  void ReplaySome();
  void FinishReplay();
  void Flood();
  void ExplainAtAnEdge();
  Question SlidingQuestion(const Question& q, const feature::Feature& feature) const;
  void NoteSliding(const decide::FeatureAnswer& answer, const Question& q, const Total& total);
  void CheckLimited(const std::string& what, const decide::FeatureAnswer& answer, const Question& q,
                    const std::vector<int64_t>& next, const std::vector<Fact>& also);
  // world_score.cc: decisions, held against the oracle
  void ScoreNew();
  void ScoreAgain();
  void ScoreThenOtherEvent();
  void Explain();
  void ExplainPayment(const model::Transaction& txn);
  void ExplainLost();
  void ExplainTenTimes();
  bool Score(const model::Transaction& txn, bool dry_run, Call* call);
  void Check(const Call& call, const std::vector<int64_t>& next, bool dry_run);
  void CheckFeature(const Call& call, const decide::FeatureAnswer& answer, const Total& total);
  // What the oracle says of it, or nothing where it is that.
  std::string Differs(const decide::FeatureAnswer& answer, const Total& total) const;
  void CheckClasses();

  uint64_t Random(uint64_t n) { return random_() % n; }
  bool Chance(int percent) { return Random(100) < static_cast<uint64_t>(percent); }
  bool Faults(int percent) { return !gentle_ && Chance(percent); }
  model::Transaction RandomPayment();
  void PutRecord(const model::Event& event, const std::optional<model::Decision>& decision);
  std::vector<int64_t> Next() const;
  std::optional<ingest::PublishedCut> Published();
  feature::CutId PublishedEverywhere();
  bool AllApplied() const;
  void CatchUp();
  void Note(const std::string& what);
  void Fail(const std::string& what);
  static Fact FactOf(const model::Transaction& txn, Kind kind, int sequence);

  WorldOptions options_;
  Tally* tally_;
  std::mt19937_64 random_;
  bool gentle_;  // a world without faults: every answer must be FULL
  absl::TimeZone zone_;
  std::optional<model::BusinessCalendar> calendar_;
  std::optional<Disks> disks_;
  std::optional<Oracle> oracle_;
  std::unique_ptr<Process> process_;
  std::unique_ptr<testing::FakeLogReader> fold_reader_;
  std::unique_ptr<aggregate::Folder> folder_;
  int life_ = 0;
  int64_t cache_cleared_ms_ = 0;
  feature::CutId base_ = feature::kNoCut;  // StartUpReport::base
  int64_t cache_kept_ms_ = 0;              // the cache's own clock may stand still for so long
  bool trims_, loses_;    // what may happen in this world: not both, healing needs the log
  bool emptied_ = false;  // the store has nothing at all
  bool wrong_ = false;    // a fold has counted otherwise than the log says
  std::map<std::pair<std::string, feature::CutId>, int64_t> proved_ms_;
  int64_t lost_at_ms_ = 0;
  std::set<testing::FakeAggregateStore::Key> lost_;    // values that the store has lost
  feature::CutId lost_live_to_ = feature::kNoCut;      // of one that live epochs still made whole
  std::set<testing::FakeAggregateStore::Key> healed_;  // since the last loss
  int64_t fold_after_ms_ = 0;                          // the batch is late until then
  int ids_ = 0;
  std::vector<Provisional> provisionals_;
  std::vector<Answered> answered_;
  std::vector<std::string> history_;
  std::string failure_;
  bool extreme_ = false, foreign_ = false;
  std::map<uint16_t, ImportedMeasure> imported_;  // by measure
  bool one_key_ = false;  // nine payments of ten are of one merchant and one card
  bool few_ = false;      // a key may have a few events only in its sliding windows
  int64_t life_began_ms_ = 0;
};

}  // namespace verdict::simulator
