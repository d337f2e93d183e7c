#include "e2e/seam/kafka_topic.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>

namespace verdict::seam {
namespace {

using std::chrono::steady_clock;

[[noreturn]] void Die(const std::string& what) {
  std::fprintf(stderr, "kafka: %s\n", what.c_str());
  std::exit(2);
}

rd_kafka_t* NewClient(rd_kafka_type_t type, const Headers& config,
                      const std::function<void(rd_kafka_conf_t*)>& finish = {}) {
  char error[512];
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  for (const auto& [name, value] : config) {
    if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), error, sizeof error) !=
        RD_KAFKA_CONF_OK) {
      Die(error);
    }
  }
  if (finish) finish(conf);
  rd_kafka_t* client = rd_kafka_new(type, conf, error, sizeof error);
  if (client == nullptr) Die(error);
  return client;
}

struct DestroyClient {
  void operator()(rd_kafka_t* client) const { rd_kafka_destroy(client); }
};
using Client = std::unique_ptr<rd_kafka_t, DestroyClient>;

int PartitionsOf(rd_kafka_t* client, const std::string& topic) {
  rd_kafka_topic_t* handle = rd_kafka_topic_new(client, topic.c_str(), nullptr);
  const rd_kafka_metadata_t* metadata = nullptr;
  const rd_kafka_resp_err_t error = rd_kafka_metadata(client, 0, handle, &metadata, 5000);
  int partitions = 0;
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
    if (metadata->topic_cnt == 1) partitions = metadata->topics[0].partition_cnt;
    rd_kafka_metadata_destroy(metadata);
  }
  rd_kafka_topic_destroy(handle);
  return partitions;
}

Message MessageOf(const rd_kafka_message_t& from) {
  Message message;
  message.partition = from.partition;
  message.offset = from.offset;
  message.timestamp_ms = rd_kafka_message_timestamp(&from, nullptr);
  message.key.assign(static_cast<const char*>(from.key), from.key == nullptr ? 0 : from.key_len);
  message.value.assign(static_cast<const char*>(from.payload),
                       from.payload == nullptr ? 0 : from.len);
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&from, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return message;
  const char* name = nullptr;
  const void* value = nullptr;
  size_t size = 0;
  for (size_t i = 0;
       rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
       ++i) {
    message.headers.emplace_back(name, std::string(static_cast<const char*>(value), size));
  }
  return message;
}

// Reads `left` partitions, already assigned, to their ends.
std::vector<Message> ReadToEnds(rd_kafka_t* client, int left, steady_clock::time_point until,
                                const std::string& topic) {
  std::vector<Message> messages;
  while (left > 0) {
    if (steady_clock::now() > until) Die(topic + " could not be read to its end in time");
    rd_kafka_message_t* message = rd_kafka_consumer_poll(client, 200);
    if (message == nullptr) continue;
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      --left;
    } else if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      messages.push_back(MessageOf(*message));
    }
    rd_kafka_message_destroy(message);
  }
  return messages;
}

}  // namespace

std::string Message::HeaderOf(const std::string& name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return "";
}

void MakeTopic(const std::string& brokers, const std::string& topic, int partitions,
               const Headers& config) {
  const Client client(NewClient(RD_KAFKA_PRODUCER, {{"bootstrap.servers", brokers}}));
  char text[512] = "";
  rd_kafka_NewTopic_t* wanted =
      rd_kafka_NewTopic_new(topic.c_str(), partitions, /*replication_factor=*/1, text, sizeof text);
  if (wanted == nullptr) Die(text);
  for (const auto& [name, value] : config) {
    rd_kafka_NewTopic_set_config(wanted, name.c_str(), value.c_str());
  }
  rd_kafka_queue_t* queue = rd_kafka_queue_new(client.get());
  rd_kafka_AdminOptions_t* options =
      rd_kafka_AdminOptions_new(client.get(), RD_KAFKA_ADMIN_OP_CREATETOPICS);
  rd_kafka_AdminOptions_set_operation_timeout(options, 20'000, text, sizeof text);
  rd_kafka_CreateTopics(client.get(), &wanted, 1, options, queue);
  rd_kafka_event_t* event = rd_kafka_queue_poll(queue, 30'000);
  if (event == nullptr) Die("topic " + topic + " was not made in time");
  if (rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    Die("topic " + topic + ": " + rd_kafka_event_error_string(event));
  }
  size_t count = 0;
  const rd_kafka_topic_result_t** results =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count);
  for (size_t i = 0; i < count; ++i) {
    if (rd_kafka_topic_result_error(results[i]) != RD_KAFKA_RESP_ERR_NO_ERROR) {
      Die("topic " + topic + ": " + rd_kafka_topic_result_error_string(results[i]));
    }
  }
  rd_kafka_event_destroy(event);
  rd_kafka_AdminOptions_destroy(options);
  rd_kafka_queue_destroy(queue);
  rd_kafka_NewTopic_destroy(wanted);
}

std::vector<int64_t> TopicEnds(const std::string& brokers, const std::string& topic) {
  const Client client(NewClient(RD_KAFKA_CONSUMER,
                                {{"bootstrap.servers", brokers}, {"group.id", "seam-test-asks"}}));
  std::vector<int64_t> ends(static_cast<size_t>(PartitionsOf(client.get(), topic)));
  if (ends.empty()) Die(topic + " is not there");
  for (size_t p = 0; p < ends.size(); ++p) {
    int64_t low = 0;
    const rd_kafka_resp_err_t error = rd_kafka_query_watermark_offsets(
        client.get(), topic.c_str(), static_cast<int32_t>(p), &low, &ends[p], 10'000);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) Die(rd_kafka_err2str(error));
  }
  return ends;
}

std::vector<Message> ReadTopic(const std::string& brokers, const std::string& topic,
                               int timeout_s) {
  const auto until = steady_clock::now() + std::chrono::seconds(timeout_s);
  const Client client(NewClient(RD_KAFKA_CONSUMER, {{"bootstrap.servers", brokers},
                                                    {"group.id", "seam-test-reads-back"},
                                                    {"enable.auto.commit", "false"},
                                                    {"enable.partition.eof", "true"},
                                                    {"auto.offset.reset", "error"},
                                                    {"isolation.level", "read_committed"}}));
  rd_kafka_poll_set_consumer(client.get());
  int partitions = 0;
  while ((partitions = PartitionsOf(client.get(), topic)) == 0) {
    if (steady_clock::now() > until) Die(topic + " is not there");
  }
  rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(partitions);
  for (int p = 0; p < partitions; ++p) {
    rd_kafka_topic_partition_list_add(list, topic.c_str(), p)->offset = 0;
  }
  const rd_kafka_resp_err_t error = rd_kafka_assign(client.get(), list);
  rd_kafka_topic_partition_list_destroy(list);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) Die(rd_kafka_err2str(error));
  std::vector<Message> messages = ReadToEnds(client.get(), partitions, until, topic);
  rd_kafka_consumer_close(client.get());
  return messages;
}

Producer::Producer(const std::string& brokers, std::string topic) : topic_(std::move(topic)) {
  kafka_ = NewClient(RD_KAFKA_PRODUCER,
                     {{"bootstrap.servers", brokers},
                      {"acks", "all"},
                      {"partitioner", "murmur2_random"},  // as every Java producer's
                      {"linger.ms", "5"},
                      {"message.timeout.ms", "300000"},
                      {"retry.backoff.ms", "50"},
                      {"reconnect.backoff.ms", "20"},
                      {"reconnect.backoff.max.ms", "200"},
                      {"max.in.flight.requests.per.connection", "1"}},
                     [this](rd_kafka_conf_t* conf) {
                       rd_kafka_conf_set_opaque(conf, this);
                       rd_kafka_conf_set_dr_msg_cb(conf, &OnDelivered);
                       rd_kafka_conf_set_log_cb(conf, nullptr);
                     });
  poller_ = std::thread([this] {
    while (!stopping_.load()) rd_kafka_poll(kafka_, 50);
  });
}

Producer::~Producer() {
  stopping_ = true;
  poller_.join();
  rd_kafka_purge(kafka_, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  rd_kafka_flush(kafka_, 1000);
  rd_kafka_destroy(kafka_);
}

void Producer::OnDelivered(rd_kafka_t*, const rd_kafka_message_t* message, void* self) {
  auto* producer = static_cast<Producer*>(self);
  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    producer->acknowledged_.fetch_add(1);
  } else if (message->err != RD_KAFKA_RESP_ERR__PURGE_QUEUE &&
             message->err != RD_KAFKA_RESP_ERR__PURGE_INFLIGHT) {
    producer->failed_.fetch_add(1);
    std::fprintf(stderr, "kafka: a record was not written: %s\n", rd_kafka_err2str(message->err));
  }
}

void Producer::Produce(const Message& message) {
  rd_kafka_headers_t* headers = rd_kafka_headers_new(message.headers.size());
  for (const auto& [name, value] : message.headers) {
    rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), value.data(),
                        static_cast<ssize_t>(value.size()));
  }
  const rd_kafka_resp_err_t error = rd_kafka_producev(
      kafka_, RD_KAFKA_V_TOPIC(topic_.c_str()),
      RD_KAFKA_V_PARTITION(message.partition < 0 ? RD_KAFKA_PARTITION_UA : message.partition),
      RD_KAFKA_V_KEY(message.key.data(), message.key.size()),
      RD_KAFKA_V_VALUE(const_cast<char*>(message.value.data()), message.value.size()),
      RD_KAFKA_V_TIMESTAMP(message.timestamp_ms), RD_KAFKA_V_HEADERS(headers),
      RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY | RD_KAFKA_MSG_F_BLOCK), RD_KAFKA_V_END);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return;
  rd_kafka_headers_destroy(headers);
  failed_.fetch_add(1);
  std::fprintf(stderr, "kafka: a record was refused: %s\n", rd_kafka_err2str(error));
}

bool Producer::Flush(int timeout_ms) {
  const auto until = steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  while (rd_kafka_outq_len(kafka_) > 0) {
    if (steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

}  // namespace verdict::seam
