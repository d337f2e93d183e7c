#include "redis_store/reply.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"

namespace verdict::redis_store {
namespace {

constexpr size_t kTextMax = 200;  // of an error, in our messages

struct Meaning {
  std::string_view code;
  absl::StatusCode status;
  const char* mend;  // may be empty
};
using absl::StatusCode;
constexpr std::array<Meaning, 15> kMeanings = {{
    {"NOAUTH", StatusCode::kPermissionDenied, "set store.redis.password_file"},
    {"WRONGPASS", StatusCode::kPermissionDenied, "check store.redis.user and its password file"},
    {"NOPERM", StatusCode::kPermissionDenied,
     "give the user get, set, scan, info, ping, select, eval, evalsha and script on keys v1:*"},
    {"OOM", StatusCode::kResourceExhausted,
     "raise maxmemory; nothing that was there is lost, and what failed is written again"},
    {"READONLY", StatusCode::kFailedPrecondition, "name the primary in store.redis.address"},
    {"WRONGTYPE", StatusCode::kFailedPrecondition, "somebody else writes under our keys"},
    {"MOVED", StatusCode::kFailedPrecondition, "a Redis Cluster is not supported"},
    {"ASK", StatusCode::kFailedPrecondition, "a Redis Cluster is not supported"},
    {"NOSCRIPT", StatusCode::kNotFound, ""},
    {"LOADING", StatusCode::kUnavailable, ""},
    {"BUSY", StatusCode::kUnavailable, ""},
    {"MASTERDOWN", StatusCode::kUnavailable, ""},
    {"CLUSTERDOWN", StatusCode::kUnavailable, ""},
    {"TRYAGAIN", StatusCode::kUnavailable, ""},
    {"MISCONF", StatusCode::kUnavailable, "Redis cannot save to its disk"},
}};

}  // namespace

std::string_view ErrorCode(const redisReply& reply) {
  std::string_view text = TextOf(reply);
  if (!text.empty() && text.front() == '-') text.remove_prefix(1);  // scripts of old versions
  return text.substr(0, text.find(' '));
}

absl::Status StatusOf(const redisReply& reply, const std::string& what) {
  if (!IsError(reply)) return absl::OkStatus();
  const auto* meaning =
      std::find_if(kMeanings.begin(), kMeanings.end(),
                   [code = ErrorCode(reply)](const Meaning& m) { return m.code == code; });
  const bool known = meaning != kMeanings.end();
  std::string message = absl::StrCat(what, ": ", std::string(TextOf(reply).substr(0, kTextMax)));
  if (known && *meaning->mend != '\0') absl::StrAppend(&message, " (", meaning->mend, ")");
  return {known ? meaning->status : StatusCode::kUnknown, message};
}

absl::Status Unexpected(const redisReply& reply, const std::string& what) {
  if (IsError(reply)) return StatusOf(reply, what);
  return absl::InternalError(absl::StrCat(what, ": a reply of type ", reply.type));
}

}  // namespace verdict::redis_store
