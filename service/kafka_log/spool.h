// A bounded folder of records that could not be sent yet: first in, first out, over restarts.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace verdict::kafka_log {

struct SpooledRecord {
  std::string key;
  std::string value;
  friend bool operator==(const SpooledRecord&, const SpooledRecord&) = default;
};

// Thread-compatible. Segments of records, each with its crc32c; what is taken out is remembered in
// a file of its own. What Append took survives kill -9; power loss may take it. A record may be
// given out again after a crash, none is lost but for damage of the disk.
class Spool {
 public:
  struct Options {
    std::string folder;
    uint64_t bytes_max = uint64_t{1} << 30;
    uint64_t segment_bytes = uint64_t{8} << 20;
  };
  // Makes the folder where there is none. Cuts off what a crash left half-written. Errors:
  // FailedPrecondition (another process has it, or it cannot be used: the path and what the system
  // said).
  static absl::StatusOr<std::unique_ptr<Spool>> Open(const Options& options);
  ~Spool();

  // Takes records from the front of `records`, in order, as long as there is room; how many.
  // Errors: Unavailable: what the system said; none was taken.
  absl::StatusOr<size_t> Append(std::span<const SpooledRecord> records);
  // The oldest ones, at most about `bytes_max` of them, at least one where there is any. They stay.
  absl::StatusOr<std::vector<SpooledRecord>> Oldest(uint64_t bytes_max);
  // Takes the first `count` of what Oldest() gave last out. REQUIRES: there were so many.
  absl::Status Drop(size_t count);

  uint64_t records() const { return records_; }
  uint64_t bytes() const { return bytes_; }
  // Bytes that were passed over because they could not be read, since Open.
  uint64_t damaged_bytes() const { return damaged_bytes_; }

 private:
  struct Segment {
    uint64_t number = 0;
    uint64_t bytes = 0;    // up to its last whole record
    uint64_t records = 0;  // of those from the head on
  };
  explicit Spool(Options options) : options_(std::move(options)) {}
  std::string PathOf(uint64_t segment) const;
  absl::Status Lock();
  absl::Status Recover();
  absl::Status RecoverSegment(uint64_t number, uint64_t from, bool is_last);
  void ReadHead(uint64_t* number, uint64_t* offset) const;
  absl::Status WriteHead();
  absl::Status Grow();
  absl::Status Write(const std::string& bytes);
  absl::Status DropHead();

  const Options options_;
  int lock_ = -1;
  int tail_ = -1;                 // the newest segment, for appending
  std::deque<Segment> segments_;  // oldest first
  uint64_t head_offset_ = 0;      // within the oldest
  uint64_t next_number_ = 1;
  uint64_t records_ = 0;
  uint64_t bytes_ = 0;
  uint64_t damaged_bytes_ = 0;
  std::vector<uint64_t> sizes_;  // on disk, of what Oldest() gave last
};

}  // namespace verdict::kafka_log
