// Writes records to topics and says what became of each.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventlog/partitioner.h"
#include "kafka_log/client.h"

namespace verdict::kafka_log {

struct Header {
  std::string_view name;
  std::string_view value;
};

// One record to be written; all of it is copied.
struct Outgoing {
  const std::string& topic;
  std::string_view key = {};
  std::optional<std::string_view> value = {};
  std::vector<Header> headers = {};
  int64_t stamp_ms = 0;  // the record's time, where the topic takes its producers'; 0: now
};

// What librdkafka calls a partitioner. REQUIRES: not kVerdict, which is the embedded log's.
const char* NameOf(eventlog::Partitioner partitioner);

// Thread-safe. Idempotent: acknowledged by all replicas, once, in order. One thread waits for
// acknowledgements.
class Producer {
 public:
  struct Options {
    size_t records_max = 65'536;  // that wait for their acknowledgement; more are refused
    size_t bytes_max = size_t{64} << 20;
    std::chrono::milliseconds give_up_after{10'000};  // a record that is not acknowledged by then
    std::chrono::milliseconds close_within{5'000};    // the last ones, when it is destroyed
    eventlog::Partitioner partitioner = eventlog::Partitioner::kMurmur2;  // not kVerdict
  };
  // Errors: InvalidArgument: a property of librdkafka.
  static absl::StatusOr<std::unique_ptr<Producer>> Make(const Connection& connection,
                                                        const Options& options);
  ~Producer();

  using OnDone = std::function<void(const absl::Status&)>;
  // Never blocks. `done` is called once: on the producer's thread, or on the caller's for what is
  // refused at once (ResourceExhausted, InvalidArgument). Unavailable: not acknowledged in time; it
  // may have been written all the same.
  void Send(const Outgoing& record, OnDone done);
  // Waits until everything sent before has its answer. Errors: DeadlineExceeded.
  absl::Status Flush(std::chrono::milliseconds timeout);

 private:
  explicit Producer(const Options& options) : options_(options) {}
  void Run();
  static void OnReport(const std::string& brokers, const rd_kafka_message_t& message);

  const Options options_;
  std::unique_ptr<Client> client_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace verdict::kafka_log
