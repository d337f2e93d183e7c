// rd_kafka_offsets_for_times asks all partitions of a broker in one request; the ends are "times",
// too.
#include "kafka_log/topic.h"

#include <algorithm>
#include <thread>

#include "absl/strings/str_format.h"
#include "base/check.h"
#include "base/status.h"

namespace verdict::kafka_log {

using eventlog::Offset;
using eventlog::Partition;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

constexpr milliseconds kAskAgainAfter{50};

bool IsOfLeader(rd_kafka_resp_err_t error) {
  return error == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION ||
         error == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE ||
         error == RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE ||
         error == RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE ||
         error == RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH ||
         error == RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH;
}

}  // namespace

Topic::Topic(Client* client, std::string name, milliseconds timeout)
    : client_(client), name_(std::move(name)), timeout_(timeout) {
  handle_ = rd_kafka_topic_new(client_->handle(), name_.c_str(), nullptr);
  CHECK(handle_ != nullptr);  // null only for a null name or configuration
}

Topic::~Topic() { rd_kafka_topic_destroy(handle_); }

absl::StatusOr<int> Topic::Partitions() {
  const rd_kafka_metadata_t* raw = nullptr;
  const rd_kafka_resp_err_t error = rd_kafka_metadata(client_->handle(), /*all_topics=*/0, handle_,
                                                      &raw, static_cast<int>(timeout_.count()));
  client_->Listen();
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return client_->Trouble("topic " + name_, error);
  const std::unique_ptr<const rd_kafka_metadata_t, Deleter> metadata(raw);
  if (metadata->topic_cnt != 1) return client_->Trouble("topic " + name_, RD_KAFKA_RESP_ERR__FAIL);
  const rd_kafka_metadata_topic_t& topic = metadata->topics[0];
  if (topic.err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) {
    client_->NoteAnswer();
    return absl::NotFoundError(absl::StrFormat("kafka at %s: there is no topic %s; create it: %s",
                                               client_->brokers(), name_,
                                               HowToCreate(client_->brokers(), name_, 8)));
  }
  if (topic.err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED) {
    client_->NoteAnswer();
    return absl::PermissionDeniedError(
        absl::StrFormat("kafka at %s: topic %s: %s; allow this client Describe and Read of it",
                        client_->brokers(), name_, rd_kafka_err2str(topic.err)));
  }
  if (topic.err != RD_KAFKA_RESP_ERR_NO_ERROR) return client_->Trouble("topic " + name_, topic.err);
  client_->NoteAnswer();
  return topic.partition_cnt;
}

absl::StatusOr<std::string> Topic::ClusterId() {
  char* id = rd_kafka_clusterid(client_->handle(), static_cast<int>(timeout_.count()));
  if (id == nullptr) return client_->Trouble("cluster id", RD_KAFKA_RESP_ERR__TIMED_OUT);
  std::string copy = id;
  rd_kafka_mem_free(client_->handle(), id);
  return copy;
}

// A leader that is being replaced answers shortly: the question is put again.
absl::StatusOr<std::vector<Offset>> Topic::Ask(std::span<const Partition> partitions,
                                               int64_t time_ms, std::string_view what) {
  const auto deadline = steady_clock::now() + timeout_;
  std::vector<Offset> offsets;
  while (true) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
    const rd_kafka_resp_err_t error = AskOnce(partitions, time_ms, left, &offsets);
    client_->Listen();
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
      client_->NoteAnswer();
      return offsets;
    }
    if (!IsOfLeader(error) || left <= 2 * kAskAgainAfter) {
      return client_->Trouble(absl::StrFormat("%s of topic %s", what, name_), error);
    }
    std::this_thread::sleep_for(kAskAgainAfter);
  }
}

rd_kafka_resp_err_t Topic::AskOnce(std::span<const Partition> partitions, int64_t time_ms,
                                   milliseconds timeout, std::vector<Offset>* offsets) {
  const PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())));
  for (const Partition partition : partitions) {
    rd_kafka_topic_partition_list_add(list.get(), name_.c_str(), partition)->offset = time_ms;
  }
  const rd_kafka_resp_err_t error = rd_kafka_offsets_for_times(
      client_->handle(), list.get(), std::max(1, static_cast<int>(timeout.count())));
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return error;
  offsets->clear();
  for (int i = 0; i < list->cnt; ++i) {
    const rd_kafka_topic_partition_t& one = list->elems[i];
    if (one.err != RD_KAFKA_RESP_ERR_NO_ERROR) return one.err;
    // What was not answered keeps what was asked.
    if (time_ms < 0 && one.offset < 0) return RD_KAFKA_RESP_ERR__FAIL;
    offsets->push_back(one.offset);
  }
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

absl::StatusOr<std::vector<Offset>> Topic::Lows(std::span<const Partition> partitions) {
  return Ask(partitions, RD_KAFKA_OFFSET_BEGINNING, "first offsets");
}

absl::StatusOr<std::vector<Offset>> Topic::Ends(std::span<const Partition> partitions) {
  return Ask(partitions, RD_KAFKA_OFFSET_END, "end offsets");
}

absl::StatusOr<Offset> Topic::Near(Partition partition, int64_t time_ms) {
  CHECK(time_ms >= 0);
  ASSIGN_OR_RETURN(const std::vector<Offset> near,
                   Ask({&partition, 1}, time_ms, "offsets by time"));
  return near.front() < 0 ? -1 : near.front();
}

std::string HowToCreate(const std::string& brokers, const std::string& topic, int partitions) {
  return absl::StrFormat(
      "kafka-topics.sh --bootstrap-server %s --create --topic %s --partitions %d "
      "--config message.timestamp.type=LogAppendTime --config cleanup.policy=delete "
      "--config retention.ms=604800000",
      brokers, topic, partitions);
}

}  // namespace verdict::kafka_log
