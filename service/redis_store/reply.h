// A reply of Redis, and what its errors mean to us.
#pragma once

extern "C" {  // this header of C's does not say so itself
#include <hiredis/sds.h>
}
#include <hiredis/hiredis.h>

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace verdict::redis_store {

struct FreeReply {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using Reply = std::unique_ptr<redisReply, FreeReply>;

// The bytes of a string, status or error.
inline std::string_view TextOf(const redisReply& reply) { return {reply.str, reply.len}; }
inline bool IsError(const redisReply& reply) { return reply.type == REDIS_REPLY_ERROR; }
// The first word of an error: "WRONGTYPE", "NOSCRIPT".
std::string_view ErrorCode(const redisReply& reply);

// OK unless it is an error; `what` begins the message. Codes: PermissionDenied (NOAUTH, WRONGPASS,
// NOPERM), ResourceExhausted (OOM), FailedPrecondition (a replica, a cluster, a wrong type),
// NotFound (NOSCRIPT), Unavailable (loading and the like), else Unknown. Says how to mend it.
absl::Status StatusOf(const redisReply& reply, const std::string& what);

// An answer of another kind than the command gives.
absl::Status Unexpected(const redisReply& reply, const std::string& what);

}  // namespace verdict::redis_store
