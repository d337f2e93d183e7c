// What became of the calls: codes, outcomes, provenances, latencies. One a thread, added up at the
// end.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "histogram.h"
#include "verdict/v1/fraud_decision.pb.h"

namespace verdict::load {

inline constexpr int kCodes = 17;       // the codes of gRPC
inline constexpr int kOutcomes = 4;     // by number of verdict.v1.Outcome
inline constexpr int kProvenances = 5;  // by number of verdict.v1.Provenance

std::string_view CodeName(int code);

// One finished call as the tally wants it.
struct Finished {
  int code = 2;              // of gRPC
  std::string_view message;  // of a failed call
  std::string_view expected_id;
  const verdict::v1::ScoreResponse* answer =
      nullptr;  // code 0 alone; null where the bytes were unreadable
  int64_t from_intended_ns = 0;
  int64_t from_sent_ns = 0;
};

// **Thread-compatible.**
class Tally {
 public:
  void Count(const Finished& call, bool measured);
  void CountUnanswered(uint64_t calls) { unanswered_ += calls; }
  void Add(const Tally& other);

  uint64_t finished() const { return finished_; }
  // Calls that fail a run: any code but OK, an answer that is wrong or of provenance DEFAULT, no
  // answer at all.
  uint64_t failed() const { return failed_ + unanswered_; }
  uint64_t unanswered() const { return unanswered_; }
  uint64_t replayed() const { return replayed_; }
  uint64_t wrong() const { return wrong_; }
  const std::array<uint64_t, kCodes>& codes() const { return codes_; }
  const std::array<uint64_t, kOutcomes>& outcomes() const { return outcomes_; }
  const std::array<uint64_t, kProvenances>& provenances() const { return provenances_; }
  const std::string& first_error() const { return first_error_; }
  const Histogram& from_intended() const { return from_intended_; }
  const Histogram& from_sent() const { return from_sent_; }

 private:
  // Why an answer fails the run; empty where it does not.
  std::string Fault(const Finished& call);

  uint64_t finished_ = 0;
  uint64_t failed_ = 0;
  uint64_t unanswered_ = 0;
  uint64_t replayed_ = 0;
  uint64_t wrong_ = 0;
  std::array<uint64_t, kCodes> codes_{};
  std::array<uint64_t, kOutcomes> outcomes_{};
  std::array<uint64_t, kProvenances> provenances_{};
  std::string first_error_;
  Histogram from_intended_;
  Histogram from_sent_;
};

}  // namespace verdict::load
