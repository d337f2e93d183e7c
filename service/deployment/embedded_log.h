// The embedded log as a LogBackend.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "deployment/log_backend.h"
#include "rocks_store/log_metrics.h"
#include "rocks_store/rocks_log.h"

namespace verdict::deployment {

// Thread-safe. `log` must outlive it.
class EmbeddedLog : public LogBackend {
 public:
  explicit EmbeddedLog(rocks_store::RocksLog* log)
      : log_(log), id_(log->db().log_id()), metrics_(&log->db()) {}

  absl::Status Reach(std::chrono::milliseconds) override { return absl::OkStatus(); }
  const std::string& id() const override { return id_; }
  int partitions() const override { return log_->db().partitions(); }
  bool placed_by_merchant() const override { return true; }
  absl::StatusOr<std::unique_ptr<eventlog::EventSource>> MakeSource(Reader reader) override {
    return log_->MakeSource(/*with_decisions=*/reader == Reader::kApply);
  }
  eventlog::EventAppender* score_appender() override { return log_; }
  eventlog::EventAppender* record_appender() override { return log_; }
  decide::DecisionSink* decisions() override { return nullptr; }
  absl::Status AppendBatch(std::span<eventlog::AppendRequest> requests) override {
    return log_->AppendBatch(requests);
  }
  absl::Status Seal(int64_t time_ms) override { return log_->AdvanceTime(time_ms); }
  absl::Status Sync() override { return log_->Sync(); }
  eventlog::LogTrimmer* trimmer() override { return log_; }
  bool healthy() const override { return log_->healthy(); }
  absl::StatusOr<int64_t> LastRecordTimeMs() override { return log_->db().last_record_time_ms(); }

 private:
  rocks_store::RocksLog* log_;
  std::string id_;
  rocks_store::LogMetrics metrics_;
};

}  // namespace verdict::deployment
