// The share falls twice as fast as it rises: goodput returns quickly after a burst.
#include "grpc_api/admission.h"

#include <algorithm>
#include <string>

namespace verdict::grpc_api {
namespace {

// The series that `decide` counts answered calls in: a shed call never reaches it.
base::Counter Requests(const std::string& code) {
  return base::Metrics().AddCounter(
      "verdict_score_requests_total",
      "Score calls by gRPC code; decision and provenance where there was an answer.",
      {{"code", code}, {"decision", ""}, {"provenance", ""}});
}

base::Counter Shed(const std::string& reason) {
  return base::Metrics().AddCounter("verdict_score_shed_total",
                                    "Score calls that were not looked at, by reason.",
                                    {{"reason", reason}});
}

}  // namespace

void QueueDelay::Observe(Duration late, Time now) {
  if (late <= most_) {
    over_since_ = Time::max();
    share_ = std::max(0, share_ - 2);
    return;
  }
  if (over_since_ == Time::max()) over_since_ = now;
  if (now - over_since_ >= kStandingFor) share_ = std::min(kShares - 1, share_ + 1);
}

bool QueueDelay::ShedsThis() {
  if (share_ == 0) return false;
  // 5 has no divisor in common with 16: the shed calls are spread evenly over each 16.
  turn_ = (turn_ + 5) % kShares;
  return turn_ < share_;
}

ShedMetrics::ShedMetrics()
    : deadline_(Shed("deadline")),
      queue_delay_(Shed("queue_delay")),
      in_flight_(Shed("inflight")),
      matched_(Shed("matched")),
      deadline_exceeded_(Requests("DEADLINE_EXCEEDED")),
      resource_exhausted_(Requests("RESOURCE_EXHAUSTED")),
      invalid_argument_(Requests("INVALID_ARGUMENT")),
      internal_(Requests("INTERNAL")) {}

void ShedMetrics::Count(ShedReason reason, uint64_t payments) const {
  switch (reason) {
    case ShedReason::kDeadline:
      deadline_.Add(payments);
      deadline_exceeded_.Add(payments);
      return;
    case ShedReason::kQueueDelay:
      queue_delay_.Add(payments);
      break;
    case ShedReason::kInFlight:
      in_flight_.Add(payments);
      break;
    case ShedReason::kMatched:
      matched_.Add(payments);
      break;
  }
  resource_exhausted_.Add(payments);
}

void ShedMetrics::CountUnread(const absl::Status& why, uint64_t payments) const {
  (absl::IsInvalidArgument(why) ? invalid_argument_ : internal_).Add(payments);
}

}  // namespace verdict::grpc_api
