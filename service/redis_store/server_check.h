// Whether a Redis is fit to keep aggregates, and what became of a write.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "redis_store/batch_client.h"
#include "redis_store/redis_aggregate_store.h"
#include "redis_store/redis_options.h"
#include "redis_store/reply.h"

namespace verdict::redis_store {

// RedisAggregateStore::CheckServer.
absl::StatusOr<ServerReport> LookAtServer(BatchClient* client, const RedisOptions& options);

// The reply of kPutIfNewer for `key`.
absl::Status CheckPut(const redisReply& reply, const std::string& key, const RedisOptions& options);

}  // namespace verdict::redis_store
