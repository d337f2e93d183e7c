#include "redis_store/blob_bytes.h"

#include <utility>

#include "aggregate/blob_codec.h"

namespace verdict::redis_store {

aggregate::BlobResult BlobOf(const redisReply& reply, uint64_t measure_hash) {
  aggregate::BlobResult result;
  if (reply.type == REDIS_REPLY_NIL) result.state = aggregate::BlobResult::State::kAbsent;
  if (reply.type != REDIS_REPLY_STRING) return result;
  auto blob = aggregate::DecodeBlob(TextOf(reply));
  if (!blob.ok() || blob->measure_hash != measure_hash) return result;
  result.state = aggregate::BlobResult::State::kFound;
  result.blob = *std::move(blob);
  return result;
}

}  // namespace verdict::redis_store
