// What waits for a record travels with it through librdkafka, as its opaque.
#include "kafka_log/producer.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/check.h"
#include "base/status.h"
#include "base/thread_role.h"

namespace verdict::kafka_log {
namespace {

constexpr int kPollMs = 100;

absl::Status Refused(rd_kafka_resp_err_t error, size_t records_max) {
  if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
    return absl::ResourceExhaustedError(absl::StrFormat(
        "kafka: %d records, or as many bytes as may, wait for their acknowledgement already",
        records_max));
  }
  if (error == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) {
    return absl::InvalidArgumentError("kafka: the record is larger than message.max.bytes");
  }
  return absl::UnavailableError(absl::StrCat("kafka: ", rd_kafka_err2str(error)));
}

}  // namespace

const char* NameOf(eventlog::Partitioner partitioner) {
  switch (partitioner) {
    case eventlog::Partitioner::kVerdict:
      break;
    case eventlog::Partitioner::kMurmur2:
      return "murmur2_random";
    case eventlog::Partitioner::kCrc32:
      return "consistent_random";
  }
  CHECK(false);  // no producer of Kafka's puts events where the embedded log does
  return "";
}

absl::StatusOr<std::unique_ptr<Producer>> Producer::Make(const Connection& connection,
                                                         const Options& options) {
  std::unique_ptr<Producer> producer(new Producer(options));
  const Properties own = {
      {"linger.ms", "2"},
      {"queue.buffering.max.messages", absl::StrCat(options.records_max)},
      {"queue.buffering.max.kbytes", absl::StrCat(options.bytes_max >> 10)},
      {"message.timeout.ms", absl::StrCat(options.give_up_after.count())},
      {"partitioner", NameOf(options.partitioner)},
  };
  ASSIGN_OR_RETURN(producer->client_,
                   Client::Make(connection, Client::Kind::kProducer, own,
                                [brokers = connection.brokers](const rd_kafka_message_t& message) {
                                  OnReport(brokers, message);
                                }));
  producer->thread_ = std::thread([self = producer.get()] { self->Run(); });
  return producer;
}

Producer::~Producer() {
  if (client_ == nullptr) return;
  rd_kafka_flush(client_->handle(), static_cast<int>(options_.close_within.count()));
  // Those that are not acknowledged by now are told so.
  rd_kafka_purge(client_->handle(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  rd_kafka_flush(client_->handle(), static_cast<int>(options_.close_within.count()));
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

void Producer::Run() {
  base::BeginThread("verdict-kafka", base::ThreadRole::kServing);
  while (!stopping_.load(std::memory_order_relaxed)) rd_kafka_poll(client_->handle(), kPollMs);
}

void Producer::OnReport(const std::string& brokers, const rd_kafka_message_t& message) {
  const std::unique_ptr<OnDone> done(static_cast<OnDone*>(message._private));
  if (done == nullptr) return;
  if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    (*done)(absl::OkStatus());
  } else {
    (*done)(absl::UnavailableError(
        absl::StrFormat("kafka at %s: %s", brokers, rd_kafka_err2str(message.err))));
  }
}

void Producer::Send(const Outgoing& record, OnDone done) {
  rd_kafka_headers_t* headers = rd_kafka_headers_new(record.headers.size());
  for (const Header& header : record.headers) {
    rd_kafka_header_add(headers, header.name.data(), static_cast<ssize_t>(header.name.size()),
                        header.value.data(), static_cast<ssize_t>(header.value.size()));
  }
  auto waiting = done ? std::make_unique<OnDone>(std::move(done)) : nullptr;
  const void* value = record.value ? record.value->data() : nullptr;
  const size_t size = record.value ? record.value->size() : 0;
  const rd_kafka_resp_err_t error = rd_kafka_producev(
      client_->handle(), RD_KAFKA_V_TOPIC(record.topic.c_str()),
      RD_KAFKA_V_KEY(record.key.data(), record.key.size()),
      RD_KAFKA_V_VALUE(const_cast<void*>(value), size), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
      RD_KAFKA_V_TIMESTAMP(record.stamp_ms), RD_KAFKA_V_HEADERS(headers),
      RD_KAFKA_V_OPAQUE(waiting.get()), RD_KAFKA_V_END);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
    static_cast<void>(waiting.release());
    return;
  }
  rd_kafka_headers_destroy(headers);
  if (waiting != nullptr) (*waiting)(Refused(error, options_.records_max));
}

absl::Status Producer::Flush(std::chrono::milliseconds timeout) {
  const rd_kafka_resp_err_t error =
      rd_kafka_flush(client_->handle(), static_cast<int>(timeout.count()));
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return absl::OkStatus();
  return absl::DeadlineExceededError(absl::StrCat("kafka: ", rd_kafka_err2str(error)));
}

}  // namespace verdict::kafka_log
