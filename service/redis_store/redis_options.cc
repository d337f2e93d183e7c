#include "redis_store/redis_options.h"

#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "redis_store/redis_key.h"

namespace verdict::redis_store {
namespace {

constexpr size_t kPasswordBytesMax = 4096;

}  // namespace

std::string RedisOptions::where() const {
  return host.find(':') == std::string::npos ? absl::StrCat("redis at ", host, ":", port)
                                             : absl::StrCat("redis at [", host, "]:", port);
}

absl::StatusOr<std::string> PasswordOf(const RedisOptions& options) {
  if (options.password_file.empty()) return options.password;
  const auto bad = [&](const char* why) {
    return absl::InvalidArgumentError(
        absl::StrCat("the password file ", options.password_file, " ", why));
  };
  std::ifstream file(options.password_file, std::ios::binary);
  if (!file) return bad("cannot be read");
  std::string password(kPasswordBytesMax + 1, '\0');
  file.read(password.data(), static_cast<std::streamsize>(password.size()));
  if (file.bad()) return bad("cannot be read");
  password.resize(static_cast<size_t>(file.gcount()));
  if (password.size() > kPasswordBytesMax) return bad("holds more than 4096 bytes");
  if (!password.empty() && password.back() == '\n') password.pop_back();
  if (!password.empty() && password.back() == '\r') password.pop_back();
  if (password.empty()) return bad("is empty");
  if (password.find('\n') != std::string::npos) return bad("holds more than one line");
  return password;
}

absl::Status CheckOptions(const RedisOptions& options) {
  const auto bad = [](const auto&... what) {
    return absl::InvalidArgumentError(absl::StrCat(what...));
  };
  if (options.host.empty()) return bad("redis: the host is missing");
  if (options.port < 1 || options.port > 65535) return bad("redis: no port ", options.port);
  if (options.database < 0) return bad("redis: no database ", options.database);
  if (options.kept_days < 0) return bad("redis: kept days below zero");
  if (!options.user.empty() && options.password.empty() && options.password_file.empty()) {
    return bad("redis: the user ", options.user, " needs a password");
  }
  if (options.connect_timeout.count() <= 0 || options.io_timeout.count() <= 0 ||
      options.batch_timeout.count() <= 0) {
    return bad("redis: a time-out must be above zero");
  }
  for (const auto& [measure, entity] : options.entity_of_measure) {
    RETURN_IF_ERROR(CheckEntityName(entity));
  }
  return PasswordOf(options).status();
}

}  // namespace verdict::redis_store
