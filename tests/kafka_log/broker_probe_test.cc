// What a start that waits for the brokers is told: wait, go on, or give up.
#include "kafka_log/broker_probe.h"

#include <chrono>
#include <memory>
#include <string>

#include "kafka_log/kafka_world.h"
#include "kafka_log/mock_cluster.h"

namespace verdict::kafka_log {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::MockCluster;
using testing::StatusIs;

constexpr milliseconds kShort{200}, kNoPatience{0}, kForEver{3'600'000};

std::unique_ptr<BrokerProbe> Probe(const std::string& brokers, milliseconds patience,
                                   const Properties& properties = {},
                                   const std::string& topic = "transactions") {
  auto probe = BrokerProbe::Make({.brokers = brokers, .properties = properties}, topic, patience);
  EXPECT_THAT(probe, IsOk());
  return *std::move(probe);
}

// Asks until it is something else than Unavailable; nothing after a minute.
absl::Status AskOn(BrokerProbe* probe) {
  absl::Status status;
  for (int i = 0; i < 300; ++i) {
    status = probe->Ask(kShort);
    if (!absl::IsUnavailable(status)) break;
  }
  return status;
}

TEST(BrokerProbe, SaysWhoDoesNotAnswerAndWhyAndSeesThemCome) {
  MockCluster cluster(1);
  cluster.MakeTopic("transactions", 2);
  cluster.SetDown(1);
  const auto probe = Probe(cluster.brokers(), kNoPatience);
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(probe->Ask(kShort), StatusIs(absl::StatusCode::kUnavailable,
                                             AllOf(HasSubstr("kafka at " + cluster.brokers()),
                                                   HasSubstr("topic transactions"))));
  }
  cluster.SetUp(1);
  EXPECT_THAT(AskOn(probe.get()), IsOk());
}

TEST(BrokerProbe, NamesAPortAtWhichNobodyListens) {
  EXPECT_THAT(Probe("127.0.0.1:1", kNoPatience)->Ask(milliseconds(1'000)),
              StatusIs(absl::StatusCode::kUnavailable,
                       AllOf(HasSubstr("127.0.0.1:1"), HasSubstr("Connection refused"))));
}

using BrokerProbeBrokerTest = testing::KafkaTest;

TEST_F(BrokerProbeBrokerTest, ATopicThatIsNotThereIsRefusedAtOnce) {
  EXPECT_THAT(AskOn(Probe(kafka_->brokers(), kForEver, {}, "nowhere").get()),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("--create --topic nowhere")));
}

// A broker that has just come may not know its topics yet.
TEST_F(BrokerProbeBrokerTest, BehindAnOutageATopicThatIsNotThereIsAskedForAgain) {
  const std::string topic = kafka_->MakeTopic(1);
  const auto waits = Probe(kafka_->brokers(), kForEver, {}, "nowhere");
  const auto gives_up = Probe(kafka_->brokers(), kNoPatience, {}, "nowhere");
  const auto finds = Probe(kafka_->brokers(), kForEver, {}, topic);
  kafka_->Kill();
  for (BrokerProbe* probe : {waits.get(), gives_up.get(), finds.get()}) {
    EXPECT_THAT(probe->Ask(kShort), StatusIs(absl::StatusCode::kUnavailable));
  }
  kafka_->Up();
  EXPECT_THAT(AskOn(finds.get()), IsOk());
  EXPECT_THAT(AskOn(gives_up.get()), StatusIs(absl::StatusCode::kNotFound));
  for (int i = 0; i < 20; ++i) {
    EXPECT_THAT(waits->Ask(kShort), StatusIs(absl::StatusCode::kUnavailable));
  }
}

TEST_F(BrokerProbeBrokerTest, WhoIsRefusedByNameNeedNotWait) {
  const auto probe = Probe(kafka_->brokers(), kForEver,
                           {{"security.protocol", "SASL_PLAINTEXT"},
                            {"sasl.mechanisms", "PLAIN"},
                            {"sasl.username", "somebody"},
                            {"sasl.password", "hidden"}});
  EXPECT_THAT(AskOn(probe.get()),
              StatusIs(absl::StatusCode::kPermissionDenied,
                       AllOf(HasSubstr(kafka_->brokers()), ::testing::Not(HasSubstr("hidden")))));
}

}  // namespace
}  // namespace verdict::kafka_log
