// Each answer is checked: the id that was asked, an outcome, a provenance that is not DEFAULT.
#include "tally.h"

#include "absl/strings/str_format.h"

namespace verdict::load {

namespace pb = ::verdict::v1;

std::string_view CodeName(int code) {
  static constexpr std::array<std::string_view, kCodes> kNames = {"OK",
                                                                  "CANCELLED",
                                                                  "UNKNOWN",
                                                                  "INVALID_ARGUMENT",
                                                                  "DEADLINE_EXCEEDED",
                                                                  "NOT_FOUND",
                                                                  "ALREADY_EXISTS",
                                                                  "PERMISSION_DENIED",
                                                                  "RESOURCE_EXHAUSTED",
                                                                  "FAILED_PRECONDITION",
                                                                  "ABORTED",
                                                                  "OUT_OF_RANGE",
                                                                  "UNIMPLEMENTED",
                                                                  "INTERNAL",
                                                                  "UNAVAILABLE",
                                                                  "DATA_LOSS",
                                                                  "UNAUTHENTICATED"};
  return code >= 0 && code < kCodes ? kNames[static_cast<size_t>(code)] : "UNKNOWN";
}

std::string Tally::Fault(const Finished& call) {
  if (call.code != 0) return absl::StrFormat("%s: %s", CodeName(call.code), call.message);
  const pb::ScoreResponse* answer = call.answer;
  if (answer == nullptr || answer->transaction_id() != call.expected_id) {
    ++wrong_;
    return absl::StrFormat(
        "asked for \"%s\", got %s", call.expected_id,
        answer == nullptr ? "unreadable bytes" : "\"" + answer->transaction_id() + "\"");
  }
  const int outcome = answer->decision();
  const int provenance = answer->provenance();
  if (outcome <= 0 || outcome >= kOutcomes || provenance <= 0 || provenance >= kProvenances) {
    ++wrong_;
    return absl::StrFormat("an answer without a decision or provenance (%d, %d)", outcome,
                           provenance);
  }
  ++outcomes_[static_cast<size_t>(outcome)];
  ++provenances_[static_cast<size_t>(provenance)];
  if (answer->replayed()) ++replayed_;
  return provenance == pb::PROVENANCE_DEFAULT ? "an answer of provenance DEFAULT" : "";
}

void Tally::Count(const Finished& call, bool measured) {
  ++finished_;
  ++codes_[static_cast<size_t>(call.code >= 0 && call.code < kCodes ? call.code : 2)];
  std::string fault = Fault(call);
  if (!fault.empty()) {
    ++failed_;
    if (first_error_.empty()) first_error_ = std::move(fault);
  }
  if (!measured) return;
  from_intended_.Record(call.from_intended_ns);
  from_sent_.Record(call.from_sent_ns);
}

void Tally::Add(const Tally& other) {
  finished_ += other.finished_;
  failed_ += other.failed_;
  unanswered_ += other.unanswered_;
  replayed_ += other.replayed_;
  wrong_ += other.wrong_;
  for (size_t i = 0; i < codes_.size(); ++i) codes_[i] += other.codes_[i];
  for (size_t i = 0; i < outcomes_.size(); ++i) outcomes_[i] += other.outcomes_[i];
  for (size_t i = 0; i < provenances_.size(); ++i) provenances_[i] += other.provenances_[i];
  if (first_error_.empty()) first_error_ = other.first_error_;
  from_intended_.Add(other.from_intended_);
  from_sent_.Add(other.from_sent_);
}

}  // namespace verdict::load
