// A topic of a real broker, without anything of the service's: made, written to, read back whole.
#pragma once

#include <librdkafka/rdkafka.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace verdict::seam {

using Headers = std::vector<std::pair<std::string, std::string>>;

// A record as the broker keeps it.
struct Message {
  int32_t partition = -1;  // -1, to be produced: the key says which
  int64_t offset = -1;
  int64_t timestamp_ms = 0;
  std::string key = {};
  std::string value = {};
  Headers headers = {};

  // The value of a header; empty where there is none.
  std::string HeaderOf(const std::string& name) const;
};

// Makes a topic of `partitions` partitions; `config` as the broker names it. Ends the process with
// a message where that fails.
void MakeTopic(const std::string& brokers, const std::string& topic, int partitions,
               const Headers& config);

// By partition: the offset of the next record to be written.
std::vector<int64_t> TopicEnds(const std::string& brokers, const std::string& topic);

// All records that the topic holds now, from offset 0 on, in offset order within each partition, by
// a consumer with no group. Tries for `timeout_s`; a topic that cannot be read ends the process
// with a message.
std::vector<Message> ReadTopic(const std::string& brokers, const std::string& topic,
                               int timeout_s = 60);

// Thread-safe. The payment system's producer: acknowledged by all, tried again for minutes, so that
// a broker that is away loses nothing and may well write a record twice.
class Producer {
 public:
  Producer(const std::string& brokers, std::string topic);
  ~Producer();  // without waiting for what is under way: Flush first
  Producer(const Producer&) = delete;
  Producer& operator=(const Producer&) = delete;

  // Never blocks for long: waits only where 100,000 records are under way.
  void Produce(const Message& message);
  // True once everything produced so far is acknowledged; false after `timeout_ms`.
  bool Flush(int timeout_ms);
  uint64_t acknowledged() const { return acknowledged_.load(); }
  uint64_t failed() const { return failed_.load(); }  // given up: the run is spoilt

 private:
  static void OnDelivered(rd_kafka_t*, const rd_kafka_message_t* message, void* self);

  std::string topic_;
  rd_kafka_t* kafka_;
  std::atomic<uint64_t> acknowledged_{0}, failed_{0};
  std::atomic<bool> stopping_{false};
  std::thread poller_;
};

}  // namespace verdict::seam
