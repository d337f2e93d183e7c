// The stream: librdkafka prefetches on its own threads; Poll decodes what is there on the caller's.
#include "kafka_log/kafka_source.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "kafka_log/stamp.h"

namespace verdict::kafka_log {
namespace {

using eventlog::kParked;
using eventlog::LogRecord;
using eventlog::Offset;
using eventlog::Partition;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// How long Poll looks for what the log holds and has not come, before it looks around.
constexpr milliseconds kGlance{10};

RecordContent ContentOf(const rd_kafka_message_t& message) {
  RecordContent content;
  if (message.payload != nullptr) {
    content.value.emplace(static_cast<const char*>(message.payload), message.len);
  }
  rd_kafka_headers_t* headers = nullptr;
  const void* type = nullptr;
  size_t size = 0;
  if (rd_kafka_message_headers(&message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR &&
      rd_kafka_header_get_last(headers, "content-type", &type, &size) ==
          RD_KAFKA_RESP_ERR_NO_ERROR) {
    content.content_type.emplace(static_cast<const char*>(type), size);
  }
  return content;
}

}  // namespace

KafkaSource::KafkaSource(const Connection& connection, Options options, RecordDecoder decoder)
    : connection_(connection),
      options_(std::move(options)),
      finder_(connection, options_.topic, options_.ask_timeout),
      decoder_(std::move(decoder)),
      misplaced_(base::Metrics().AddCounter(
          "verdict_kafka_misplaced_total",
          "Events that lie in another partition than log.kafka.partitioner says of their "
          "merchant.")) {}

KafkaSource::~KafkaSource() = default;

absl::StatusOr<std::unique_ptr<KafkaSource>> KafkaSource::Open(const Connection& connection,
                                                               const Options& options) {
  std::optional<mapping::JsonMapper> mapper;
  if (options.format == ValueFormat::kMapping) {
    if (!options.mapping) return absl::InvalidArgumentError("no mapping file is named");
    ASSIGN_OR_RETURN(mapper, mapping::JsonMapper::Bind(*options.mapping));
  }
  std::unique_ptr<KafkaSource> source(
      new KafkaSource(connection, options, RecordDecoder(options.format, std::move(mapper))));
  ASSIGN_OR_RETURN(source->reader_client_, Client::Make(connection, Client::Kind::kReader));
  ASSIGN_OR_RETURN(source->observer_client_, Client::Make(connection, Client::Kind::kObserver));
  source->committed_ =
      std::make_unique<Topic>(source->reader_client_.get(), options.topic, options.ask_timeout);
  source->written_ =
      std::make_unique<Topic>(source->observer_client_.get(), options.topic, options.ask_timeout);
  ASSIGN_OR_RETURN(const int partitions, source->written_->Partitions());
  ASSIGN_OR_RETURN(const std::string cluster, source->written_->ClusterId());
  source->log_id_ = cluster + "/" + options.topic;
  if (options.with_metrics) {
    source->metrics_ = std::make_unique<SourceMetrics>(source->reader_client_.get(), options.topic,
                                                       options.retention_ms);
  }
  source->Grow(partitions);
  source->next_refresh_ = steady_clock::now() + options.refresh_every;
  rd_kafka_poll_set_consumer(source->reader_client_->handle());
  source->queue_.reset(rd_kafka_queue_get_consumer(source->reader_client_->handle()));
  return source;
}

absl::Status KafkaSource::CheckPartition(Partition partition) const {
  if (partition >= 0 && partition < partitions()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrFormat("partition %d: topic %s has partitions 0 to %d",
                                                    partition, options_.topic, partitions() - 1));
}

absl::Status KafkaSource::Assign(Partition partition, Offset from, int64_t floor_ms) {
  RETURN_IF_ERROR(CheckPartition(partition));
  if (from == kParked) {
    Park(partition);
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const Offset low, Low(partition));
  if (from < low) {
    return absl::OutOfRangeError(
        absl::StrFormat("partition %d of topic %s: offset %d is asked for, the log begins at %d",
                        partition, options_.topic, from, low));
  }
  readers_[static_cast<size_t>(partition)] = Reader{.next = from, .newest_ms = floor_ms};
  assignment_changed_ = true;
  return absl::OkStatus();
}

// The others' prefetched records stay.
void KafkaSource::Park(Partition partition) {
  Reader& reader = readers_[static_cast<size_t>(partition)];
  if (reader.next == kParked) return;
  reader = Reader{};
  if (assignment_changed_) return;
  const PartitionList list(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(list.get(), options_.topic.c_str(), partition);
  rd_kafka_error_t* error = rd_kafka_incremental_unassign(reader_client_->handle(), list.get());
  if (error == nullptr) return;
  rd_kafka_error_destroy(error);
  assignment_changed_ = true;  // all of them anew
}

std::vector<Partition> KafkaSource::Assigned() const {
  std::vector<Partition> assigned;
  for (Partition p = 0; p < partitions(); ++p) {
    const Reader& reader = readers_[static_cast<size_t>(p)];
    if (reader.next != kParked && reader.lost.ok()) assigned.push_back(p);
  }
  return assigned;
}

absl::Status KafkaSource::ApplyAssignment() {
  if (!assignment_changed_) return absl::OkStatus();
  const std::vector<Partition> assigned = Assigned();
  const PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(assigned.size())));
  for (const Partition p : assigned) {
    rd_kafka_topic_partition_list_add(list.get(), options_.topic.c_str(), p)->offset =
        readers_[static_cast<size_t>(p)].next;
  }
  const rd_kafka_resp_err_t error = rd_kafka_assign(reader_client_->handle(), list.get());
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return reader_client_->Trouble("assigning topic " + options_.topic, error);
  }
  assignment_changed_ = false;
  return absl::OkStatus();
}

absl::StatusOr<size_t> KafkaSource::Poll(std::vector<LogRecord>* out, size_t max,
                                         milliseconds wait) {
  absl::StatusOr<size_t> polled = PollOnce(out, max, wait);
  if (metrics_ != nullptr) {
    for (Partition p = 0; p < partitions(); ++p) {
      const Reader& reader = readers_[static_cast<size_t>(p)];
      metrics_->Note(p, reader.next, reader.newest_ms);
    }
    if (!polled.ok()) metrics_->CountError(polled.status());
  }
  return polled;
}

absl::StatusOr<size_t> KafkaSource::PollOnce(std::vector<LogRecord>* out, size_t max,
                                             milliseconds wait) {
  Refresh();
  RETURN_IF_ERROR(TellLoss());
  RETURN_IF_ERROR(ApplyAssignment());
  size_t count = 0;
  Consume(max, wait, out, &count);
  if (count == 0) {
    ASSIGN_OR_RETURN(count, Settle(max, out));
  } else {
    ExamineBetween();
  }
  out->resize(count);
  return count;
}

// What is there; where that is nothing, what comes within `wait`. An error of the stream is held
// back until what came before it was given out.
void KafkaSource::Consume(size_t max, milliseconds wait, std::vector<LogRecord>* out,
                          size_t* count) {
  batch_.resize(max);
  const auto deadline = steady_clock::now() + wait;
  size_t first = 0;
  while (true) {
    const ssize_t more =
        rd_kafka_consume_batch_queue(queue_.get(), 0, batch_.data() + first, batch_.size() - first);
    TakeBatch(first + static_cast<size_t>(std::max<ssize_t>(more, 0)), out, count);
    if (*count > 0 || !held_.ok()) return;
    const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
    if (left.count() <= 0) return;
    batch_[0] = rd_kafka_consume_queue(queue_.get(), static_cast<int>(left.count()));
    first = batch_[0] == nullptr ? 0 : 1;
  }
}

void KafkaSource::TakeBatch(size_t size, std::vector<LogRecord>* out, size_t* count) {
  bool answered = false;
  for (size_t i = 0; i < size; ++i) {
    const rd_kafka_message_t& message = *batch_[i];
    if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      TakeRecord(message, static_cast<int>(i), out, count);
      answered = true;
    } else {
      TakeError(message);
      answered = answered || message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
    }
  }
  for (Reader& reader : readers_) {
    if (const int place = std::exchange(reader.in_batch, -1); place >= 0) {
      reader.last = Sight(*batch_[static_cast<size_t>(place)]);
    }
  }
  for (size_t i = 0; i < size; ++i) rd_kafka_message_destroy(batch_[i]);
  if (answered) reader_client_->NoteAnswer();
}

void KafkaSource::TakeRecord(const rd_kafka_message_t& message, int place,
                             std::vector<LogRecord>* out, size_t* count) {
  Reader& reader = readers_[static_cast<size_t>(message.partition)];
  // What an earlier assignment had fetched.
  if (reader.next == kParked || !reader.lost.ok() || message.offset < reader.next) return;
  if (message.offset > reader.next && RetentionLiesBetween(message.partition, message.offset)) {
    return;
  }
  if (out->size() <= *count) out->emplace_back();
  LogRecord& record = (*out)[(*count)++];
  record.partition = message.partition;
  record.offset = message.offset;
  record.decision.reset();
  decoder_.Decode(ContentOf(message), &record);
  if (const std::optional<int64_t> stamp_ms = StampOf(message)) {
    reader.newest_ms = std::max(reader.newest_ms, *stamp_ms);
  } else {
    record.left_out = false;
    record.unreadable =
        "its producer stamped it past the real time: that clock is wrong, or not in milliseconds";
  }
  record.record_time_ms = std::max<int64_t>(reader.newest_ms, 0);
  reader.next = message.offset + 1;
  reader.in_batch = place;
  if (!record.unreadable.empty() && options_.dead_letters != nullptr) {
    options_.dead_letters->Send(message, record.unreadable);
  }
  if (record.unreadable.empty() && !record.left_out) CheckPlace(record);
}

// A retry is looked for where its merchant's events are said to lie.
void KafkaSource::CheckPlace(const LogRecord& record) const {
  const Partition said =
      eventlog::PartitionOf(record.event.txn.merchant_id, partitions(), options_.partitioner);
  if (said != record.partition) misplaced_.Add();
}

void KafkaSource::TakeError(const rd_kafka_message_t& message) {
  const bool of_partition =
      message.rkt != nullptr && message.partition >= 0 && message.partition < partitions();
  Reader* reader = of_partition ? &readers_[static_cast<size_t>(message.partition)] : nullptr;
  switch (message.err) {
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
      if (reader != nullptr && reader->next != kParked) {
        reader->next = std::max(reader->next, message.offset);
      }
      return;
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
      if (reader != nullptr && reader->next != kParked) {
        reader->doubtful = true;
        any_doubtful_ = true;
      }
      return;
    default:
      held_ = reader_client_->Trouble("reading topic " + options_.topic, message.err);
  }
}

// Nothing has come. Says whether there is nothing: the ends are asked for now, and what they
// promise is waited for.
absl::StatusOr<size_t> KafkaSource::Settle(size_t max, std::vector<LogRecord>* out) {
  std::vector<Offset> ends;
  std::vector<Partition> assigned;
  const auto deadline = steady_clock::now() + options_.stall_timeout;
  for (size_t count = 0;; Consume(max, kGlance, out, &count)) {
    if (count > 0) return count;
    if (!held_.ok()) return std::exchange(held_, absl::OkStatus());
    RETURN_IF_ERROR(ExamineDoubtful());
    RETURN_IF_ERROR(ApplyAssignment());
    for (const Reader& reader : readers_) RETURN_IF_ERROR(reader.lost);
    if (ends.empty()) {
      assigned = Assigned();
      if (assigned.empty()) return 0;
      ASSIGN_OR_RETURN(ends, committed_->Ends(assigned));
    }
    ASSIGN_OR_RETURN(const bool all_read, AllRead(assigned, ends));
    if (all_read) return 0;
    if (steady_clock::now() >= deadline) {
      return reader_client_->Trouble("reading topic " + options_.topic,
                                     RD_KAFKA_RESP_ERR__TIMED_OUT);
    }
  }
}

absl::StatusOr<bool> KafkaSource::AllRead(const std::vector<Partition>& assigned,
                                          const std::vector<Offset>& ends) const {
  bool all_read = true;
  for (size_t i = 0; i < assigned.size(); ++i) {
    const Offset next = readers_[static_cast<size_t>(assigned[i])].next;
    if (ends[i] >= next) {
      all_read = all_read && ends[i] == next;
      continue;
    }
    // Read from a leader that another has followed, which is not there yet; else the stream finds
    // out that the tail is gone.
    return absl::UnavailableError(
        absl::StrFormat("partition %d of topic %s ends at offset %d now, and was read up to %d",
                        assigned[i], options_.topic, ends[i], next));
  }
  return all_read;
}

// A question that fails is asked again next time; whether brokers answer others will say.
void KafkaSource::Refresh() {
  const auto now = steady_clock::now();
  if (now < next_refresh_ || !observer_client_->up()) return;
  next_refresh_ = now + options_.refresh_every;
  const absl::StatusOr<int> found = written_->Partitions();
  if (!found.ok() || *found <= partitions()) return;
  // Each client keeps its own map of the topic.
  const absl::StatusOr<int> found_too = committed_->Partitions();
  if (found_too.ok() && *found_too >= *found) Grow(*found);
}

void KafkaSource::Grow(int partitions) {
  readers_.resize(static_cast<size_t>(partitions));
  if (metrics_ != nullptr) metrics_->Grow(partitions);
}

}  // namespace verdict::kafka_log
