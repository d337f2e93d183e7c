#include "deployment/kafka_backend.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "absl/strings/str_join.h"
#include "base/mutex.h"
#include "base/status.h"

namespace verdict::deployment {
namespace {

constexpr std::chrono::milliseconds kQueueFullPause{5};
constexpr std::chrono::seconds kFlush{60};

// **Thread-safe.** The first thing that went wrong with any of many appends.
class FirstTrouble {
 public:
  void Note(const absl::Status& status) EXCLUDES_LOCK(mutex_) {
    base::MutexLock lock(mutex_);
    status_.Update(status);
  }
  absl::Status status() const EXCLUDES_LOCK(mutex_) {
    base::MutexLock lock(mutex_);
    return status_;
  }

 private:
  mutable base::Mutex mutex_;
  absl::Status status_ GUARDED_BY(mutex_);
};

}  // namespace

absl::StatusOr<std::unique_ptr<KafkaBackend>> KafkaBackend::Open(
    const kafka_log::KafkaOptions& options) {
  ASSIGN_OR_RETURN(kafka_log::KafkaLog log, kafka_log::KafkaLog::Configure(options));
  return std::unique_ptr<KafkaBackend>(new KafkaBackend(std::move(log)));
}

absl::Status KafkaBackend::Reach(std::chrono::milliseconds wait) {
  if (probe_ == nullptr) {
    ASSIGN_OR_RETURN(probe_, log_.MakeProbe());
  }
  RETURN_IF_ERROR(probe_->Ask(wait));
  ASSIGN_OR_RETURN(findings_, log_.Check());
  if (!findings_.refusals.empty()) {
    return absl::FailedPreconditionError(absl::StrJoin(findings_.refusals, "; "));
  }
  ASSIGN_OR_RETURN(const auto source, log_.OpenQuietSource());
  id_ = source->log_id();
  partitions_ = source->partitions();
  probe_.reset();
  return absl::OkStatus();
}

void KafkaBackend::LateAppender::Append(const model::Event& event, const model::Decision* decision,
                                        eventlog::OnAppended done) {
  eventlog::EventAppender* const to = to_.load(std::memory_order_acquire);
  if (to != nullptr) return to->Append(event, decision, std::move(done));
  done(absl::UnavailableError("the brokers were not reached yet"));
}

absl::Status KafkaBackend::StartWriting(std::function<void(const absl::Status&)> report) {
  const kafka_log::KafkaOptions& options = log_.options();
  if (options.record || !options.dead_topic.empty()) {
    ASSIGN_OR_RETURN(producer_, log_.MakeProducer());
  }
  if (!options.dead_topic.empty()) letters_ = log_.MakeDeadLetters(producer_.get());
  if (options.record) {
    ASSIGN_OR_RETURN(appender_, log_.MakeAppender(producer_.get()));
    records_.Begin(appender_.get());
  }
  if (!options.decisions_topic.empty()) {
    ASSIGN_OR_RETURN(decisions_, log_.OpenDecisionSink(std::move(report)));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<eventlog::EventSource>> KafkaBackend::MakeSource(Reader reader) {
  if (reader == Reader::kBeside) return log_.OpenQuietSource();
  return log_.OpenSource(letters_.get(), findings_.retention_ms);
}

// A full queue of the producer's is waited for; anything else ends the batch once what was sent
// has its answer.
absl::Status KafkaBackend::AppendBatch(std::span<eventlog::AppendRequest> requests) {
  if (producer_ == nullptr) {
    ASSIGN_OR_RETURN(producer_, log_.MakeProducer());
  }
  kafka_log::KafkaAppender appender(producer_.get(), log_.options().topic,
                                    log_.options().event_clock);
  const auto trouble = std::make_shared<FirstTrouble>();  // an answer may come after all
  for (eventlog::AppendRequest& request : requests) {
    for (bool taken = false; !taken && trouble->status().ok();) {
      taken = true;
      appender.Append(request.event, nullptr, [&taken, trouble](const absl::Status& status) {
        if (absl::IsResourceExhausted(status)) {
          taken = false;  // on this thread, at once
        } else {
          trouble->Note(status);
        }
      });
      if (!taken) std::this_thread::sleep_for(kQueueFullPause);
    }
    if (!trouble->status().ok()) break;
  }
  RETURN_IF_ERROR(producer_->Flush(kFlush));
  const absl::Status status = trouble->status();
  for (eventlog::AppendRequest& request : requests) {
    if (request.done) request.done(status);
  }
  return status;
}

absl::StatusOr<int64_t> KafkaBackend::LastRecordTimeMs() {
  ASSIGN_OR_RETURN(const auto source, MakeSource(Reader::kBeside));
  int64_t last_ms = 0;
  for (eventlog::Partition p = 0; p < partitions_; ++p) {
    ASSIGN_OR_RETURN(const eventlog::Offset end, source->End(p));
    ASSIGN_OR_RETURN(const auto newest_ms, eventlog::NewestTimeBefore(source.get(), p, end));
    last_ms = std::max(last_ms, newest_ms.value_or(0));
  }
  return last_ms;
}

}  // namespace verdict::deployment
