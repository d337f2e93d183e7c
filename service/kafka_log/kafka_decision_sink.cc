// One thread. While the folder holds anything, all that is new goes behind it: order is kept.
#include "kafka_log/kafka_decision_sink.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "base/thread_role.h"
#include "wire/event_bytes.h"

namespace verdict::kafka_log {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kIdle{1'000};
constexpr uint64_t kSpoolBatchBytes = uint64_t{1} << 20;
constexpr char kSpoolGauge[] = "verdict_decision_spool_bytes";
constexpr char kQueueGauge[] = "verdict_decision_queue_bytes";

base::Counter CounterOf(const char* result) {
  return base::Metrics().AddCounter("verdict_decision_records_total",
                                    "Decision records by what became of them.",
                                    {{"result", result}});
}

}  // namespace

absl::StatusOr<std::unique_ptr<KafkaDecisionSink>> KafkaDecisionSink::Open(
    const Connection& connection, const Options& options) {
  ASSIGN_OR_RETURN(std::unique_ptr<Spool> spool, Spool::Open(options.spool));
  std::unique_ptr<KafkaDecisionSink> sink(
      new KafkaDecisionSink(connection, options, std::move(spool)));
  RETURN_IF_ERROR(sink->sender_.Open());
  sink->thread_ = std::thread([self = sink.get()] { self->Run(); });
  return sink;
}

KafkaDecisionSink::KafkaDecisionSink(const Connection& connection, const Options& options,
                                     std::unique_ptr<Spool> spool)
    : options_(options),
      queue_(options.queue_bytes_max, options.linger),
      sender_(connection, options.topic, options.partitioner),
      spool_(std::move(spool)),
      sent_(CounterOf("sent")),
      spooled_(CounterOf("spooled")),
      dropped_(CounterOf("dropped")) {
  NoteSpool();
  base::Metrics().AddGauge(kSpoolGauge, "Decision records on disk, waiting for the brokers.", {},
                           [this] { return static_cast<double>(spool_bytes_.load()); });
  base::Metrics().AddGauge(kQueueGauge, "Decision records in memory, waiting to be sent.", {},
                           [this] { return static_cast<double>(queue_.bytes()); });
}

KafkaDecisionSink::~KafkaDecisionSink() {
  stopping_ = true;
  queue_.Stop();
  if (thread_.joinable()) thread_.join();
  base::Metrics().RemoveGauge(kSpoolGauge, {});
  base::Metrics().RemoveGauge(kQueueGauge, {});
}

void KafkaDecisionSink::Put(const model::Decision& decision, std::string_view merchant_id) {
  thread_local std::string value;
  value.clear();
  wire::AppendDecisionBytes(decision, &value);
  if (!queue_.Put(merchant_id, value)) dropped_.Add();
}

void KafkaDecisionSink::Run() {
  base::BeginThread("verdict-decided", base::ThreadRole::kCounting);
  auto next_try = steady_clock::now();
  while (true) {
    const bool behind = spool_->records() > 0;
    const auto until_try = std::chrono::ceil<milliseconds>(next_try - steady_clock::now());
    const milliseconds wait = behind ? std::clamp(until_try, milliseconds(0), kIdle) : kIdle;
    std::vector<SpooledRecord> fresh = queue_.Take(wait);
    if (fresh.empty() && stopping_) return;
    if (!behind) {
      if (!fresh.empty()) SendFresh(std::move(fresh));
    } else {
      ToSpool(fresh);
      if (!stopping_ && steady_clock::now() >= next_try && !SendSpooled()) {
        next_try = steady_clock::now() + options_.retry_every;
      }
    }
    NoteSpool();
  }
}

void KafkaDecisionSink::SendFresh(std::vector<SpooledRecord> records) {
  const std::vector<Fate> fates = sender_.Send(records, options_.ack_within);
  std::vector<SpooledRecord> unsent;
  for (size_t i = 0; i < records.size(); ++i) {
    switch (fates[i]) {
      case Fate::kSent:
        sent_.Add();
        break;
      case Fate::kRefused:
        dropped_.Add();
        break;
      case Fate::kUnknown:
        unsent.push_back(std::move(records[i]));
    }
  }
  if (unsent.empty()) return;
  ToSpool(unsent);
  Report(absl::UnavailableError(
      absl::StrFormat("decisions are not acknowledged within %d ms and go to the folder %s",
                      options_.ack_within.count(), options_.spool.folder)));
}

// Up to the first that is not acknowledged: what lies behind it is sent again with it, in order.
bool KafkaDecisionSink::SendSpooled() {
  if (const absl::Status answer = sender_.Ask(options_.ack_within); !answer.ok()) {
    Report(answer);
    return false;
  }
  const absl::StatusOr<std::vector<SpooledRecord>> oldest = spool_->Oldest(kSpoolBatchBytes);
  if (!oldest.ok()) {
    Report(oldest.status());
    return false;
  }
  const std::vector<Fate> fates = sender_.Send(*oldest, options_.ack_within);
  const auto done =
      static_cast<size_t>(std::find(fates.begin(), fates.end(), Fate::kUnknown) - fates.begin());
  const absl::Status dropped = spool_->Drop(done);
  for (size_t i = 0; i < done; ++i) (fates[i] == Fate::kSent ? sent_ : dropped_).Add();
  if (!dropped.ok()) Report(dropped);
  if (spool_->records() == 0) Report(absl::OkStatus());
  return done == fates.size() && dropped.ok();
}

void KafkaDecisionSink::ToSpool(std::span<const SpooledRecord> records) {
  if (records.empty()) return;
  const absl::StatusOr<size_t> taken = spool_->Append(records);
  const size_t count = taken.value_or(0);
  spooled_.Add(count);
  if (count == records.size()) return;
  dropped_.Add(records.size() - count);
  Report(!taken.ok() ? taken.status()
                     : absl::ResourceExhaustedError(absl::StrFormat(
                           "the folder %s holds %d bytes of decisions, as many as it may: newer "
                           "ones are dropped",
                           options_.spool.folder, spool_->bytes())));
}

void KafkaDecisionSink::NoteSpool() { spool_bytes_.store(spool_->bytes()); }

void KafkaDecisionSink::Report(const absl::Status& status) {
  if (status.code() == reported_.code()) return;  // their words differ in numbers alone
  reported_ = status;
  if (options_.report) options_.report(status);
}

}  // namespace verdict::kafka_log
