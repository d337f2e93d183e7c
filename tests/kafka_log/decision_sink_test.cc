// Decisions through memory, broker and disk: all of them, in order, whatever is away.
#include <atomic>
#include <chrono>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_format.h"
#include "kafka_log/kafka_decision_sink.h"
#include "kafka_log/kafka_world.h"
#include "kafka_log/mock_cluster.h"
#include "support/temp_dir.h"

namespace verdict::kafka_log {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::IsOk;
using testing::KafkaTest;
using testing::MockCluster;
using testing::ReadBack;
using testing::TempDir;

constexpr char kTopic[] = "decisions";

model::Decision DecisionOf(int n) {
  model::Decision decision;
  decision.transaction_id = absl::StrFormat("%d", n);
  decision.outcome = model::Outcome::kAllow;
  decision.decided_by = model::DecidedBy::kDefault;
  decision.provenance = model::Provenance::kFull;
  decision.reasons = {"AMOUNT"};
  decision.rule_set = "0123456789ab";
  decision.decided_at_ms = 1'700'000'000'000 + n;
  decision.request_digest = {1, static_cast<uint64_t>(n)};
  return decision;
}
std::string MerchantOf(int n) { return absl::StrFormat("m%d", n % 5); }

uint64_t Counted(const std::string& result) {
  return base::Metrics().CounterValue("verdict_decision_records_total", {{"result", result}});
}

template <typename Condition>
bool Eventually(const Condition& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(milliseconds(5));
  }
  return true;
}

// First come, by merchant: a repeat tells nothing new.
std::map<std::string, std::vector<int>> OrderOf(const std::vector<ReadBack>& records) {
  std::map<std::string, std::vector<int>> by_merchant;
  std::set<int> seen;
  for (const ReadBack& record : records) {
    model::Decision decision;
    EXPECT_THAT(wire::DecisionFromBytes(record.value, &decision), IsOk());
    EXPECT_EQ(record.headers.at("content-type"), "application/x-protobuf");
    const int n = std::stoi(decision.transaction_id);
    EXPECT_EQ(decision, DecisionOf(n));
    EXPECT_EQ(record.key, MerchantOf(n));
    if (seen.insert(n).second) by_merchant[record.key].push_back(n);
  }
  return by_merchant;
}
std::map<std::string, std::vector<int>> AllInOrder(int count) {
  std::map<std::string, std::vector<int>> by_merchant;
  for (int n = 0; n < count; ++n) by_merchant[MerchantOf(n)].push_back(n);
  return by_merchant;
}

class DecisionSinkTest : public ::testing::Test {
 protected:
  KafkaDecisionSink::Options Options() {
    KafkaDecisionSink::Options options;
    options.spool.folder = dir_ / "spool";
    options.ack_within = milliseconds(1'000);
    options.retry_every = milliseconds(50);
    options.report = [this](const absl::Status& status) {
      (status.ok() ? reported_well_ : reported_ill_).fetch_add(1);
    };
    return options;
  }
  static std::unique_ptr<KafkaDecisionSink> Open(const std::string& brokers,
                                                 const KafkaDecisionSink::Options& options) {
    auto sink = KafkaDecisionSink::Open({.brokers = brokers, .properties = {}}, options);
    EXPECT_THAT(sink, IsOk());
    return *std::move(sink);
  }
  void Put(KafkaDecisionSink* sink, int from, int to) {
    for (int n = from; n < to; ++n) sink->Put(DecisionOf(n), MerchantOf(n));
  }
  TempDir dir_;
  std::atomic<int> reported_well_{0}, reported_ill_{0};
  const uint64_t sent_ = Counted("sent"), spooled_ = Counted("spooled"),
                 dropped_ = Counted("dropped");
};

TEST_F(DecisionSinkTest, WritesEachDecisionUnderItsMerchant) {
  MockCluster cluster(1);
  cluster.MakeTopic(kTopic, 3);
  auto options = Options();
  options.ack_within = seconds(60);  // nothing is spooled for being slow
  auto sink = Open(cluster.brokers(), options);
  Put(sink.get(), 0, 500);
  EXPECT_TRUE(Eventually([&] { return Counted("sent") == sent_ + 500; }));
  sink.reset();
  EXPECT_EQ(OrderOf(testing::ReadTopic(cluster.brokers(), kTopic)), AllInOrder(500));
  EXPECT_EQ(Counted("spooled"), spooled_);
  EXPECT_EQ(Counted("dropped"), dropped_);
}

TEST_F(DecisionSinkTest, SpoolsWhileTheBrokerIsAwayAndSendsInOrderWhenItIsBack) {
  MockCluster cluster(1);
  cluster.MakeTopic(kTopic, 3);
  auto sink = Open(cluster.brokers(), Options());
  Put(sink.get(), 0, 100);
  ASSERT_TRUE(Eventually([&] { return Counted("sent") == sent_ + 100; }));
  cluster.SetDown(1);
  Put(sink.get(), 100, 200);
  ASSERT_TRUE(Eventually([&] { return Counted("spooled") == spooled_ + 100; }));
  Put(sink.get(), 200, 400);
  ASSERT_TRUE(Eventually([&] { return Counted("spooled") == spooled_ + 300; }));
  EXPECT_EQ(reported_ill_, 1);
  cluster.SetUp(1);
  Put(sink.get(), 400, 500);
  ASSERT_TRUE(Eventually([&] { return Counted("sent") >= sent_ + 500; }));
  EXPECT_TRUE(Eventually([&] { return reported_well_ == 1; }));
  Put(sink.get(), 500, 510);
  ASSERT_TRUE(Eventually([&] { return Counted("sent") >= sent_ + 510; }));
  sink.reset();
  EXPECT_EQ(OrderOf(testing::ReadTopic(cluster.brokers(), kTopic)), AllInOrder(510));
  EXPECT_EQ(Counted("dropped"), dropped_);
}

TEST_F(DecisionSinkTest, BeyondTheFoldersBoundDropsAreCounted) {
  KafkaDecisionSink::Options options = Options();
  options.spool.bytes_max = 10'000;
  options.ack_within = milliseconds(50);
  auto sink = Open("127.0.0.1:1", options);
  Put(sink.get(), 0, 1'000);
  sink.reset();
  const uint64_t spooled = Counted("spooled") - spooled_;
  EXPECT_GT(spooled, 50u);
  EXPECT_LT(spooled, 200u);
  EXPECT_EQ(Counted("dropped") - dropped_, 1'000 - spooled);
  EXPECT_GE(reported_ill_, 1);
}

TEST_F(DecisionSinkTest, BeyondTheBoundOfMemoryDropsAreCounted) {
  KafkaDecisionSink::Options options = Options();
  options.queue_bytes_max = 5'000;
  options.ack_within = milliseconds(2'000);
  auto sink = Open("127.0.0.1:1", options);
  Put(sink.get(), 0, 1'000);  // the first ones wait for their acknowledgement
  EXPECT_GT(Counted("dropped"), dropped_);
  sink.reset();
  EXPECT_EQ(Counted("dropped") - dropped_ + Counted("spooled") - spooled_, 1'000u);
}

TEST_F(DecisionSinkTest, AFolderThatCannotBeUsedIsToldAtTheStart) {
  KafkaDecisionSink::Options options = Options();
  options.spool.folder = "/proc/nowhere";
  EXPECT_THAT(KafkaDecisionSink::Open({.brokers = "127.0.0.1:1", .properties = {}}, options),
              testing::StatusIs(absl::StatusCode::kFailedPrecondition,
                                ::testing::HasSubstr("/proc/nowhere")));
}

class DecisionSinkBrokerTest : public KafkaTest {
 protected:
  TempDir dir_;
};

TEST_F(DecisionSinkBrokerTest, LosesNothingThroughAKilledBrokerAndARestartOfItsProcess) {
  KafkaDecisionSink::Options options;
  options.topic = kafka_->MakeTopic(3);
  options.spool.folder = dir_ / "spool";
  options.retry_every = milliseconds(100);
  const uint64_t sent = Counted("sent");
  const auto put = [](KafkaDecisionSink* sink, int from, int to) {
    for (int n = from; n < to; ++n) sink->Put(DecisionOf(n), MerchantOf(n));
  };
  auto sink = KafkaDecisionSink::Open(connection(), options);
  ASSERT_THAT(sink, IsOk());
  put(sink->get(), 0, 1'000);
  ASSERT_TRUE(Eventually([&] { return Counted("sent") >= sent + 1'000; }));
  kafka_->Kill();
  put(sink->get(), 1'000, 3'000);
  sink->reset();  // the process ends while the broker is away
  sink = KafkaDecisionSink::Open(connection(), options);
  ASSERT_THAT(sink, IsOk());
  put(sink->get(), 3'000, 4'000);
  kafka_->Up();
  put(sink->get(), 4'000, 5'000);
  ASSERT_TRUE(Eventually([&] { return Counted("sent") >= sent + 5'000; }));
  sink->reset();
  EXPECT_EQ(OrderOf(testing::ReadTopic(kafka_->brokers(), options.topic)), AllInOrder(5'000));
}

}  // namespace
}  // namespace verdict::kafka_log
