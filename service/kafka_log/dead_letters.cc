#include "kafka_log/dead_letters.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace verdict::kafka_log {
namespace {

base::Counter CounterOf(const char* result) {
  return base::Metrics().AddCounter("verdict_dead_letters_total",
                                    "Records that could not be read, by what became of the letter.",
                                    {{"result", result}});
}

}  // namespace

DeadLetters::DeadLetters(Producer* producer, std::string topic)
    : producer_(producer),
      topic_(std::move(topic)),
      sent_(CounterOf("sent")),
      failed_(CounterOf("failed")) {}

void DeadLetters::Send(const rd_kafka_message_t& record, std::string_view reason) {
  const std::string partition = absl::StrCat(record.partition);
  const std::string offset = absl::StrCat(record.offset);
  Outgoing letter{.topic = topic_, .key = {static_cast<const char*>(record.key), record.key_len}};
  if (record.payload != nullptr) {
    letter.value.emplace(static_cast<const char*>(record.payload), record.len);
  }
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&record, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    const char* name = nullptr;
    const void* value = nullptr;
    size_t size = 0;
    for (size_t i = 0;
         rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
         ++i) {
      letter.headers.push_back({name, {static_cast<const char*>(value), size}});
    }
  }
  letter.headers.push_back({"verdict.topic", rd_kafka_topic_name(record.rkt)});
  letter.headers.push_back({"verdict.partition", partition});
  letter.headers.push_back({"verdict.offset", offset});
  letter.headers.push_back({"verdict.reason", reason});
  producer_->Send(letter, [sent = sent_, failed = failed_](const absl::Status& status) {
    (status.ok() ? sent : failed).Add();
  });
}

}  // namespace verdict::kafka_log
