#include "redis_store/server_check.h"

#include <charconv>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace verdict::redis_store {
namespace {

constexpr int kMajorVersionLeast = 6;

// A field of INFO: lines of name:value. Empty where there is none.
std::string Field(std::string_view info, const std::string& name) {
  size_t at = info.starts_with(name + ":") ? 0 : info.find("\n" + name + ":");
  if (at == std::string_view::npos) return "";
  at = info.find(':', at) + 1;
  return std::string(info.substr(at, info.find_first_of("\r\n", at) - at));
}

int MajorOf(const std::string& version) {
  int major = 0;
  std::from_chars(version.data(), version.data() + version.size(), major);
  return major;
}

}  // namespace

absl::StatusOr<ServerReport> LookAtServer(BatchClient* client, const RedisOptions& options) {
  const std::string where = options.where();
  const auto unfit = [&where](const auto&... what) {
    return absl::FailedPreconditionError(absl::StrCat(where, what...));
  };
  // One section a command: Redis 6 takes no more.
  const std::vector<Command> commands = {{"INFO", "server"},
                                         {"INFO", "replication"},
                                         {"INFO", "cluster"},
                                         {"INFO", "memory"},
                                         {"INFO", "persistence"}};
  ASSIGN_OR_RETURN(const std::vector<Reply> replies, client->Exchange(commands));
  std::string info;
  for (const Reply& reply : replies) {
    if (reply->type != REDIS_REPLY_STRING) return Unexpected(*reply, where + " refuses INFO");
    absl::StrAppend(&info, std::string(TextOf(*reply)), "\n");
  }
  ServerReport report;
  report.version = Field(info, "redis_version");
  if (MajorOf(report.version) < kMajorVersionLeast) {
    return unfit(" is version ", report.version, "; Redis ", kMajorVersionLeast,
                 " or newer is needed");
  }
  if (const std::string role = Field(info, "role"); role != "master") {
    return unfit(" is a ", role, ", which may be behind and takes no writes: name the primary, ",
                 Field(info, "master_host"), ":", Field(info, "master_port"));
  }
  if (Field(info, "cluster_enabled") == "1") {
    return unfit(" is part of a Redis Cluster, which is not supported: name a server of its own");
  }
  if (const std::string policy = Field(info, "maxmemory_policy"); policy != "noeviction") {
    return unfit(" may evict blobs, and a lost blob reads as a quiet key (maxmemory-policy is ",
                 policy, "): CONFIG SET maxmemory-policy noeviction, and in redis.conf");
  }
  if (Field(info, "maxmemory") == "0") {
    report.warnings.push_back(absl::StrCat(
        where,
        " has no maxmemory: where memory runs out the system may end it; with a limit, "
        "writes fail and nothing is lost"));
  }
  if (Field(info, "aof_enabled") == "0") {
    report.warnings.push_back(absl::StrCat(
        where,
        " keeps no append-only file: after a crash it lacks what it had not saved yet, and "
        "the base must be uploaded again"));
  }
  return report;
}

absl::Status CheckPut(const redisReply& reply, const std::string& key,
                      const RedisOptions& options) {
  const std::string what = absl::StrCat(options.where(), ": writing ", key);
  if (reply.type != REDIS_REPLY_INTEGER) return Unexpected(reply, what);
  if (reply.integer >= 0) return absl::OkStatus();
  const char* found = reply.integer == -1   ? "bytes that are no blob"
                      : reply.integer == -2 ? "a blob of another format"
                                            : "a value of another type";
  return absl::DataLossError(absl::StrCat(what, ": the key holds ", found,
                                          ", which is not replaced unseen: find out who wrote it, "
                                          "remove it with UNLINK, and fold or upload again"));
}

}  // namespace verdict::redis_store
