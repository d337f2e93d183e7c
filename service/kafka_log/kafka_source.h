// EventSource over a Kafka topic: all partitions by hand, from offsets that the caller keeps.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/metrics.h"
#include "eventlog/event_source.h"
#include "eventlog/partitioner.h"
#include "kafka_log/client.h"
#include "kafka_log/dead_letters.h"
#include "kafka_log/record_decoder.h"
#include "kafka_log/record_finder.h"
#include "kafka_log/source_metrics.h"
#include "kafka_log/topic.h"

namespace verdict::kafka_log {

// Thread-compatible. A record's time is the greatest stamp of its partition so far, floor included.
// Offsets that a transaction aborted, and those of its markers, are never seen.
class KafkaSource : public eventlog::EventSource {
 public:
  struct Options {
    std::string topic = "transactions";
    ValueFormat format = ValueFormat::kProtobuf;
    std::optional<mapping::Mapping> mapping = {};  // for kMapping
    // How the topic's writers choose the partition of a merchant; counted where they did otherwise.
    eventlog::Partitioner partitioner = eventlog::Partitioner::kMurmur2;
    DeadLetters* dead_letters = nullptr;       // told of what is unreadable; null: nobody is
    bool with_metrics = false;                 // of the one source whose progress is the process's
    std::optional<int64_t> retention_ms = {};  // of the topic, for metrics
    std::chrono::milliseconds ask_timeout{5'000};  // one question to the brokers
    // The log holds more than was read, and none of it comes: then Poll is Unavailable.
    std::chrono::milliseconds stall_timeout{10'000};
    std::chrono::milliseconds refresh_every{30'000};  // how often new partitions are looked for
  };
  // Asks the brokers for the topic. Errors: NotFound, with how to create it; Unavailable;
  // InvalidArgument: a property of librdkafka.
  static absl::StatusOr<std::unique_ptr<KafkaSource>> Open(const Connection& connection,
                                                           const Options& options);
  ~KafkaSource() override;

  // Grows by itself while Poll is called; what is new is not assigned.
  int partitions() const override { return static_cast<int>(readers_.size()); }
  using EventSource::Assign;
  absl::Status Assign(eventlog::Partition partition, eventlog::Offset from,
                      int64_t floor_ms) override;
  absl::StatusOr<size_t> Poll(std::vector<eventlog::LogRecord>* out, size_t max,
                              std::chrono::milliseconds wait) override;
  absl::StatusOr<eventlog::Offset> Low(eventlog::Partition partition) override;
  absl::StatusOr<eventlog::Offset> End(eventlog::Partition partition) override;
  absl::StatusOr<std::vector<eventlog::Offset>> Ends() override;
  absl::StatusOr<std::optional<eventlog::Offset>> FirstAtOrAfter(eventlog::Partition partition,
                                                                 int64_t record_time_ms) override;
  absl::StatusOr<eventlog::LogIdentity> Identity(eventlog::Partition partition,
                                                 eventlog::Offset last) override;
  // "cluster id/topic": what LogIdentity calls this log.
  const std::string& log_id() const { return log_id_; }

 private:
  // Where reading stands in one partition.
  struct Reader {
    eventlog::Offset next = eventlog::kParked;  // behind what was read, or known to be invisible
    int64_t newest_ms = eventlog::kNoFloor;     // the greatest stamp so far, or the floor
    Sighting last = {};                         // the record that Poll gave out last
    int in_batch = -1;                          // its place in the batch under way
    bool doubtful = false;                      // librdkafka has stopped reading it
    absl::Status lost = {};                     // why it cannot be read on; OK: it can
  };
  KafkaSource(const Connection& connection, Options options, RecordDecoder decoder);
  absl::Status CheckPartition(eventlog::Partition partition) const;
  absl::StatusOr<std::optional<Sighting>> FirstFrom(eventlog::Partition partition,
                                                    eventlog::Offset from, eventlog::Offset end,
                                                    int64_t time_ms);

  // kafka_source.cc: the stream
  absl::StatusOr<size_t> PollOnce(std::vector<eventlog::LogRecord>* out, size_t max,
                                  std::chrono::milliseconds wait);
  absl::Status ApplyAssignment();
  void Park(eventlog::Partition partition);
  std::vector<eventlog::Partition> Assigned() const;
  void Consume(size_t max, std::chrono::milliseconds wait, std::vector<eventlog::LogRecord>* out,
               size_t* count);
  void TakeBatch(size_t size, std::vector<eventlog::LogRecord>* out, size_t* count);
  void TakeRecord(const rd_kafka_message_t& message, int place,
                  std::vector<eventlog::LogRecord>* out, size_t* count);
  void TakeError(const rd_kafka_message_t& message);
  absl::StatusOr<size_t> Settle(size_t max, std::vector<eventlog::LogRecord>* out);
  absl::StatusOr<bool> AllRead(const std::vector<eventlog::Partition>& assigned,
                               const std::vector<eventlog::Offset>& ends) const;
  void CheckPlace(const eventlog::LogRecord& record) const;
  void Refresh();
  void Grow(int partitions);

  // kafka_losses.cc: what is gone
  absl::Status ExamineDoubtful();
  void ExamineBetween();
  bool RetentionLiesBetween(eventlog::Partition partition, eventlog::Offset offset);
  absl::Status Removed(eventlog::Partition partition, eventlog::Offset next,
                       eventlog::Offset low) const;
  absl::Status TellLoss();

  const Connection connection_;
  const Options options_;
  std::unique_ptr<Client> reader_client_;    // sees what is committed
  std::unique_ptr<Client> observer_client_;  // sees the log's very end
  std::unique_ptr<Topic> committed_;         // asked through reader_client_
  std::unique_ptr<Topic> written_;           // asked through observer_client_
  Queue queue_;
  RecordFinder finder_;
  RecordDecoder decoder_;
  std::string log_id_;
  base::Counter misplaced_;
  std::unique_ptr<SourceMetrics> metrics_;  // reads reader_client_

  std::vector<Reader> readers_;
  bool assignment_changed_ = false;
  bool any_doubtful_ = false;
  std::chrono::steady_clock::time_point next_tell_, next_examination_;
  absl::Status held_;  // an error of the stream that came behind records
  std::vector<rd_kafka_message_t*> batch_;
  std::chrono::steady_clock::time_point next_refresh_;
};

}  // namespace verdict::kafka_log
