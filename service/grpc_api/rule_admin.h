// What the RuleAdmin service asks of whoever keeps the rule sets.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "ruleset/publisher.h"

namespace verdict::grpc_api {

struct AdminCall {
  enum class Kind : uint8_t { kList, kActivate, kRollback, kSwitchOff };
  Kind kind = Kind::kList;
  std::string name;     // of the set, or of the rule; kRollback: the set that must be live
  bool forced = false;  // past the guard
  std::chrono::system_clock::time_point deadline = std::chrono::system_clock::time_point::max();
  std::string caller;  // for the log: "ipv4:127.0.0.1:4242", or a certificate's name beside it
};

struct AdminAnswer {
  absl::Status status;
  ruleset::Publisher::Listing listing;  // kList
  ruleset::PublishResult result;        // the others
  std::string live;                     // hash of the set that is live afterwards
  double max_deny_shift = 0;            // of the policy that was live before
};

// `done` is called exactly once, here or on another thread.
using Admin = std::function<void(AdminCall, std::function<void(const AdminAnswer&)> done)>;

}  // namespace verdict::grpc_api
