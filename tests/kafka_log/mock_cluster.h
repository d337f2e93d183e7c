// librdkafka's brokers in memory: for faults that a real one has only when one cannot wait for
// them.
#pragma once

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <string>

#include "base/check.h"

namespace verdict::testing {

// Thread-compatible. Never a log: it keeps 5 MB a partition and knows no times.
class MockCluster {
 public:
  static constexpr int16_t kProduce = 0, kFetch = 1, kListOffsets = 2, kMetadata = 3;

  explicit MockCluster(int brokers) {
    char why[512];
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, [](const rd_kafka_t*, int, const char*, const char*) {});
    owner_ = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
    CHECK(owner_ != nullptr);
    cluster_ = rd_kafka_mock_cluster_new(owner_, brokers);
    CHECK(cluster_ != nullptr);
  }
  ~MockCluster() {
    rd_kafka_mock_cluster_destroy(cluster_);
    rd_kafka_destroy(owner_);
  }
  MockCluster(const MockCluster&) = delete;
  MockCluster& operator=(const MockCluster&) = delete;

  std::string brokers() const { return rd_kafka_mock_cluster_bootstraps(cluster_); }
  void MakeTopic(const std::string& topic, int partitions) {
    CHECK(rd_kafka_mock_topic_create(cluster_, topic.c_str(), partitions, 1) ==
          RD_KAFKA_RESP_ERR_NO_ERROR);
  }
  void SetDown(int broker) {
    CHECK(rd_kafka_mock_broker_set_down(cluster_, broker) == RD_KAFKA_RESP_ERR_NO_ERROR);
  }
  void SetUp(int broker) {
    CHECK(rd_kafka_mock_broker_set_up(cluster_, broker) == RD_KAFKA_RESP_ERR_NO_ERROR);
  }
  void SetLeader(const std::string& topic, int partition, int broker) {
    CHECK(rd_kafka_mock_partition_set_leader(cluster_, topic.c_str(), partition, broker) ==
          RD_KAFKA_RESP_ERR_NO_ERROR);
  }
  void SetDelay(int broker, int ms) {
    CHECK(rd_kafka_mock_broker_set_rtt(cluster_, broker, ms) == RD_KAFKA_RESP_ERR_NO_ERROR);
  }
  // The next `count` requests of a kind fail so; RD_KAFKA_RESP_ERR__TRANSPORT: disconnect.
  void Fail(int16_t request, rd_kafka_resp_err_t error, int count) {
    for (int i = 0; i < count; ++i) rd_kafka_mock_push_request_errors(cluster_, request, 1, error);
  }

 private:
  rd_kafka_t* owner_ = nullptr;
  rd_kafka_mock_cluster_t* cluster_ = nullptr;
};

}  // namespace verdict::testing
