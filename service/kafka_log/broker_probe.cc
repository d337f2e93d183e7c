#include "kafka_log/broker_probe.h"

#include <utility>

#include "base/status.h"

namespace verdict::kafka_log {

absl::StatusOr<std::unique_ptr<BrokerProbe>> BrokerProbe::Make(const Connection& connection,
                                                               const std::string& topic,
                                                               std::chrono::milliseconds patience) {
  ASSIGN_OR_RETURN(std::unique_ptr<Client> client,
                   Client::Make(connection, Client::Kind::kObserver));
  return std::unique_ptr<BrokerProbe>(new BrokerProbe(std::move(client), topic, patience));
}

absl::Status BrokerProbe::Ask(std::chrono::milliseconds wait) {
  const absl::Status status = Topic(client_.get(), topic_, wait).Partitions().status();
  const auto now = std::chrono::steady_clock::now();
  if (absl::IsUnavailable(status)) {
    if (client_->refused()) return absl::PermissionDeniedError(status.message());
    were_away_ = true;
    away_until_ = now;
  }
  // A broker that has just started answers before it has read which topics there are.
  if (absl::IsNotFound(status) && were_away_ && now < away_until_ + patience_) {
    return absl::UnavailableError(status.message());
  }
  return status;
}

}  // namespace verdict::kafka_log
