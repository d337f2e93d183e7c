// Which topics are taken, which warned of, which refused.
#include "kafka_log/topic_check.h"

#include <map>
#include <string>

#include "kafka_log/kafka_world.h"

namespace verdict::kafka_log {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOk;
using testing::StatusIs;

constexpr char kWeek[] = "604800000";
using Settings = std::map<std::string, std::string>;

Settings Good() {
  return {{"message.timestamp.type", "LogAppendTime"},
          {"cleanup.policy", "delete"},
          {"retention.ms", kWeek},
          {"retention.bytes", "-1"}};
}
Settings With(const std::string& name, const std::string& value) {
  Settings settings = Good();
  settings[name] = value;
  return settings;
}
TopicFindings Judge(const Settings& settings, bool event_clock = false) {
  return JudgeTopic("b:9092", "transactions", settings, event_clock);
}

TEST(TopicCheck, TakesATopicThatIsAsItShouldBe) {
  const TopicFindings findings = Judge(Good());
  EXPECT_THAT(findings.refusals, IsEmpty());
  EXPECT_THAT(findings.warnings, IsEmpty());
  EXPECT_FALSE(findings.create_time);
  EXPECT_EQ(findings.retention_ms, 604800000);
  EXPECT_THAT(Judge(With("retention.ms", "-1")).refusals, IsEmpty());
}

TEST(TopicCheck, RefusesCompactionAndShortRetentionWithTheCommandThatMends) {
  EXPECT_THAT(Judge(With("cleanup.policy", "compact,delete")).refusals,
              ElementsAre(AllOf(HasSubstr("cleanup.policy"), HasSubstr("compaction"),
                                HasSubstr("kafka-configs.sh --bootstrap-server b:9092"),
                                HasSubstr("--entity-name transactions"),
                                HasSubstr("cleanup.policy=delete"))));
  EXPECT_THAT(Judge(With("retention.ms", "86400000")).refusals,
              ElementsAre(AllOf(HasSubstr("5 days"), HasSubstr("retention.ms=604800000"))));
}

TEST(TopicCheck, WarnsOfTheWeakerModeAndOfBytes) {
  const TopicFindings weaker = Judge(With("message.timestamp.type", "CreateTime"));
  EXPECT_TRUE(weaker.create_time);
  EXPECT_THAT(weaker.refusals, IsEmpty());
  EXPECT_THAT(weaker.warnings.at(0), AllOf(HasSubstr("weaker mode"), HasSubstr("--clock event")));
  EXPECT_THAT(Judge(With("retention.bytes", "1000")).warnings,
              ElementsAre(HasSubstr("retention.bytes")));
}

TEST(TopicCheck, OnTheEventClockProducersStampAndNothingIsRemoved) {
  Settings replay = With("message.timestamp.type", "CreateTime");
  EXPECT_THAT(Judge(replay, true).warnings, ElementsAre(HasSubstr("retention.ms")));
  replay["retention.ms"] = "-1";
  EXPECT_THAT(Judge(replay, true).warnings, IsEmpty());
  EXPECT_THAT(Judge(Good(), true).warnings, ElementsAre(HasSubstr("late and not counted")));
}

using TopicCheckBrokerTest = testing::KafkaTest;

TEST_F(TopicCheckBrokerTest, SeesWhatTheBrokerHas) {
  const auto check = [&](const std::string& topic) {
    return CheckTopic(connection(), topic, /*event_clock=*/false, milliseconds(10'000));
  };
  const auto good = check(kafka_->MakeTopic(1, {{"retention.ms", kWeek}}));
  ASSERT_THAT(good, IsOk());
  EXPECT_THAT(good->refusals, IsEmpty());
  EXPECT_THAT(good->warnings, IsEmpty());
  EXPECT_EQ(good->retention_ms, 604800000);
  const auto bad = check(kafka_->MakeTopic(1, {{"retention.ms", "3600000"},
                                               {"cleanup.policy", "compact"},
                                               {"message.timestamp.type", "CreateTime"}}));
  ASSERT_THAT(bad, IsOk());
  EXPECT_EQ(bad->refusals.size(), 2u);
  EXPECT_TRUE(bad->create_time);
  EXPECT_THAT(check("nowhere"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("--create")));
}

}  // namespace
}  // namespace verdict::kafka_log
