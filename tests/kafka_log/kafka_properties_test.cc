// What a deployment may set of librdkafka, and what not.
#include "kafka_log/kafka_properties.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kafka_log/client.h"
#include "kafka_log/producer.h"
#include "support/status_matchers.h"

namespace verdict::kafka_log {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::IsOk;
using ::testing::Pair;
using testing::StatusIs;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

TEST(KafkaProperties, ReadsNamesAndValues) {
  const auto read = ParseProperties("k",
                                    "# a comment\n! another\n\n security.protocol = SASL_SSL \r\n"
                                    "sasl.password=a=b # no comment\nempty=\nlast=1");
  ASSERT_THAT(read, IsOk());
  EXPECT_THAT(*read, ElementsAre(Pair("security.protocol", "SASL_SSL"),
                                 Pair("sasl.password", "a=b # no comment"), Pair("empty", ""),
                                 Pair("last", "1")));
}

TEST(KafkaProperties, RefusesWhatExactnessFixesAndSaysWhy) {
  for (const std::string name :
       {"isolation.level", "auto.offset.reset", "enable.auto.commit", "enable.partition.eof",
        "enable.idempotence", "acks", "bootstrap.servers", "group.instance.id", "partitioner"}) {
    EXPECT_THAT(ParseProperties("k.properties", "a=1\n" + name + "=x\n"),
                StatusIs(kInvalid, AllOf(HasSubstr("k.properties:2"), HasSubstr(name),
                                         HasSubstr("cannot be set here"))))
        << name;
  }
}

TEST(KafkaProperties, SaysWhichLineIsNone) {
  EXPECT_THAT(ParseProperties("k", "a=1\nnonsense\n"), StatusIs(kInvalid, HasSubstr("k:2")));
  EXPECT_THAT(ParseProperties("k", "=1\n"), StatusIs(kInvalid, HasSubstr("k:1")));
  EXPECT_THAT(ParseProperties("k", "a=1\nb=2\na=3"),
              StatusIs(kInvalid, HasSubstr("a stands twice")));
  EXPECT_THAT(ReadProperties("/nowhere/k"), StatusIs(kInvalid, HasSubstr("/nowhere/k")));
  EXPECT_THAT(ReadProperties(""), IsOk());
}

TEST(KafkaProperties, ReachLibrdkafkaWhichKnowsTheRest) {
  const auto make = [](Properties properties) {
    return Client::Make({.brokers = "127.0.0.1:1", .properties = std::move(properties)},
                        Client::Kind::kReader)
        .status();
  };
  EXPECT_THAT(make({{"ssl.ca.location", "/nowhere.pem"}, {"client.id", "me"}}), IsOk());
  EXPECT_THAT(make({{"no.such.thing", "1"}}), StatusIs(kInvalid, HasSubstr("no.such.thing")));
  EXPECT_THAT(make({{"fetch.min.bytes", "many"}}),
              StatusIs(kInvalid, HasSubstr("fetch.min.bytes")));
}

// What the deployment sets goes before ours, and what exactness fixes before both.
TEST(KafkaProperties, WinOverOursAndLoseToWhatIsFixed) {
  const auto client = Client::Make(
      {.brokers = "127.0.0.1:1",
       .properties = {{"fetch.wait.max.ms", "77"}, {"isolation.level", "read_uncommitted"}}},
      Client::Kind::kReader);
  ASSERT_THAT(client, IsOk());
  const auto value = [&](const char* name) {
    char text[128];
    size_t size = sizeof text;
    EXPECT_EQ(rd_kafka_conf_get(rd_kafka_conf((*client)->handle()), name, text, &size),
              RD_KAFKA_CONF_OK);
    return std::string(text);
  };
  EXPECT_EQ(value("fetch.wait.max.ms"), "77");
  EXPECT_EQ(value("isolation.level"), "read_committed");
  EXPECT_EQ(value("bootstrap.servers"), "127.0.0.1:1");
}

// librdkafka's own functions say the same of a key as ours.
TEST(Partitioners, AreThoseOfLibrdkafka) {
  const auto client =
      Client::Make({.brokers = "127.0.0.1:1", .properties = {}}, Client::Kind::kProducer);
  ASSERT_THAT(client, IsOk());
  rd_kafka_topic_t* topic = rd_kafka_topic_new((*client)->handle(), "t", nullptr);
  for (int i = 0; i < 500; ++i) {
    const std::string key =
        std::string(static_cast<size_t>(i % 40), static_cast<char>('a' + i % 26)) +
        std::to_string(i * 7919) + (i % 3 == 0 ? "\xc3\xa9" : "");
    EXPECT_EQ(
        eventlog::PartitionOf(key, 12, eventlog::Partitioner::kMurmur2),
        rd_kafka_msg_partitioner_murmur2(topic, key.data(), key.size(), 12, nullptr, nullptr));
    EXPECT_EQ(
        eventlog::PartitionOf(key, 12, eventlog::Partitioner::kCrc32),
        rd_kafka_msg_partitioner_consistent(topic, key.data(), key.size(), 12, nullptr, nullptr));
  }
  rd_kafka_topic_destroy(topic);
}

}  // namespace
}  // namespace verdict::kafka_log
