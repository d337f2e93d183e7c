// After a batch that was not acknowledged the client is made anew: what of it may still be under
// way must not come behind what is sent next.
#include "kafka_log/batch_sender.h"

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "kafka_log/producer.h"
#include "kafka_log/topic.h"

namespace verdict::kafka_log {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Longer than it takes to hand over a batch, so that it leaves whole: Send() ends with a flush,
// which waits for no linger. Where parts left one by one and the brokers were slow, librdkafka's
// thread was seen to take most of a core.
constexpr char kLingerMs[] = "500";
constexpr int kFullPauseMs = 5;
constexpr int kPurgeMs = 10'000;

bool IsForEver(rd_kafka_resp_err_t error) {
  return error == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE || error == RD_KAFKA_RESP_ERR_INVALID_MSG ||
         error == RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE || error == RD_KAFKA_RESP_ERR_INVALID_RECORD;
}

}  // namespace

BatchSender::BatchSender(Connection connection, std::string topic,
                         eventlog::Partitioner partitioner)
    : connection_(std::move(connection)), topic_(std::move(topic)), partitioner_(partitioner) {}

BatchSender::~BatchSender() = default;

absl::Status BatchSender::Open() {
  if (client_ != nullptr) return absl::OkStatus();
  const Properties own = {
      {"linger.ms", kLingerMs},
      {"queue.buffering.max.messages", "1000000"},
      {"partitioner", NameOf(partitioner_)},
  };
  ASSIGN_OR_RETURN(client_,
                   Client::Make(connection_, Client::Kind::kProducer, own,
                                [this](const rd_kafka_message_t& message) { OnReport(message); }));
  return absl::OkStatus();
}

absl::Status BatchSender::Ask(milliseconds timeout) {
  RETURN_IF_ERROR(Open());
  return Topic(client_.get(), topic_, timeout).Partitions().status();
}

void BatchSender::OnReport(const rd_kafka_message_t& message) {
  const size_t place = reinterpret_cast<uintptr_t>(message._private) - 1;
  if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) fates_[place] = Fate::kSent;
  if (IsForEver(message.err)) fates_[place] = Fate::kRefused;
}

bool BatchSender::Produce(const SpooledRecord& record, size_t place,
                          steady_clock::time_point deadline) {
  while (true) {
    // `record` stays until it was reported: not copied.
    const rd_kafka_resp_err_t error = rd_kafka_producev(
        client_->handle(), RD_KAFKA_V_TOPIC(topic_.c_str()),
        RD_KAFKA_V_KEY(record.key.data(), record.key.size()),
        RD_KAFKA_V_VALUE(const_cast<char*>(record.value.data()), record.value.size()),
        RD_KAFKA_V_HEADER("content-type", "application/x-protobuf", -1),
        RD_KAFKA_V_OPAQUE(reinterpret_cast<void*>(place + 1)), RD_KAFKA_V_END);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return true;
    if (IsForEver(error)) {
      fates_[place] = Fate::kRefused;
      return true;
    }
    if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL || steady_clock::now() >= deadline) return false;
    rd_kafka_poll(client_->handle(), kFullPauseMs);
  }
}

std::vector<Fate> BatchSender::Send(std::span<const SpooledRecord> records, milliseconds within) {
  fates_.assign(records.size(), Fate::kUnknown);
  // A new client learns where the partitions are first: that alone may take it a second.
  asked_ = asked_ || Ask(within).ok();
  if (!asked_) return std::exchange(fates_, {});
  const auto deadline = steady_clock::now() + within;
  bool whole = true;
  for (size_t i = 0; i < records.size() && whole; ++i) whole = Produce(records[i], i, deadline);
  const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
  rd_kafka_flush(client_->handle(), std::max(0, static_cast<int>(left.count())));
  bool all_known = true;
  for (const Fate fate : fates_) all_known = all_known && fate != Fate::kUnknown;
  if (!all_known) {
    rd_kafka_purge(client_->handle(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_flush(client_->handle(), kPurgeMs);
    client_.reset();
    asked_ = false;
  }
  return std::exchange(fates_, {});
}

}  // namespace verdict::kafka_log
