// The head of the log goes, the rest stays, and readers beside it never notice.
#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "base/failpoint.h"
#include "gtest/gtest.h"
#include "rocks_store/log_helpers.h"
#include "rocks_store/rocks_log.h"
#include "support/status_matchers.h"
#include "support/temp_dir.h"

namespace verdict::rocks_store {
namespace {

using ::testing::HasSubstr;
using ::verdict::testing::StatusIs;
using ::verdict::testing::TempDir;

std::vector<eventlog::Offset> Lows(RocksLog* log) {
  std::vector<eventlog::Offset> lows;
  for (int p = 0; p < log->db().partitions(); ++p) lows.push_back(log->db().low(p));
  return lows;
}

std::vector<LogRecord> ReadFromLow(RocksLog* log) {
  const auto source = log->MakeSource();
  for (int p = 0; p < source->partitions(); ++p) {
    EXPECT_THAT(source->Assign(p, *source->Low(p)), IsOk());
  }
  std::vector<LogRecord> all, some;
  while (source->Poll(&some, 100, milliseconds(0)).value() > 0) {
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

TEST(RocksLogTrim, RemovesTheHeadAndNothingElseForGood) {
  TempDir dir;
  base::ManualClock clock(kNow);
  RocksLog::Options options;
  options.db.partitions = 2;
  auto log = OpenLog(dir / "log", &clock, options);
  std::vector<AppendRequest> requests;
  for (int n = 0; n < 4000; ++n) requests.push_back(Request(n));
  ASSERT_THAT(log->AppendBatch(requests), IsOk());
  const std::vector<LogRecord> before = ReadAll(log.get());
  const eventlog::Offset end = log->db().end(0);
  for (const eventlog::Offset low : {eventlog::Offset{1}, end / 2, end - 10}) {
    ASSERT_THAT(log->TrimBefore(0, low), IsOk());
    for (int again = 0; again < 2; ++again) {
      EXPECT_EQ(Lows(log.get()), (std::vector<eventlog::Offset>{low, 0}));
      EXPECT_EQ(log->db().end(0), end);
      std::vector<LogRecord> kept = ReadFromLow(log.get());
      EXPECT_EQ(kept.size(), before.size() - static_cast<size_t>(low));
      for (const LogRecord& record : kept) {
        EXPECT_TRUE(record.partition == 1 || record.offset >= low);
      }
      EXPECT_EQ(*log->db().FirstAtOrAfter(0, 0), low);
      log.reset();
      log = OpenLog(dir / "log", &clock, options);
    }
  }
  ASSERT_THAT(AppendAndWait(log.get(), Request(1)), IsOk());
  EXPECT_EQ(ReadFromLow(log.get()).back().record_time_ms, kNow);
  const auto source = log->MakeSource();
  EXPECT_THAT(source->Identity(0, 3), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(source->Assign(0, 3), StatusIs(absl::StatusCode::kOutOfRange));
}

// By its newest record a partition knows its end, and the log its time.
TEST(RocksLogTrim, TheNewestRecordStays) {
  TempDir dir;
  base::ManualClock clock(kNow);
  RocksLog::Options options;
  options.db.partitions = 1;
  auto log = OpenLog(dir / "log", &clock, options);
  ASSERT_THAT(log->TrimBefore(0, 5), IsOk()) << "an empty log has no head";
  for (int n = 0; n < 5; ++n) ASSERT_THAT(AppendAndWait(log.get(), Request(n)), IsOk());
  ASSERT_THAT(log->TrimBefore(0, 1'000'000), IsOk());
  EXPECT_EQ(log->db().low(0), 4);
  log.reset();
  clock.Set(0);
  log = OpenLog(dir / "log", &clock, options);
  EXPECT_EQ(log->db().low(0), 4);
  EXPECT_EQ(log->db().end(0), 5);
  EXPECT_EQ(log->db().last_record_time_ms(), kNow);
}

// What is erased in the write-ahead log may still stand in files: a crash between the two, and the
// log begins where it should.
TEST(RocksLogTrim, ACrashBetweenErasureAndFilesLeavesNoHole) {
  TempDir dir;
  base::ManualClock clock(kNow);
  RocksLog::Options options;
  options.db.partitions = 1;
  auto log = OpenLog(dir / "log", &clock, options);
  std::vector<AppendRequest> requests;
  for (int n = 0; n < 500; ++n) requests.push_back(Request(n));
  ASSERT_THAT(log->AppendBatch(requests), IsOk());
  ASSERT_THAT(base::ArmFailpoints("log.trim.after_erase=error:1:1", ""), IsOk());
  EXPECT_THAT(log->TrimBefore(0, 300), StatusIs(absl::StatusCode::kUnavailable));
  ASSERT_THAT(base::ArmFailpoints("", ""), IsOk());
  log.reset();
  log = OpenLog(dir / "log", &clock, options);
  EXPECT_EQ(log->db().low(0), 300);
  EXPECT_EQ(ReadFromLow(log.get()).size(), 200u);
}

TEST(RocksLogTrim, GivesTheDiskBack) {
  TempDir dir;
  base::ManualClock clock(kNow);
  RocksLog::Options options;
  options.db.partitions = 1;
  auto log = OpenLog(dir / "log", &clock, options);
  std::mt19937_64 random(1);
  const auto noise = [&] {  // that no compression makes small
    std::string text(2000, ' ');
    for (char& c : text) c = static_cast<char>('!' + random() % 90);
    return text;
  };
  for (int round = 0; round < 40; ++round) {  // some 80 MB: several files
    std::vector<AppendRequest> requests;
    for (int n = 0; n < 1000; ++n) {
      requests.push_back(Request(n));
      requests.back().event.txn.channel = noise();
    }
    ASSERT_THAT(log->AppendBatch(requests), IsOk());
  }
  log.reset();  // what is in memory becomes files
  log = OpenLog(dir / "log", &clock, options);
  const uint64_t before = log->db().disk_bytes();
  ASSERT_GT(before, uint64_t{40} << 20);
  ASSERT_THAT(log->TrimBefore(0, log->db().end(0) - 1000), IsOk());
  EXPECT_LT(log->db().disk_bytes(), before / 2);
}

// A reader that stands in the removed part is told so, and others never notice.
TEST(RocksLogTrim, ReadersBesideIt) {
  TempDir dir;
  base::ManualClock clock(kNow);
  RocksLog::Options options;
  options.db.partitions = 1;
  auto log = OpenLog(dir / "log", &clock, options);
  std::vector<AppendRequest> requests;
  for (int n = 0; n < 500; ++n) requests.push_back(Request(n));
  ASSERT_THAT(log->AppendBatch(requests), IsOk());
  const auto behind = log->MakeSource();
  const auto ahead = log->MakeSource();
  ASSERT_THAT(behind->Assign(0, 10), IsOk());
  ASSERT_THAT(ahead->Assign(0, 400), IsOk());
  std::vector<LogRecord> records;
  ASSERT_THAT(ahead->Poll(&records, 10, milliseconds(0)), IsOk());
  ASSERT_THAT(log->TrimBefore(0, 350), IsOk());
  EXPECT_THAT(behind->Poll(&records, 10, milliseconds(0)),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("was removed")));
  ASSERT_EQ(ahead->Poll(&records, 1000, milliseconds(0)).value(), 90u);
  EXPECT_EQ(records.back().offset, 499);
}

}  // namespace
}  // namespace verdict::rocks_store
