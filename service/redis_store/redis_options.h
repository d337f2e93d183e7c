// Where Redis is, who asks, and how long it may take.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace verdict::redis_store {

struct RedisOptions {
  std::string host =
      "127.0.0.1";  // a name is looked up at each connection, on the thread that asks
  int port = 6379;
  std::string user;           // empty: Redis's default user
  std::string password;       // empty: no AUTH. It stands in no message and no metric
  std::string password_file;  // its first line; read at each connection, so that it may change
  int database = 0;
  std::chrono::milliseconds connect_timeout{1000};  // TCP, AUTH, SELECT and PING together
  // A reply owed for longer means that the connection is given up. For Get().
  std::chrono::milliseconds io_timeout{100};
  std::chrono::milliseconds batch_timeout{10'000};  // one pipeline of the batch, all of it
  std::chrono::microseconds gather{300};            // Get() waits so long for others, ...
  size_t gather_keys = 64;                          // ... or for so many keys
  size_t queue_max = 8192;                          // Gets under way; beyond, they fail at once
  // As KeepDays(), until it is called.
  int kept_days = 0;
  // Keys in Redis name the entity ("merchant"), BlobKeys do not: so each measure must be told.
  std::map<uint64_t, std::string> entity_of_measure;
  // Called on the store's thread when the connection is lost or cannot be made, once an outage, and
  // with OK when it stands again. May be empty.
  std::function<void(const absl::Status&)> report = {};

  std::string where() const;  // "redis at 127.0.0.1:6379", for messages
};

// The password, from the file where one is named; its last line break is left off. Errors:
// InvalidArgument naming the file, never what it holds.
absl::StatusOr<std::string> PasswordOf(const RedisOptions& options);

// Errors: InvalidArgument: a bad host, port, database, limit, or entity name.
absl::Status CheckOptions(const RedisOptions& options);

}  // namespace verdict::redis_store
