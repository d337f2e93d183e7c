// Ours first, then the deployment's, then what exactness fixes: later ones win.
#include "kafka_log/client.h"

#include <thread>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "base/thread_role.h"

namespace verdict::kafka_log {
namespace {

// Reconnecting is quick, so that a broker that is back is noticed within two seconds.
const Properties& OursOfAll() {
  static const Properties* const properties = new Properties{
      {"client.id", "verdict"},
      {"socket.keepalive.enable", "true"},
      {"socket.nagle.disable", "true"},
      {"reconnect.backoff.ms", "100"},
      {"reconnect.backoff.max.ms", "2000"},
      {"log.connection.close", "false"},
  };
  return *properties;
}

// Prefetching never stops to wait for us: the queue holds more than a second of the fastest replay,
// because a full one is looked at again a second later.
const Properties& OursOfReaders() {
  static const Properties* const properties = new Properties{
      {"group.id", "verdict"},  // librdkafka wants a name; no group is joined
      {"queued.min.messages", "1000000"},
      {"queued.max.messages.kbytes", "262144"},
      {"fetch.wait.max.ms", "20"},
      {"fetch.min.bytes", "1"},
      {"fetch.message.max.bytes", "4194304"},
      {"fetch.error.backoff.ms", "100"},
  };
  return *properties;
}

const Properties& FixedOf(Client::Kind kind) {
  static const Properties* const reader = new Properties{
      {"isolation.level", "read_committed"}, {"auto.offset.reset", "error"},
      {"enable.partition.eof", "true"},      {"enable.auto.commit", "false"},
      {"enable.auto.offset.store", "false"}, {"allow.auto.create.topics", "false"},
  };
  static const Properties* const observer = [] {
    auto* properties = new Properties(*reader);
    properties->front().second = "read_uncommitted";
    return properties;
  }();
  static const Properties* const producer = new Properties{{"enable.idempotence", "true"}};
  switch (kind) {
    case Client::Kind::kReader:
      return *reader;
    case Client::Kind::kObserver:
      return *observer;
    case Client::Kind::kProducer:
      break;
  }
  return *producer;
}

absl::Status Set(const Properties& properties, rd_kafka_conf_t* conf) {
  char why[512];
  for (const auto& [name, value] : properties) {
    if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), why, sizeof why) != RD_KAFKA_CONF_OK) {
      return absl::InvalidArgumentError(absl::StrFormat("kafka: %s: %s", name, why));
    }
  }
  return absl::OkStatus();
}

// Without how long it took: the same trouble has the same words each time.
std::string_view WithoutTimes(std::string_view reason) {
  return reason.substr(0, reason.find(" (after "));
}

// Of credentials; not of the network, nor of a certificate, which may be renewed on the other side.
bool IsRefusal(int error) {
  return error == RD_KAFKA_RESP_ERR__AUTHENTICATION ||
         error == RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED ||
         error == RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM ||
         error == RD_KAFKA_RESP_ERR_ILLEGAL_SASL_STATE;
}

// Connections say what is wrong through OnError; the rest is for whoever develops librdkafka.
void LogNothing(const rd_kafka_t*, int, const char*, const char*) {}

}  // namespace

absl::StatusOr<std::unique_ptr<Client>> Client::Make(const Connection& connection, Kind kind,
                                                     const Properties& own,
                                                     OnDelivery on_delivery) {
  std::unique_ptr<Client> client(new Client(connection.brokers, kind));
  client->on_delivery_ = std::move(on_delivery);
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  absl::Status status = Set(OursOfAll(), conf);
  if (status.ok() && kind != Kind::kProducer) status = Set(OursOfReaders(), conf);
  for (const Properties* properties : {&own, &connection.properties, &FixedOf(kind)}) {
    if (status.ok()) status = Set(*properties, conf);
  }
  if (status.ok()) status = Set({{"bootstrap.servers", connection.brokers}}, conf);
  if (!status.ok()) {
    rd_kafka_conf_destroy(conf);
    return status;
  }
  rd_kafka_conf_set_opaque(conf, client.get());
  rd_kafka_conf_set_error_cb(conf, &OnError);
  rd_kafka_conf_set_log_cb(conf, &LogNothing);
  if (client->on_delivery_) rd_kafka_conf_set_dr_msg_cb(conf, &OnReport);
  char why[512];
  const auto type = kind == Kind::kProducer ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER;
  // Its threads inherit the role: after an outage what waited comes all at once.
  std::thread([&] {
    base::TakeRole(base::ThreadRole::kCounting);
    client->handle_ = rd_kafka_new(type, conf, why, sizeof why);
  }).join();
  if (client->handle_ == nullptr) {
    rd_kafka_conf_destroy(conf);
    return absl::InvalidArgumentError(absl::StrFormat("kafka: %s", why));
  }
  return client;
}

Client::~Client() {
  // No group was joined, so there is none to leave.
  if (handle_ != nullptr) rd_kafka_destroy_flags(handle_, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

void Client::Listen() {
  if (kind_ != Kind::kReader) rd_kafka_poll(handle_, 0);
}

void Client::OnReport(rd_kafka_t*, const rd_kafka_message_t* message, void* self) {
  static_cast<Client*>(self)->on_delivery_(*message);
}

void Client::OnError(rd_kafka_t* handle, int error, const char* reason, void* self) {
  std::string fatal;
  if (error == RD_KAFKA_RESP_ERR__FATAL) {
    char text[512];
    rd_kafka_fatal_error(handle, text, sizeof text);
    fatal = text;
    reason = fatal.c_str();
  }
  auto* const client = static_cast<Client*>(self);
  if (IsRefusal(error)) client->refused_.store(true, std::memory_order_relaxed);
  client->NoteTrouble(reason);
}

void Client::NoteTrouble(std::string_view reason) {
  up_.store(false, std::memory_order_relaxed);
  base::MutexLock lock(mutex_);
  if (first_trouble_.empty()) first_trouble_ = std::string(WithoutTimes(reason));
}

void Client::NoteAnswer() {
  refused_.store(false, std::memory_order_relaxed);
  if (up_.exchange(true, std::memory_order_relaxed)) return;
  base::MutexLock lock(mutex_);
  first_trouble_.clear();
}

absl::Status Client::Trouble(std::string_view asked, rd_kafka_resp_err_t error) {
  up_.store(false, std::memory_order_relaxed);
  base::MutexLock lock(mutex_);
  return absl::UnavailableError(
      absl::StrFormat("kafka at %s: %s: %s%s", brokers_, asked, rd_kafka_err2str(error),
                      first_trouble_.empty() ? "" : absl::StrFormat(" (%s)", first_trouble_)));
}

}  // namespace verdict::kafka_log
