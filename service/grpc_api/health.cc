// One probe exercises one queue; the beats speak for the others.
#include "grpc_api/health.h"

namespace verdict::grpc_api {
namespace {

int64_t Ticks(Health::Time time) { return time.time_since_epoch().count(); }

}  // namespace

void Health::Beat(size_t index, Time now) {
  beats_[index].store(Ticks(now), std::memory_order_relaxed);
}

bool Health::Stuck(Time now) const {
  for (const std::atomic<int64_t>& beat : beats_) {
    const int64_t at = beat.load(std::memory_order_relaxed);
    if (at != 0 && at < Ticks(now - kStuckAfter)) return true;
  }
  return false;
}

Health::Status Health::StatusOf(const std::string& service, Time now) const {
  using Response = grpc::health::v1::HealthCheckResponse;
  if (!service.empty() && service != "verdict.v1.FraudDecision") return Response::SERVICE_UNKNOWN;
  const bool serving =
      serving_.load(std::memory_order_relaxed) && !draining_.load(std::memory_order_relaxed);
  return serving && !Stuck(now) ? Response::SERVING : Response::NOT_SERVING;
}

}  // namespace verdict::grpc_api
