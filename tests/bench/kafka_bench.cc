// Events a second from a real broker: through KafkaSource, decoded, and by a bare loop of
// librdkafka over the same topic. Alternated pairs in one run; the ratio is the median of them.
//   build/release/bin/kafka_bench [events, default 1000000] [pairs, default 5]
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/check.h"
#include "kafka_log/kafka_source.h"
#include "support/local_kafka.h"
#include "wire/event_bytes.h"

namespace verdict {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int kPartitions = 8;
constexpr size_t kBatch = 512;

struct Run {
  double per_second = 0;
  double cpu_us = 0;  // of this process, an event
};

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// An event as a payment system writes it: every field that rules read.
model::Event EventOf(int n) {
  model::Event event;
  event.txn.id = absl::StrFormat("txn-%012d", n);
  event.txn.event_time_ms = 1'700'000'000'000 + n;
  event.txn.amount_minor = 100 + n % 90'000;
  event.txn.currency = "EUR";
  event.txn.merchant_id = absl::StrFormat("merchant-%05d", n % 20'011);
  event.txn.merchant_mcc = "5411";
  event.txn.merchant_country = "FR";
  event.txn.card_id = absl::StrFormat("card-%08x", n % 300'007);
  event.txn.card_country = "DE";
  event.txn.customer_id = absl::StrFormat("customer-%07d", n % 200'003);
  event.txn.device_id = absl::StrFormat("device-%06x", n % 100'003);
  event.txn.ip = absl::StrFormat("10.%d.%d.%d", n % 250, n / 250 % 250, n % 200);
  event.txn.country = "FR";
  event.txn.channel = "ecom";
  event.txn.status = "approved";
  return event;
}

void Fill(const std::string& brokers, const std::string& topic, int events) {
  testing::TestProducer producer(brokers);
  std::vector<testing::TestProducer::Record> records;
  size_t bytes = 0;
  for (int n = 0; n < events; ++n) {
    const model::Event event = EventOf(n);
    testing::TestProducer::Record& record = records.emplace_back();
    record.partition =
        eventlog::PartitionOf(event.txn.merchant_id, kPartitions, eventlog::Partitioner::kMurmur2);
    record.key = event.txn.merchant_id;
    wire::EventToBytes(event, &record.value.emplace());
    bytes += record.value->size();
    if (records.size() == 50'000 || n + 1 == events) {
      producer.Write(topic, records);
      records.clear();
    }
  }
  printf("%d events of %zu bytes, %d partitions\n", events, bytes / static_cast<size_t>(events),
         kPartitions);
}

template <typename Loop>
Run Measure(int events, const Loop& loop) {
  const double cpu = CpuSeconds();
  const auto begin = steady_clock::now();
  loop();
  const double seconds = std::chrono::duration<double>(steady_clock::now() - begin).count();
  return {events / seconds, (CpuSeconds() - cpu) * 1e6 / events};
}

Run ThroughSource(const kafka_log::Connection& connection, const std::string& topic, int events) {
  auto opened = kafka_log::KafkaSource::Open(connection, {.topic = topic});
  CHECK(opened.ok());
  kafka_log::KafkaSource& source = **opened;
  for (int p = 0; p < kPartitions; ++p) CHECK(source.Assign(p, 0).ok());
  std::vector<eventlog::LogRecord> batch;
  return Measure(events, [&] {
    for (int read = 0; read < events;) {
      const auto count = source.Poll(&batch, kBatch, milliseconds(100));
      CHECK(count.ok());
      for (const eventlog::LogRecord& record : batch) CHECK(record.unreadable.empty());
      read += static_cast<int>(*count);
    }
  });
}

// What librdkafka gives to who does nothing with it: the same settings, no decoding.
Run Bare(const kafka_log::Connection& connection, const std::string& topic, int events) {
  const auto client = kafka_log::Client::Make(connection, kafka_log::Client::Kind::kReader).value();
  rd_kafka_poll_set_consumer(client->handle());
  const kafka_log::Queue queue(rd_kafka_queue_get_consumer(client->handle()));
  const kafka_log::PartitionList list(rd_kafka_topic_partition_list_new(kPartitions));
  for (int p = 0; p < kPartitions; ++p) {
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), p)->offset = 0;
  }
  std::vector<rd_kafka_message_t*> messages(kBatch);
  return Measure(events, [&] {
    CHECK(rd_kafka_assign(client->handle(), list.get()) == RD_KAFKA_RESP_ERR_NO_ERROR);
    for (int read = 0; read < events;) {
      ssize_t count =
          rd_kafka_consume_batch_queue(queue.get(), 0, messages.data(), messages.size());
      if (count == 0) {
        messages[0] = rd_kafka_consume_queue(queue.get(), 100);
        count = messages[0] != nullptr ? 1 : 0;
      }
      for (ssize_t i = 0; i < count; ++i) {
        read += messages[static_cast<size_t>(i)]->err == RD_KAFKA_RESP_ERR_NO_ERROR ? 1 : 0;
        rd_kafka_message_destroy(messages[static_cast<size_t>(i)]);
      }
    }
  });
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

int Main(int argc, char** argv) {
  const int events = argc > 1 ? std::atoi(argv[1]) : 1'000'000;
  const int pairs = argc > 2 ? std::atoi(argv[2]) : 5;
  CHECK(events > 0 && pairs > 0);
  std::string why;
  testing::LocalKafka* kafka = testing::LocalKafka::Get(&why);
  if (kafka == nullptr) {
    printf("%s\n", why.c_str());
    return 77;
  }
  const kafka_log::Connection connection{.brokers = kafka->brokers(), .properties = {}};
  const std::string topic = kafka->MakeTopic(kPartitions);
  Fill(kafka->brokers(), topic, events);
  ThroughSource(connection, topic, events);  // warm: the broker reads from memory from here on
  std::vector<double> ratios, source_rates, bare_rates;
  for (int i = 0; i < pairs; ++i) {
    const Run source = ThroughSource(connection, topic, events);
    const Run bare = Bare(connection, topic, events);
    ratios.push_back(source.per_second / bare.per_second);
    source_rates.push_back(source.per_second);
    bare_rates.push_back(bare.per_second);
    printf("KafkaSource %8.0f/s, %.2f us CPU an event   bare %8.0f/s, %.2f us   ratio %.2f\n",
           source.per_second, source.cpu_us, bare.per_second, bare.cpu_us, ratios.back());
  }
  printf("median: KafkaSource %.0f/s, bare %.0f/s, ratio %.2f\n", Median(source_rates),
         Median(bare_rates), Median(ratios));
  return 0;
}

}  // namespace
}  // namespace verdict

int main(int argc, char** argv) { return verdict::Main(argc, argv); }
