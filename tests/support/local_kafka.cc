#include "support/local_kafka.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <iostream>
#include <thread>

#include "absl/strings/str_format.h"
#include "base/check.h"
#include "support/temp_dir.h"

namespace verdict::testing {
namespace {

constexpr int kPatienceMs = 60'000;
constexpr int kMissing = 77;  // exit status of up.sh where a piece is missing here

struct Ended {
  int status = 0;
  std::string said;
};

Ended RunShell(const std::string& command) {
  Ended ended;
  FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  CHECK(pipe != nullptr);
  char buffer[4096];
  for (size_t n; (n = ::fread(buffer, 1, sizeof buffer, pipe)) > 0;) ended.said.append(buffer, n);
  const int status = ::pclose(pipe);
  ended.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
  return ended;
}

std::string FirstLineOf(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

void Must(rd_kafka_resp_err_t error, const std::string& what) {
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return;
  std::cerr << what << ": " << rd_kafka_err2str(error) << std::endl;
  CHECK(false);
}

void Must(rd_kafka_error_t* error, const std::string& what) {
  if (error == nullptr) return;
  std::cerr << what << ": " << rd_kafka_error_string(error) << std::endl;
  CHECK(false);
}

rd_kafka_t* MakeClient(rd_kafka_type_t type, const std::string& brokers,
                       const std::vector<std::pair<std::string, std::string>>& settings,
                       void* opaque = nullptr,
                       void (*on_report)(rd_kafka_t*, const rd_kafka_message_t*, void*) = nullptr) {
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  char why[512];
  CHECK(rd_kafka_conf_set(conf, "bootstrap.servers", brokers.c_str(), why, sizeof why) ==
        RD_KAFKA_CONF_OK);
  for (const auto& [name, value] : settings) {
    if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), why, sizeof why) != RD_KAFKA_CONF_OK) {
      std::cerr << why << std::endl;
      CHECK(false);
    }
  }
  rd_kafka_conf_set_opaque(conf, opaque);
  rd_kafka_conf_set_log_cb(conf, [](const rd_kafka_t*, int, const char*, const char*) {});
  if (on_report != nullptr) rd_kafka_conf_set_dr_msg_cb(conf, on_report);
  rd_kafka_t* handle = rd_kafka_new(type, conf, why, sizeof why);
  if (handle == nullptr) std::cerr << why << std::endl;
  CHECK(handle != nullptr);
  return handle;
}

// One admin request, waited for; its result is checked by `check` while it stands.
void Ask(rd_kafka_t* admin, const std::function<void(rd_kafka_queue_t*)>& send,
         const std::function<void(rd_kafka_event_t*)>& check) {
  rd_kafka_queue_t* queue = rd_kafka_queue_new(admin);
  send(queue);
  rd_kafka_event_t* event = rd_kafka_queue_poll(queue, kPatienceMs);
  CHECK(event != nullptr);
  Must(rd_kafka_event_error(event), "admin request");
  check(event);
  rd_kafka_event_destroy(event);
  rd_kafka_queue_destroy(queue);
}

template <typename Result>
void CheckTopics(const rd_kafka_topic_result_t** (*topics_of)(const Result*, size_t*),
                 const Result* result) {
  size_t count = 0;
  const rd_kafka_topic_result_t** topics = topics_of(result, &count);
  for (size_t i = 0; i < count; ++i) {
    Must(rd_kafka_topic_result_error(topics[i]), rd_kafka_topic_result_name(topics[i]));
  }
}

}  // namespace

LocalKafka* LocalKafka::Get(std::string* why) {
  static std::string reason;
  static const std::unique_ptr<LocalKafka> broker = []() -> std::unique_ptr<LocalKafka> {
    static TempDir dir;  // outlives the broker
    const Ended up = RunShell(absl::StrFormat(
        "deploy/local/up.sh --dir %s --kafka-port 0 --no-topics --while-pid %d kafka", dir.path(),
        ::getpid()));
    if (up.status == kMissing) {
      const size_t at = up.said.find("skipped: ");
      reason = up.said.substr(at == std::string::npos ? 0 : at);
      return nullptr;
    }
    if (up.status != 0) std::cerr << up.said << std::endl;
    CHECK(up.status == 0);
    return std::unique_ptr<LocalKafka>(new LocalKafka(dir.path(), FirstLineOf(dir / "kafka/port")));
  }();
  *why = reason;
  return broker.get();
}

LocalKafka::LocalKafka(std::string dir, std::string port)
    : dir_(std::move(dir)), port_(std::move(port)) {
  admin_ = MakeClient(RD_KAFKA_PRODUCER, brokers(), {});
}

LocalKafka::~LocalKafka() {
  rd_kafka_destroy(admin_);
  Run("deploy/local/down.sh --wipe --dir " + dir_ + " kafka");
}

void LocalKafka::Run(const std::string& command) {
  const Ended ended = RunShell(command);
  if (ended.status != 0) std::cerr << command << ": " << ended.said << std::endl;
  CHECK(ended.status == 0);
}

void LocalKafka::Kill() {
  const int pid = std::stoi(FirstLineOf(dir_ + "/kafka/pid"));
  CHECK(::kill(pid, SIGKILL) == 0);
}

void LocalKafka::Up() { Run("deploy/local/up.sh --no-topics --dir " + dir_ + " kafka"); }

std::string LocalKafka::MakeTopic(int partitions, std::map<std::string, std::string> configs) {
  const std::string name = absl::StrFormat("transactions-%d", ++topics_);
  MakeTopicNamed(name, partitions, std::move(configs));
  return name;
}

void LocalKafka::MakeTopicNamed(const std::string& name, int partitions,
                                std::map<std::string, std::string> configs) {
  configs.emplace("message.timestamp.type", "LogAppendTime");
  // Stamps of tests lie years back; the broker looks for what retention lets go every few minutes.
  configs.emplace("retention.ms", "-1");
  char why[512];
  rd_kafka_NewTopic_t* topic = rd_kafka_NewTopic_new(name.c_str(), partitions, 1, why, sizeof why);
  CHECK(topic != nullptr);
  for (const auto& [key, value] : configs) {
    Must(rd_kafka_NewTopic_set_config(topic, key.c_str(), value.c_str()), key);
  }
  Ask(
      admin_,
      [&](rd_kafka_queue_t* queue) { rd_kafka_CreateTopics(admin_, &topic, 1, nullptr, queue); },
      [](rd_kafka_event_t* event) {
        CheckTopics(&rd_kafka_CreateTopics_result_topics,
                    rd_kafka_event_CreateTopics_result(event));
      });
  rd_kafka_NewTopic_destroy(topic);
}

void LocalKafka::DeleteTopic(const std::string& name) {
  rd_kafka_DeleteTopic_t* topic = rd_kafka_DeleteTopic_new(name.c_str());
  Ask(
      admin_,
      [&](rd_kafka_queue_t* queue) { rd_kafka_DeleteTopics(admin_, &topic, 1, nullptr, queue); },
      [](rd_kafka_event_t* event) {
        CheckTopics(&rd_kafka_DeleteTopics_result_topics,
                    rd_kafka_event_DeleteTopics_result(event));
      });
  rd_kafka_DeleteTopic_destroy(topic);
}

void LocalKafka::AddPartitions(const std::string& name, int total) {
  char why[512];
  rd_kafka_NewPartitions_t* more =
      rd_kafka_NewPartitions_new(name.c_str(), static_cast<size_t>(total), why, sizeof why);
  CHECK(more != nullptr);
  Ask(
      admin_,
      [&](rd_kafka_queue_t* queue) { rd_kafka_CreatePartitions(admin_, &more, 1, nullptr, queue); },
      [](rd_kafka_event_t* event) {
        CheckTopics(&rd_kafka_CreatePartitions_result_topics,
                    rd_kafka_event_CreatePartitions_result(event));
      });
  rd_kafka_NewPartitions_destroy(more);
}

void LocalKafka::DeleteRecords(const std::string& topic, int32_t partition, int64_t before) {
  rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(list, topic.c_str(), partition)->offset = before;
  rd_kafka_DeleteRecords_t* request = rd_kafka_DeleteRecords_new(list);
  Ask(
      admin_,
      [&](rd_kafka_queue_t* queue) { rd_kafka_DeleteRecords(admin_, &request, 1, nullptr, queue); },
      [](rd_kafka_event_t* event) {
        const rd_kafka_topic_partition_list_t* done =
            rd_kafka_DeleteRecords_result_offsets(rd_kafka_event_DeleteRecords_result(event));
        for (int i = 0; i < done->cnt; ++i) Must(done->elems[i].err, "DeleteRecords");
      });
  rd_kafka_DeleteRecords_destroy(request);
  rd_kafka_topic_partition_list_destroy(list);
}

TestProducer::TestProducer(const std::string& brokers, const std::string& transactional_id)
    : brokers_(brokers) {
  std::vector<std::pair<std::string, std::string>> settings = {{"linger.ms", "1"}};
  if (!transactional_id.empty()) settings.emplace_back("transactional.id", transactional_id);
  handle_ = MakeClient(RD_KAFKA_PRODUCER, brokers, settings, this, &OnReport);
  if (!transactional_id.empty()) {
    Must(rd_kafka_init_transactions(handle_, kPatienceMs), "init_transactions");
  }
}

TestProducer::~TestProducer() { rd_kafka_destroy(handle_); }

void TestProducer::OnReport(rd_kafka_t*, const rd_kafka_message_t* message, void* self) {
  Must(message->err, "produce");
  static_cast<TestProducer*>(self)->last_offset_ = message->offset;
}

int64_t TestProducer::Write(const std::string& topic, const std::vector<Record>& records) {
  for (const Record& record : records) {
    touched_.emplace(topic, record.partition);
    rd_kafka_headers_t* headers = rd_kafka_headers_new(record.headers.size());
    for (const auto& [name, value] : record.headers) {
      rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), value.data(),
                          static_cast<ssize_t>(value.size()));
    }
    const void* payload = record.value ? record.value->data() : nullptr;
    const size_t size = record.value ? record.value->size() : 0;
    while (true) {
      const rd_kafka_resp_err_t error = rd_kafka_producev(
          handle_, RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(record.partition),
          RD_KAFKA_V_KEY(record.key.data(), record.key.size()),
          RD_KAFKA_V_VALUE(const_cast<void*>(payload), size),
          RD_KAFKA_V_TIMESTAMP(record.timestamp_ms), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
          RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END);
      if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
        Must(error, "produce");
        break;
      }
      rd_kafka_poll(handle_, 10);
    }
  }
  Must(rd_kafka_flush(handle_, kPatienceMs), "flush");
  return last_offset_;
}

void TestProducer::Begin() {
  touched_.clear();
  Must(rd_kafka_begin_transaction(handle_), "begin");
}

void TestProducer::Commit() {
  Must(rd_kafka_commit_transaction(handle_, kPatienceMs), "commit");
  AwaitMarkers();
}

void TestProducer::Abort() {
  Must(rd_kafka_abort_transaction(handle_, kPatienceMs), "abort");
  AwaitMarkers();
}

// The coordinator answers first, and writes the markers then.
void TestProducer::AwaitMarkers() {
  rd_kafka_t* committed =
      MakeClient(RD_KAFKA_CONSUMER, brokers_, {{"isolation.level", "read_committed"}});
  rd_kafka_t* written =
      MakeClient(RD_KAFKA_CONSUMER, brokers_, {{"isolation.level", "read_uncommitted"}});
  const auto end = [](rd_kafka_t* handle, const std::string& topic, int32_t partition) {
    int64_t low = 0;
    int64_t high = 0;
    Must(rd_kafka_query_watermark_offsets(handle, topic.c_str(), partition, &low, &high,
                                          kPatienceMs),
         "end offset");
    return high;
  };
  for (const auto& [topic, partition] : touched_) {
    while (end(committed, topic, partition) != end(written, topic, partition)) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
  rd_kafka_destroy(committed);
  rd_kafka_destroy(written);
}

std::vector<ReadBack> ReadTopic(const std::string& brokers, const std::string& topic) {
  rd_kafka_t* handle = MakeClient(RD_KAFKA_CONSUMER, brokers,
                                  {{"group.id", "test"},
                                   {"enable.partition.eof", "true"},
                                   {"isolation.level", "read_committed"},
                                   {"enable.auto.commit", "false"}});
  rd_kafka_poll_set_consumer(handle);
  rd_kafka_topic_t* topic_handle = rd_kafka_topic_new(handle, topic.c_str(), nullptr);
  const rd_kafka_metadata_t* metadata = nullptr;
  Must(rd_kafka_metadata(handle, 0, topic_handle, &metadata, kPatienceMs), "metadata");
  const int partitions = metadata->topics[0].partition_cnt;
  rd_kafka_metadata_destroy(metadata);
  rd_kafka_topic_destroy(topic_handle);
  rd_kafka_topic_partition_list_t* all = rd_kafka_topic_partition_list_new(partitions);
  for (int p = 0; p < partitions; ++p) {
    rd_kafka_topic_partition_list_add(all, topic.c_str(), p)->offset = RD_KAFKA_OFFSET_BEGINNING;
  }
  Must(rd_kafka_assign(handle, all), "assign");
  rd_kafka_topic_partition_list_destroy(all);
  std::vector<ReadBack> records;
  for (int ended = 0; ended < partitions;) {
    rd_kafka_message_t* message = rd_kafka_consumer_poll(handle, kPatienceMs);
    CHECK(message != nullptr);
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      ++ended;
    } else {
      Must(message->err, "consume");
      ReadBack& record = records.emplace_back();
      record.partition = message->partition;
      record.offset = message->offset;
      record.key.assign(static_cast<const char*>(message->key), message->key_len);
      record.value.assign(static_cast<const char*>(message->payload), message->len);
      rd_kafka_headers_t* headers = nullptr;
      if (rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        const char* name;
        const void* value;
        size_t size;
        for (size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) ==
                           RD_KAFKA_RESP_ERR_NO_ERROR;
             ++i) {
          record.headers[name] = std::string(static_cast<const char*>(value), size);
        }
      }
    }
    rd_kafka_message_destroy(message);
  }
  rd_kafka_destroy_flags(handle, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
  return records;
}

}  // namespace verdict::testing
