// Score requests prepared as the bytes that go on the wire, each sent again and again under a new
// id.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "options.h"
#include "verdict/v1/transaction.pb.h"

namespace verdict::load {

inline constexpr size_t kPatchedIdBytes =
    20;  // 8 digits of the run, '-', 11 digits of the sequence, hexadecimal

// **Immutable.** Filled once, read by all load threads.
class RequestPool {
 public:
  // Made-up payments with Zipf-distributed merchants and cards.
  static RequestPool Generate(const Options& options, uint64_t seed);
  // The PAYMENT events of a file: JSON lines where it begins with '{', else length-delimited
  // TransactionEvent messages. Errors: NotFound, InvalidArgument naming the line or the byte.
  static absl::StatusOr<RequestPool> Load(const Options& options, uint64_t seed);

  size_t size() const { return entries_.size(); }
  // Bytes of request `index`, gRPC's 5-byte prefix included.
  size_t BodyBytes(size_t index) const { return entries_[index].bytes; }
  // Writes them with the id of `sequence` and the time `now_ms` (kept ones stay as they are).
  void WriteBody(size_t index, uint64_t sequence, int64_t now_ms, uint8_t* out) const;
  // All of them as length-delimited ScoreRequest messages, request i under the id of sequence i.
  // Errors: Unavailable.
  absl::Status WriteDelimited(const std::string& path, int64_t now_ms) const;
  // The id that WriteBody wrote.
  std::string IdOf(size_t index, uint64_t sequence) const;

 private:
  struct Entry {
    uint64_t offset = 0;
    uint32_t bytes = 0;
    uint16_t id_offset = 0;  // of the id's bytes, within the entry
    uint16_t id_bytes = 0;
  };
  RequestPool(bool keep, uint64_t seed);
  void Append(const verdict::v1::Transaction& txn, bool record);
  void WriteId(uint64_t sequence, uint8_t* out) const;
  absl::Status LoadJsonLines(std::string_view text, bool record);
  absl::Status LoadDelimited(std::string_view bytes, bool record);
  void AppendEvent(const verdict::v1::TransactionEvent& event, bool record);

  bool keep_;     // ids and times stay as they are
  uint32_t run_;  // tells the ids of one run from another's
  std::string bytes_;
  std::vector<Entry> entries_;
};

// Draws 0 .. n-1, 0 the most often, with probability ~ 1 / (rank + 1)^skew; skew 0: all alike.
// **Immutable.**
class Zipf {
 public:
  Zipf(uint64_t n, double skew);
  // `uniform` in [0, 1).
  uint64_t Draw(double uniform) const;

 private:
  uint64_t n_;
  std::vector<double> cumulative_;  // empty: uniform
};

}  // namespace verdict::load
