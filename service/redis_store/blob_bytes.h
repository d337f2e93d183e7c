// What Redis gave for a key, as a blob.
#pragma once

#include <cstdint>

#include "aggregate/aggregate_store.h"
#include "redis_store/reply.h"

namespace verdict::redis_store {

// Absent only where Redis says that there is nothing. An error, another type, damaged bytes,
// another measure's blob: failed.
aggregate::BlobResult BlobOf(const redisReply& reply, uint64_t measure_hash);

}  // namespace verdict::redis_store
