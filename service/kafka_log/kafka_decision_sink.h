// Decisions to a topic; to a folder while the brokers are away.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/metrics.h"
#include "decide/decision_sink.h"
#include "eventlog/partitioner.h"
#include "kafka_log/batch_sender.h"
#include "kafka_log/decision_queue.h"
#include "kafka_log/spool.h"

namespace verdict::kafka_log {

// Thread-safe. Each decision is written at least once, those of a merchant in order, over restarts
// of brokers and of this process; twice where an acknowledgement was lost. kill -9 loses what
// waited in memory: that of the last `linger`, and of one request. What finds no room in memory or
// folder is dropped, and counted: verdict_decision_records_total{result=sent|spooled|dropped}; what
// was spooled is counted as sent, too, once it is.
class KafkaDecisionSink : public decide::DecisionSink {
 public:
  struct Options {
    std::string topic = "decisions";
    eventlog::Partitioner partitioner = eventlog::Partitioner::kMurmur2;
    size_t queue_bytes_max = size_t{32} << 20;
    // Nobody waits for a decision's record, and a request costs the brokers much more than a
    // record: so a batch is that of so long, or a full block.
    std::chrono::milliseconds linger{20};
    Spool::Options spool;
    std::chrono::milliseconds ack_within{1'000};  // then a batch goes to the folder
    std::chrono::milliseconds retry_every{500};   // while the brokers are away
    // Told on the sink's thread when decisions begin to be spooled, and when none is left there.
    std::function<void(const absl::Status&)> report = {};
  };
  // Asks nobody: brokers may be away. Errors: InvalidArgument: a property of librdkafka;
  // FailedPrecondition: the folder.
  static absl::StatusOr<std::unique_ptr<KafkaDecisionSink>> Open(const Connection& connection,
                                                                 const Options& options);
  // What cannot be sent within `ack_within` is in the folder then.
  ~KafkaDecisionSink() override;

  void Put(const model::Decision& decision, std::string_view merchant_id) override;

 private:
  KafkaDecisionSink(const Connection& connection, const Options& options,
                    std::unique_ptr<Spool> spool);
  void Run();
  void SendFresh(std::vector<SpooledRecord> records);
  // False: it is of no use to go on now.
  bool SendSpooled();
  void ToSpool(std::span<const SpooledRecord> records);
  void NoteSpool();
  void Report(const absl::Status& status);

  const Options options_;
  DecisionQueue queue_;
  BatchSender sender_;
  std::unique_ptr<Spool> spool_;
  absl::Status reported_;
  base::Counter sent_, spooled_, dropped_;
  std::atomic<uint64_t> spool_bytes_{0};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace verdict::kafka_log
