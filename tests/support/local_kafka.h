// A real broker for one test program, from deploy/local, and what tests do to it.
#pragma once

#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace verdict::testing {

// Thread-compatible. Starts with the first Get() and ends with the process.
class LocalKafka {
 public:
  // Null where there can be none here; `why` then begins with "skipped: ". Ends the program where
  // there should be one and it does not come up.
  static LocalKafka* Get(std::string* why);
  ~LocalKafka();

  std::string brokers() const { return "127.0.0.1:" + port_; }
  // kill -9, and all goes on as it was left. Up() may be called when it is up.
  void Kill();
  void Up();

  // A topic of its own for each test: its name ends in a number. Times are the broker's, unless
  // `configs` says otherwise.
  std::string MakeTopic(int partitions, std::map<std::string, std::string> configs = {});
  void MakeTopicNamed(const std::string& name, int partitions,
                      std::map<std::string, std::string> configs = {});
  void DeleteTopic(const std::string& topic);
  void AddPartitions(const std::string& topic, int total);
  // Removes what lies below `before`, as retention does.
  void DeleteRecords(const std::string& topic, int32_t partition, int64_t before);

 private:
  LocalKafka(std::string dir, std::string port);
  void Run(const std::string& command);

  std::string dir_;
  std::string port_;
  rd_kafka_t* admin_ = nullptr;
  int topics_ = 0;
};

// Thread-compatible. Writes whatever a test wants written.
class TestProducer {
 public:
  struct Record {
    int32_t partition = 0;
    std::string key = {};
    std::optional<std::string> value = {};
    int64_t timestamp_ms = 0;  // 0: now
    std::vector<std::pair<std::string, std::string>> headers = {};
  };
  // `transactional_id` empty: no transactions.
  explicit TestProducer(const std::string& brokers, const std::string& transactional_id = "");
  ~TestProducer();

  // All of it is in the log when it returns; the offset of the last.
  int64_t Write(const std::string& topic, const std::vector<Record>& records);
  void Begin();
  // When they return, readers see what was decided: its markers are in the log, too.
  void Commit();
  void Abort();

 private:
  static void OnReport(rd_kafka_t*, const rd_kafka_message_t* message, void* self);
  void AwaitMarkers();
  const std::string brokers_;
  rd_kafka_t* handle_ = nullptr;
  int64_t last_offset_ = -1;
  std::set<std::pair<std::string, int32_t>> touched_;  // by the transaction under way
};

// Reads a whole topic, read_committed, up to where it ends now: key, value, headers as text.
struct ReadBack {
  int32_t partition = 0;
  int64_t offset = 0;
  std::string key;
  std::string value;
  std::map<std::string, std::string> headers;
};
std::vector<ReadBack> ReadTopic(const std::string& brokers, const std::string& topic);

}  // namespace verdict::testing
