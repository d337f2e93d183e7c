// One librdkafka client: its configuration, its errors, its end.
#pragma once

#include <librdkafka/rdkafka.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "kafka_log/kafka_properties.h"

namespace verdict::kafka_log {

// How brokers are reached; the same for all clients of a process.
struct Connection {
  std::string brokers;    // "host:9092,other:9092"
  Properties properties;  // the deployment's own, from kafka.properties
};

// What became of a message that a producer took: on the thread that polls the producer.
using OnDelivery = std::function<void(const rd_kafka_message_t& message)>;

// **Thread-safe.**
class Client {
 public:
  // kReader sees what was committed alone; kObserver also what a transaction may still abort.
  enum class Kind : uint8_t { kReader, kObserver, kProducer };
  // `own` goes before the deployment's properties, what exactness fixes behind them. Does not ask
  // the brokers. Errors: InvalidArgument: what librdkafka says of a property.
  static absl::StatusOr<std::unique_ptr<Client>> Make(const Connection& connection, Kind kind,
                                                      const Properties& own = {},
                                                      OnDelivery on_delivery = nullptr);
  // What a producer has not delivered by now is lost: flush before.
  ~Client();

  rd_kafka_t* handle() const { return handle_; }
  const std::string& brokers() const { return brokers_; }

  // Lets connections say what they met since. Who reads a queue does so all the time.
  void Listen();
  // False from when no broker could be reached, or an answer failed to come, to the next answer.
  bool up() const { return up_.load(std::memory_order_relaxed); }
  // The brokers have refused who we are since their last answer: trying again is no use.
  bool refused() const { return refused_.load(std::memory_order_relaxed); }
  void NoteAnswer() EXCLUDES_LOCK(mutex_);
  // Unavailable: what was asked, librdkafka's words for `error`, and what its connections said
  // first since the last answer. Makes up() false.
  absl::Status Trouble(std::string_view asked, rd_kafka_resp_err_t error) EXCLUDES_LOCK(mutex_);

 private:
  Client(std::string brokers, Kind kind) : brokers_(std::move(brokers)), kind_(kind) {}
  static void OnError(rd_kafka_t* handle, int error, const char* reason, void* self);
  static void OnReport(rd_kafka_t* handle, const rd_kafka_message_t* message, void* self);
  void NoteTrouble(std::string_view reason) EXCLUDES_LOCK(mutex_);

  const std::string brokers_;
  const Kind kind_;
  rd_kafka_t* handle_ = nullptr;
  OnDelivery on_delivery_;
  std::atomic<bool> up_{true};
  std::atomic<bool> refused_{false};
  base::Mutex mutex_;
  std::string first_trouble_ GUARDED_BY(mutex_);
};

// Frees what librdkafka hands out.
struct Deleter {
  void operator()(rd_kafka_topic_partition_list_t* list) const {
    rd_kafka_topic_partition_list_destroy(list);
  }
  void operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }
  void operator()(rd_kafka_message_t* message) const { rd_kafka_message_destroy(message); }
  void operator()(const rd_kafka_metadata_t* metadata) const {
    rd_kafka_metadata_destroy(metadata);
  }
};
using PartitionList = std::unique_ptr<rd_kafka_topic_partition_list_t, Deleter>;
using Queue = std::unique_ptr<rd_kafka_queue_t, Deleter>;
using Message = std::unique_ptr<rd_kafka_message_t, Deleter>;

}  // namespace verdict::kafka_log
