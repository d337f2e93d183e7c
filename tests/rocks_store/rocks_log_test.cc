// The embedded log: order, record times, groups, and what it owes after a crash or on a full disk.
#include "rocks_store/rocks_log.h"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <future>
#include <set>
#include <string>

#include "base/failpoint.h"
#include "gtest/gtest.h"
#include "rocks_store/faulty_env.h"
#include "rocks_store/log_helpers.h"
#include "rocksdb/db.h"
#include "support/status_matchers.h"
#include "support/temp_dir.h"

namespace verdict::rocks_store {
namespace {

using eventlog::AppendRequest;
using eventlog::LogRecord;
using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::verdict::testing::IsOk;
using ::verdict::testing::StatusIs;
using ::verdict::testing::TempDir;

TEST(RocksLog, GivesBackWhatWasAppendedInOrderWithinAPartition) {
  TempDir dir;
  base::ManualClock clock(kNow);
  auto log = OpenLog(dir / "log", &clock);
  model::Decision decision;
  decision.transaction_id = "t7";
  decision.rule_set = "abc";
  for (int i = 0; i < 1000; ++i) {
    AppendRequest request = Request(i);
    if (i == 7) request.decision = decision;
    const bool last = i == 999;
    if (last) {
      ASSERT_THAT(AppendAndWait(log.get(), std::move(request)), IsOk());
    } else {
      Append(*log, std::move(request));
    }
  }
  std::vector<eventlog::Offset> next(8);
  std::set<std::string> ids;
  std::vector<int64_t> last_amount(8, -1);
  for (const LogRecord& record : ReadAll(log.get())) {
    EXPECT_EQ(record.unreadable, "");
    EXPECT_EQ(record.partition, eventlog::PartitionOf(record.event.txn.merchant_id, 8));
    EXPECT_EQ(record.offset, next[record.partition]++);
    EXPECT_EQ(record.record_time_ms, kNow);
    EXPECT_GT(record.event.txn.amount_minor, last_amount[record.partition]);
    last_amount[record.partition] = record.event.txn.amount_minor;
    EXPECT_EQ(record.decision.has_value(), record.event.txn.id == "t7");
    EXPECT_EQ(record.decision.value_or(decision), decision);
    ids.insert(record.event.txn.id);
  }
  EXPECT_EQ(ids.size(), 1000u);
}

TEST(RocksLog, ASourceCanReadFromAnyOffsetAndLeavePartitionsOut) {
  TempDir dir;
  base::ManualClock clock(kNow);
  auto log = OpenLog(dir / "log", &clock);
  std::vector<AppendRequest> requests;
  for (int i = 0; i < 500; ++i) requests.push_back(Request(i));
  ASSERT_THAT(log->AppendBatch(requests), IsOk());
  const auto source = log->MakeSource(/*with_decisions=*/false);
  const auto end = source->End(3);
  ASSERT_GT(*end, 5);
  ASSERT_THAT(source->Assign(3, *end - 5), IsOk());
  ASSERT_THAT(source->Assign(4, 0), IsOk());
  ASSERT_THAT(source->Assign(4, eventlog::kParked), IsOk());
  std::vector<LogRecord> out;
  EXPECT_EQ(*source->Poll(&out, 3, milliseconds(0)), 3u);
  EXPECT_EQ(out[0].offset, *end - 5);
  EXPECT_EQ(*source->Poll(&out, 100, milliseconds(0)), 2u);
  EXPECT_EQ(out[1].offset, *end - 1);
  EXPECT_EQ(*source->Poll(&out, 100, milliseconds(0)), 0u);
  EXPECT_THAT(source->Assign(9, 0), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(RocksLog, AWaitingPollIsWokenByACommit) {
  TempDir dir;
  base::ManualClock clock(kNow);
  auto log = OpenLog(dir / "log", &clock);
  const auto source = log->MakeSource();
  for (int p = 0; p < 8; ++p) ASSERT_THAT(source->Assign(p, 0), IsOk());
  std::vector<LogRecord> out;
  std::thread writer([&log] { Append(*log, Request(1)); });
  // Were it not woken this would take an hour.
  EXPECT_EQ(*source->Poll(&out, 10, std::chrono::hours(1)), 1u);
  writer.join();
}

TEST(RocksLog, RecordTimesNeverGoBackNotEvenOverARestart) {
  TempDir dir;
  {
    base::ManualClock clock(kNow);
    auto log = OpenLog(dir / "log", &clock);
    ASSERT_THAT(AppendAndWait(log.get(), Request(1)), IsOk());
    clock.Set(kNow - 60'000);  // someone set the wall clock back
    ASSERT_THAT(AppendAndWait(log.get(), Request(2)), IsOk());
  }
  base::ManualClock clock(kNow - 120'000);
  auto log = OpenLog(dir / "log", &clock);
  ASSERT_THAT(AppendAndWait(log.get(), Request(3)), IsOk());
  for (const LogRecord& record : ReadAll(log.get())) EXPECT_EQ(record.record_time_ms, kNow);
}

TEST(RocksLog, UnderAnEventClockRecordTimesFollowTheEvents) {
  TempDir dir;
  base::EventClock clock;
  auto log = OpenLog(dir / "log", &clock);
  std::vector<AppendRequest> requests = {Request(1, 1000), Request(2, 500), Request(3, 2000)};
  ASSERT_THAT(log->AppendBatch(requests), IsOk());
  std::map<std::string, int64_t> times;
  for (const LogRecord& record : ReadAll(log.get()))
    times[record.event.txn.id] = record.record_time_ms;
  EXPECT_EQ(times, (std::map<std::string, int64_t>{{"t1", 1000}, {"t2", 1000}, {"t3", 2000}}));
  EXPECT_EQ(clock.NowMs(), 2000);
  log.reset();
  base::EventClock reopened;
  log = OpenLog(dir / "log", &reopened);
  EXPECT_EQ(reopened.NowMs(), 2000) << "the clock goes on where the log ends";
}

TEST(RocksLog, AnEventPastTheRealTimeCannotMoveAnEventClock) {
  TempDir dir;
  base::EventClock clock;
  auto log = OpenLog(dir / "log", &clock);
  const int64_t row_from_2099 = 4'070'908'800'000;
  EXPECT_THAT(AppendAndWait(log.get(), Request(1, row_from_2099)),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("event_time_ms")));
  std::vector<AppendRequest> batch = {Request(2, 1000), Request(3, row_from_2099)};
  EXPECT_THAT(log->AppendBatch(batch), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_LT(clock.NowMs(), row_from_2099);
}

TEST(RocksLog, AfterAdvanceTimeLaterRecordsBelongToTheNewCut) {
  TempDir dir;
  const int64_t cut = 5000;
  {
    base::EventClock clock;
    auto log = OpenLog(dir / "log", &clock);
    std::vector<AppendRequest> before = {Request(1, 1000)};
    ASSERT_THAT(log->AppendBatch(before), IsOk());
    ASSERT_THAT(log->AdvanceTime(cut), IsOk());
    EXPECT_EQ(clock.NowMs(), cut);
    ASSERT_THAT(log->AdvanceTime(cut - 1000), IsOk());
  }
  base::EventClock clock;
  auto log = OpenLog(dir / "log", &clock);
  ASSERT_THAT(AppendAndWait(log.get(), Request(1, 1500)), IsOk());
  const auto source = log->MakeSource();
  const int p = eventlog::PartitionOf("m1", 8);
  EXPECT_EQ(*source->FirstAtOrAfter(p, cut), 1);
  EXPECT_EQ(*source->FirstAtOrAfter(p, cut + 1), std::nullopt);
}

TEST(RocksLog, FindsTheFirstRecordAtOrAfterAnyTime) {
  TempDir dir;
  base::EventClock clock;
  auto log = OpenLog(dir / "log", &clock);
  std::vector<AppendRequest> requests;
  for (int i = 0; i < 2000; ++i) requests.push_back(Request(i, 1000 + i / 7 * 10));
  ASSERT_THAT(log->AppendBatch(requests), IsOk());
  const auto source = log->MakeSource();
  const std::vector<LogRecord> all = ReadAll(log.get());
  for (int64_t time = 990; time < 4000; time += 13) {
    std::vector<std::optional<eventlog::Offset>> expected(8);
    for (const LogRecord& record : all) {
      auto& first = expected[record.partition];
      if (record.record_time_ms >= time && (!first || record.offset < *first))
        first = record.offset;
    }
    for (int p = 0; p < 8; ++p) ASSERT_EQ(*source->FirstAtOrAfter(p, time), expected[p]) << time;
  }
}

TEST(RocksLog, IdentityTellsOneLogAndRecordFromAnother) {
  TempDir dir;
  base::ManualClock clock(kNow);
  auto log = OpenLog(dir / "log", &clock);
  for (int i = 0; i < 3; ++i) {
    AppendRequest request = Request(i);
    request.event.txn.merchant_id = "m";
    ASSERT_THAT(AppendAndWait(log.get(), std::move(request)), IsOk());
  }
  const int p = eventlog::PartitionOf("m", 8);
  const auto first = log->MakeSource()->Identity(p, 0);
  const auto second = log->MakeSource()->Identity(p, 1);
  ASSERT_THAT(first, IsOk());
  EXPECT_NE(first->crc, second->crc);
  EXPECT_THAT(log->MakeSource()->Identity(p, 3), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_EQ(log->MakeSource()->Identity(p, -1)->log_id, first->log_id);
  auto other = OpenLog(dir / "other", &clock);
  EXPECT_NE(other->db().log_id(), first->log_id);
  log.reset();
  log = OpenLog(dir / "log", &clock);
  EXPECT_EQ(*log->MakeSource()->Identity(p, 0), *first) << "the same after a restart";
}

TEST(RocksLog, RefusesAnotherNumberOfPartitionsAndASecondOpener) {
  TempDir dir;
  base::ManualClock clock(kNow);
  auto log = OpenLog(dir / "log", &clock);
  EXPECT_THAT(RocksLog::Open(dir / "log", &clock, {}).status(),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  log.reset();
  RocksLog::Options options;
  options.db.partitions = 16;
  EXPECT_THAT(RocksLog::Open(dir / "log", &clock, options).status(),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("8 partitions")));
}

TEST(RocksLog, AFullQueueRefusesAtOnceAndLosesNothingItTook) {
  TempDir dir;
  base::ManualClock clock(kNow);
  RocksLog::Options options;
  options.queue_requests_max = 10;
  auto log = OpenLog(dir / "log", &clock, options);
  std::promise<void> entered, release;
  AppendRequest blocker = Request(0);
  blocker.done = [&](const absl::Status&) {
    entered.set_value();
    release.get_future().wait();
  };
  Append(*log, std::move(blocker));
  entered.get_future().wait();  // the appender stands still: what comes now queues up
  int ok = 0, refused = 0;
  for (int i = 1; i <= 15; ++i) {
    AppendRequest request = Request(i);
    request.done = [&](const absl::Status& status) {
      status.ok() ? ++ok : ++refused;
      EXPECT_TRUE(status.ok() || absl::IsResourceExhausted(status)) << status;
    };
    Append(*log, std::move(request));
  }
  EXPECT_EQ(refused, 5);
  release.set_value();
  log.reset();
  EXPECT_EQ(ok, 10);
  log = OpenLog(dir / "log", &clock);
  EXPECT_EQ(ReadAll(log.get()).size(), 11u);
}

TEST(RocksLog, AnEventOver1MiBIsRefused) {
  TempDir dir;
  base::ManualClock clock(kNow);
  auto log = OpenLog(dir / "log", &clock);
  AppendRequest request = Request(1);
  request.event.txn.channel = std::string(2 << 20, 'x');
  EXPECT_THAT(AppendAndWait(log.get(), std::move(request)),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("bytes")));
}

TEST(RocksLog, OnAFullDiskItKeepsTryingAndGoesOnOnceThereIsRoom) {
  TempDir dir;
  FaultyEnv disk;
  base::ManualClock clock(kNow);
  RocksLog::Options options;
  options.db.env = disk.env.get();
  options.retry_every = milliseconds(5);
  options.give_up_after = std::chrono::hours(1);
  auto log = OpenLog(dir / "log", &clock, options);
  ASSERT_THAT(AppendAndWait(log.get(), Request(1)), IsOk());
  disk.full = true;
  std::promise<absl::Status> done;
  AppendRequest request = Request(2);
  request.done = [&](const absl::Status& status) { done.set_value(status); };
  Append(*log, std::move(request));
  while (log->healthy()) std::this_thread::yield();
  disk.full = false;
  EXPECT_THAT(done.get_future().get(), IsOk());
  EXPECT_TRUE(log->healthy());
  ASSERT_THAT(AppendAndWait(log.get(), Request(3)), IsOk());
  log.reset();
  log = OpenLog(dir / "log", &clock, options);
  EXPECT_EQ(ReadAll(log.get()).size(), 3u);
}

// RocksDB recovers in its own time; the bound is for a log that never does.
template <typename Condition>
bool Eventually(const Condition& condition) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::yield();
  }
  return true;
}

RocksLog::Options GivesUpSoon(const FaultyEnv& disk) {
  RocksLog::Options options;
  options.db.env = disk.env.get();
  options.retry_every = milliseconds(5);
  options.give_up_after = milliseconds(20);
  return options;
}

TEST(RocksLog, WhatItGivesUpIsToldAndLeavesNoTrace) {
  TempDir dir;
  FaultyEnv disk;
  base::ManualClock clock(kNow);
  const RocksLog::Options options = GivesUpSoon(disk);
  auto log = OpenLog(dir / "log", &clock, options);
  ASSERT_THAT(AppendAndWait(log.get(), Request(1)), IsOk());
  disk.full = true;
  EXPECT_FALSE(AppendAndWait(log.get(), Request(51)).ok());
  EXPECT_FALSE(AppendAndWait(log.get(), Request(101)).ok());
  EXPECT_FALSE(log->healthy());
  disk.full = false;
  while (!AppendAndWait(log.get(), Request(151)).ok()) {  // RocksDB recovers in its own time
  }
  EXPECT_TRUE(log->healthy());
  log.reset();
  log = OpenLog(dir / "log", &clock, options);
  const std::vector<LogRecord> all = ReadAll(log.get());
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[1].event.txn.id, "t151");
}

TEST(RocksLog, OnceThereIsRoomItIsHealthyWithoutAnAppend) {
  TempDir dir;
  FaultyEnv disk;
  base::ManualClock clock(kNow);
  const RocksLog::Options options = GivesUpSoon(disk);
  auto log = OpenLog(dir / "log", &clock, options);
  ASSERT_THAT(AppendAndWait(log.get(), Request(1)), IsOk());
  disk.full = true;
  EXPECT_FALSE(AppendAndWait(log.get(), Request(2)).ok());
  EXPECT_FALSE(log->healthy());
  disk.full = false;
  ASSERT_TRUE(Eventually([&] { return log->healthy(); })) << "nobody sends where it is not ready";
  EXPECT_THAT(log->Sync(), IsOk());
  EXPECT_THAT(AppendAndWait(log.get(), Request(3)), IsOk());
}

TEST(RocksLog, AFailedSealLeavesALogThatCanBeSyncedAgain) {
  TempDir dir;
  FaultyEnv disk;
  base::ManualClock clock(kNow);
  RocksLog::Options options;
  options.db.env = disk.env.get();
  auto log = OpenLog(dir / "log", &clock, options);
  ASSERT_THAT(AppendAndWait(log.get(), Request(1)), IsOk());
  disk.full = true;
  EXPECT_FALSE(log->AdvanceTime(kNow + 60'000).ok());
  disk.full = false;
  ASSERT_TRUE(Eventually([&] { return log->Sync().ok(); }));
  EXPECT_THAT(log->AdvanceTime(kNow + 60'000), IsOk());
}

TEST(RocksLog, DecisionsComeUntilTheReaderHasNoUseForThem) {
  TempDir dir;
  base::ManualClock clock(kNow);
  auto log = OpenLog(dir / "log", &clock);
  const auto source = log->MakeSource();
  for (int p = 0; p < source->partitions(); ++p) ASSERT_THAT(source->Assign(p, 0), IsOk());
  std::vector<LogRecord> some;
  for (const bool wanted : {true, false}) {
    AppendRequest request = Request(1);
    request.decision.emplace();
    request.decision->transaction_id = request.event.txn.id;
    ASSERT_THAT(AppendAndWait(log.get(), std::move(request)), IsOk());
    if (!wanted) source->LeaveOutDecisions();
    ASSERT_EQ(*source->Poll(&some, 10, milliseconds(0)), 1u);
    EXPECT_EQ(some[0].decision.has_value(), wanted);
    EXPECT_EQ(some[0].event.txn.id, "t1");
  }
}

// What another partition gave before the failure is given again, none of it is lost.
TEST(RocksLog, APollThatFailsHasReadNothing) {
  TempDir dir;
  base::ManualClock clock(kNow);
  size_t in_bad = 0;
  constexpr int kBad = 3;
  {
    auto log = OpenLog(dir / "log", &clock);
    for (int n = 0; n < 200; ++n) ASSERT_THAT(AppendAndWait(log.get(), Request(n)), IsOk());
    in_bad = static_cast<size_t>(log->db().end(kBad));
    ASSERT_GE(in_bad, 3u);
  }
  {
    std::vector<std::string> names;
    ASSERT_TRUE(rocksdb::DB::ListColumnFamilies({}, dir / "log", &names).ok());
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    for (const std::string& name : names)
      families.emplace_back(name, rocksdb::ColumnFamilyOptions());
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* db = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open({}, dir / "log", families, &handles, &db).ok());
    const LogKey key = MakeLogKey(kBad, 1);
    for (size_t i = 0; i < names.size(); ++i) {
      if (names[i] != "p" + std::to_string(kBad)) continue;
      ASSERT_TRUE(db->Delete({}, handles[i], {key.data(), key.size()}).ok());
    }
    for (rocksdb::ColumnFamilyHandle* handle : handles) db->DestroyColumnFamilyHandle(handle);
    delete db;
  }
  auto log = OpenLog(dir / "log", &clock);
  const auto source = log->MakeSource();
  for (int p = 0; p < source->partitions(); ++p) ASSERT_THAT(source->Assign(p, 0), IsOk());
  std::vector<LogRecord> some;
  for (int i = 0; i < 10; ++i) {
    EXPECT_THAT(source->Poll(&some, 100, milliseconds(0)).status(),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr("hole")));
  }
  ASSERT_THAT(source->Assign(kBad, 2), IsOk());
  size_t read = 0;
  for (absl::StatusOr<size_t> n = 1; n.ok() && *n > 0; read += n.value_or(0)) {
    n = source->Poll(&some, 100, milliseconds(0));
  }
  EXPECT_EQ(read, 200u - 2u);
}

// Runs `body` in a child that is expected to die by SIGKILL.
template <typename Body>
void ExpectKilled(const Body& body) {
  const pid_t child = fork();
  if (child == 0) {
    body();
    _exit(3);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
}

TEST(RocksLog, WhatWasAcknowledgedSurvivesKillNine) {
  for (const char* at :
       {"log.append.before_commit=kill:0.05:3", "log.append.after_commit=kill:0.05:4"}) {
    TempDir dir;
    const std::string acknowledged = dir / "acknowledged";
    ExpectKilled([&] {
      base::ManualClock clock(kNow);
      auto log = OpenLog(dir / "log", &clock);
      std::ofstream file(acknowledged);
      for (int i = 0; i < 100'000; ++i) {
        if (i == 200) base::ArmFailpoints(at, "").IgnoreError();
        AppendRequest request = Request(i);
        request.done = [&file, i](const absl::Status& status) {
          if (status.ok()) file << "t" << i << std::endl;
        };
        Append(*log, std::move(request));
        if (i % 50 == 0) AppendAndWait(log.get(), Request(1'000'000 + i)).IgnoreError();
      }
    });
    base::ManualClock clock(kNow);
    auto log = OpenLog(dir / "log", &clock);
    std::set<std::string> in_log;
    for (const LogRecord& record : ReadAll(log.get())) in_log.insert(record.event.txn.id);
    std::ifstream file(acknowledged);
    int lines = 0;
    for (std::string id; std::getline(file, id); ++lines) EXPECT_EQ(in_log.count(id), 1u) << id;
    EXPECT_GT(lines, 50);
    ASSERT_THAT(AppendAndWait(log.get(), Request(5)), IsOk());
  }
}

// What RocksDB promises and we rely on: a WriteBatch over column families is one thing, and an
// unsynced write-ahead log survives the process.
TEST(RocksLog, AGroupIsInTheLogWholeOrNotAtAllAfterKillNine) {
  for (const char* at : {"log.append.before_commit=kill:1:1", "log.append.after_commit=kill:1:1"}) {
    TempDir dir;
    ExpectKilled([&] {
      base::ManualClock clock(kNow);
      auto log = OpenLog(dir / "log", &clock);
      for (int group = 0; group < 10; ++group) {
        std::vector<AppendRequest> requests;  // over all partitions: column families
        for (int i = 0; i < 200; ++i) requests.push_back(Request(group * 200 + i));
        if (group == 2) base::ArmFailpoints(at, "").IgnoreError();
        log->AppendBatch(requests).IgnoreError();
      }
    });
    base::ManualClock clock(kNow);
    auto log = OpenLog(dir / "log", &clock);
    const bool committed = std::string_view(at).find("after") != std::string_view::npos;
    EXPECT_EQ(ReadAll(log.get()).size(), committed ? 600u : 400u);
  }
}

}  // namespace
}  // namespace verdict::rocks_store
