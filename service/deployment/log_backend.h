// A log as a deployment has it: who reads it, who may append, what else it promises.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "decide/decision_sink.h"
#include "eventlog/event_source.h"
#include "eventlog/log_trimmer.h"

namespace verdict::deployment {

// Thread-safe. What it hands out must go before it does.
class LogBackend {
 public:
  virtual ~LogBackend() = default;
  // Asks the servers what must be known before anything else here is called, but for
  // record_appender(), healthy() and AppendBatch(). Blocks for `wait` where nobody answers. OK once
  // is enough. Errors: Unavailable: ask again, it heals by itself; others: something to mend first.
  virtual absl::Status Reach(std::chrono::milliseconds wait) = 0;
  // The log's own name: state made of another log is refused by it.
  virtual const std::string& id() const = 0;
  virtual int partitions() const = 0;  // when it was opened; sources may have more since
  // An event lies in PartitionOf(its merchant); false: its producer chose.
  virtual bool placed_by_merchant() const = 0;
  // A reader's view of its own: of the apply thread, which takes decisions too and tells of what it
  // cannot read; or of who reads beside it. Errors: Unavailable.
  enum class Reader : uint8_t { kApply, kBeside };
  virtual absl::StatusOr<std::unique_ptr<eventlog::EventSource>> MakeSource(Reader reader) = 0;
  // Where Score writes the PAYMENT it decided; null: the payment system writes it.
  virtual eventlog::EventAppender* score_appender() = 0;
  // Where Record writes; null: not here. Says Unavailable until the log is reached.
  virtual eventlog::EventAppender* record_appender() = 0;
  // Where decisions go besides; null: nowhere.
  virtual decide::DecisionSink* decisions() = 0;
  // For imports: all of `requests`, in order, on the caller's thread. After an error some of them
  // may have been appended. `done` of each that has one is called.
  virtual absl::Status AppendBatch(std::span<eventlog::AppendRequest> requests) = 0;
  // What is appended from here on has record times >= `time_ms`, and all before is durable: a cut
  // at that time may be taken. Nothing to do where the log promises so much by itself.
  virtual absl::Status Seal(int64_t time_ms) = 0;
  // Everything acknowledged is durable when it returns (R32).
  virtual absl::Status Sync() = 0;
  // Removes the log's head on our word; null: whoever keeps the log does, on his own.
  virtual eventlog::LogTrimmer* trimmer() = 0;
  // False while appends that were promised cannot be made.
  virtual bool healthy() const = 0;
  // Of the newest record; 0 where there is none. Errors: Unavailable.
  virtual absl::StatusOr<int64_t> LastRecordTimeMs() = 0;
};

}  // namespace verdict::deployment
