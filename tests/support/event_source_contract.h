// What every EventSource promises, run against each of them: a fake stays true only where it passes
// this.
//   INSTANTIATE_TYPED_TEST_SUITE_P(Rocks, EventSourceContract, RocksFixture);
// A fixture has
//   std::string why_not: not empty where its log cannot be had here ("skipped: ..."), and the rest
//     is then not called;
//   Offset Write(Partition, const std::string& id): a PAYMENT of that id, in the log when it
//   returns; void LetTimePass(): what is written next has a later record time;
//   std::unique_ptr<EventSource> Open(): a new reader of the same log, kPartitions wide.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "eventlog/event_source.h"
#include "support/status_matchers.h"

namespace verdict::testing {

inline constexpr int kContractPartitions = 3;

// A merchant whose events the house's own hash puts into `partition` of kContractPartitions.
inline std::string MerchantOf(eventlog::Partition partition) {
  for (int i = 0;; ++i) {
    std::string name = absl::StrFormat("merchant-%d", i);
    if (eventlog::PartitionOf(name, kContractPartitions) == partition) return name;
  }
}

inline model::Event ContractPayment(const std::string& id, eventlog::Partition partition) {
  model::Event event;
  event.txn.id = id;
  event.txn.event_time_ms = 1'700'000'000'000;
  event.txn.amount_minor = 1234;
  event.txn.currency = "EUR";
  event.txn.merchant_id = MerchantOf(partition);
  return event;
}

template <typename Fixture>
class EventSourceContract : public ::testing::Test {
 protected:
  using Offset = eventlog::Offset;
  using Record = eventlog::LogRecord;
  static constexpr std::chrono::milliseconds kWait{20};

  void SetUp() override {
    if (!fixture_.why_not.empty()) GTEST_SKIP() << fixture_.why_not;
    source_ = fixture_.Open();
  }
  // `count` payments in partitions 0, 1, 2, 0 ...
  void WriteRound(int count, const std::string& prefix) {
    for (int i = 0; i < count; ++i) {
      fixture_.Write(i % kContractPartitions, absl::StrFormat("%s%d", prefix, i));
    }
  }
  void AssignAll(Offset from) {
    for (int p = 0; p < kContractPartitions; ++p) ASSERT_THAT(source_->Assign(p, from), IsOk());
  }
  std::vector<Record> ReadUntilNothingIsLeft(size_t max = 7) {
    std::vector<Record> all, batch;
    while (true) {
      const auto count = source_->Poll(&batch, max, kWait);
      EXPECT_THAT(count, IsOk());
      if (!count.ok() || *count == 0) return all;
      EXPECT_EQ(*count, batch.size());
      EXPECT_LE(*count, max);
      all.insert(all.end(), batch.begin(), batch.end());
    }
  }
  static std::vector<Record> Of(const std::vector<Record>& all, eventlog::Partition partition) {
    std::vector<Record> some;
    for (const Record& record : all) {
      if (record.partition == partition) some.push_back(record);
    }
    return some;
  }
  Fixture fixture_;
  std::unique_ptr<eventlog::EventSource> source_;
};

TYPED_TEST_SUITE_P(EventSourceContract);

TYPED_TEST_P(EventSourceContract, ReadsEachPartitionInItsOrder) {
  this->WriteRound(60, "a");
  this->AssignAll(0);
  const auto all = this->ReadUntilNothingIsLeft();
  ASSERT_EQ(all.size(), 60u);
  for (int p = 0; p < kContractPartitions; ++p) {
    const auto some = this->Of(all, p);
    ASSERT_EQ(some.size(), 20u);
    for (size_t i = 0; i < some.size(); ++i) {
      EXPECT_EQ(some[i].unreadable, "");
      EXPECT_EQ(some[i].event, ContractPayment(absl::StrFormat("a%d", 3 * i + p), p));
      if (i > 0) {
        EXPECT_GT(some[i].offset, some[i - 1].offset);
        EXPECT_GE(some[i].record_time_ms, some[i - 1].record_time_ms);
      }
    }
  }
}

// An empty poll is believed: what was written before it is counted as applied.
TYPED_TEST_P(EventSourceContract, SaysNothingOnlyWhereNothingIsLeft) {
  this->AssignAll(0);
  std::vector<eventlog::LogRecord> batch(5);
  EXPECT_THAT(this->source_->Poll(&batch, 10, std::chrono::milliseconds(0)),
              ::testing::AllOf(IsOk(), ::testing::Eq(absl::StatusOr<size_t>(0))));
  EXPECT_TRUE(batch.empty());
  for (int i = 0; i < 20; ++i) {
    this->fixture_.Write(i % kContractPartitions, absl::StrFormat("b%d", i));
    const auto count = this->source_->Poll(&batch, 10, std::chrono::milliseconds(0));
    ASSERT_THAT(count, IsOk());
    ASSERT_EQ(*count, 1u);
    EXPECT_EQ(batch[0].event.txn.id, absl::StrFormat("b%d", i));
  }
  EXPECT_EQ(*this->source_->Poll(&batch, 10, std::chrono::milliseconds(0)), 0u);
}

TYPED_TEST_P(EventSourceContract, GoesOnFromWhereItWasAssigned) {
  this->WriteRound(30, "c");
  this->AssignAll(0);
  const auto all = this->ReadUntilNothingIsLeft();
  ASSERT_EQ(all.size(), 30u);
  const auto first = this->Of(all, 0);
  ASSERT_THAT(this->source_->Assign(0, first[4].offset), IsOk());
  ASSERT_THAT(this->source_->Assign(1, eventlog::kParked), IsOk());
  const auto again = this->ReadUntilNothingIsLeft();
  ASSERT_EQ(again.size(), 6u);
  EXPECT_EQ(again[0].event.txn.id, first[4].event.txn.id);
  EXPECT_EQ(this->Of(again, 0).size(), 6u);
  this->WriteRound(3, "later");
  const auto later = this->ReadUntilNothingIsLeft();
  EXPECT_EQ(this->Of(later, 1).size(), 0u);
  EXPECT_EQ(later.size(), 2u);
  ASSERT_THAT(this->source_->Assign(1, 0), IsOk());
  EXPECT_EQ(this->ReadUntilNothingIsLeft().size(), 11u);
}

TYPED_TEST_P(EventSourceContract, ReadsOnlyWhatWasAssigned) {
  this->WriteRound(9, "d");
  ASSERT_THAT(this->source_->Assign(2, 0), IsOk());
  const auto some = this->ReadUntilNothingIsLeft();
  ASSERT_EQ(some.size(), 3u);
  for (const auto& record : some) EXPECT_EQ(record.partition, 2);
  EXPECT_THAT(this->source_->Assign(kContractPartitions, 0),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(this->source_->Assign(-1, 0), StatusIs(absl::StatusCode::kInvalidArgument));
}

TYPED_TEST_P(EventSourceContract, NamesTheEdgesOfEachPartition) {
  EXPECT_EQ(*this->source_->Low(0), 0);
  EXPECT_EQ(*this->source_->End(0), 0);
  this->WriteRound(7, "e");
  EXPECT_EQ(*this->source_->End(0), 3);
  EXPECT_EQ(*this->source_->End(1), 2);
  EXPECT_EQ(*this->source_->Ends(), (std::vector<eventlog::Offset>{3, 2, 2}));
  EXPECT_EQ(*this->source_->Low(0), 0);
}

TYPED_TEST_P(EventSourceContract, FindsTheFirstRecordOfATime) {
  this->WriteRound(6, "f");
  this->fixture_.LetTimePass();
  this->WriteRound(6, "g");
  this->AssignAll(0);
  const auto some = this->Of(this->ReadUntilNothingIsLeft(), 1);
  ASSERT_EQ(some.size(), 4u);
  const int64_t later = some[2].record_time_ms;
  ASSERT_GT(later, some[1].record_time_ms);
  using Found = std::optional<eventlog::Offset>;
  EXPECT_EQ(*this->source_->FirstAtOrAfter(1, INT64_MIN), Found(some[0].offset));
  EXPECT_EQ(*this->source_->FirstAtOrAfter(1, some[0].record_time_ms), Found(some[0].offset));
  EXPECT_EQ(*this->source_->FirstAtOrAfter(1, some[1].record_time_ms + 1), Found(some[2].offset));
  EXPECT_EQ(*this->source_->FirstAtOrAfter(1, later), Found(some[2].offset));
  EXPECT_EQ(*this->source_->FirstAtOrAfter(1, some[3].record_time_ms + 1), Found());
  // The stream goes on where it stood.
  this->WriteRound(3, "h");
  EXPECT_EQ(this->ReadUntilNothingIsLeft().size(), 3u);
}

TYPED_TEST_P(EventSourceContract, TellsARecordFromAnother) {
  this->WriteRound(6, "i");
  this->AssignAll(0);
  ASSERT_EQ(this->ReadUntilNothingIsLeft().size(), 6u);
  const auto given = this->source_->Identity(0, 1);  // given out last
  ASSERT_THAT(given, IsOk());
  EXPECT_FALSE(given->log_id.empty());
  EXPECT_EQ(given->partition, 0);
  EXPECT_EQ(given->last, 1);
  const auto other = this->fixture_.Open();
  EXPECT_EQ(*other->Identity(0, 1), *given);  // read again
  EXPECT_EQ(*this->source_->Identity(0, 1), *given);
  EXPECT_NE(other->Identity(0, 0)->crc, given->crc);
  const auto name = other->Identity(2, -1);
  ASSERT_THAT(name, IsOk());
  EXPECT_EQ(name->log_id, given->log_id);
  EXPECT_EQ(name->last, -1);
  EXPECT_THAT(other->Identity(0, 2), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(other->Identity(0, 99), StatusIs(absl::StatusCode::kNotFound));
}

TYPED_TEST_P(EventSourceContract, RecordTimesNeverFallBelowTheFloor) {
  this->WriteRound(6, "j");
  const int64_t floor_ms = 9'000'000'000'000;
  ASSERT_THAT(this->source_->Assign(0, 1, floor_ms), IsOk());
  ASSERT_THAT(this->source_->Assign(1, 0), IsOk());
  const auto all = this->ReadUntilNothingIsLeft();
  ASSERT_EQ(all.size(), 3u);
  for (const auto& record : all) {
    EXPECT_EQ(record.record_time_ms == floor_ms, record.partition == 0);
  }
}

REGISTER_TYPED_TEST_SUITE_P(EventSourceContract, ReadsEachPartitionInItsOrder,
                            SaysNothingOnlyWhereNothingIsLeft, GoesOnFromWhereItWasAssigned,
                            ReadsOnlyWhatWasAssigned, NamesTheEdgesOfEachPartition,
                            FindsTheFirstRecordOfATime, TellsARecordFromAnother,
                            RecordTimesNeverFallBelowTheFloor);

}  // namespace verdict::testing
