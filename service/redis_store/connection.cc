#include "redis_store/connection.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/status.h"

namespace verdict::redis_store {
namespace {

constexpr size_t kReadBytes = 16384;

std::string Why(int error) { return std::generic_category().message(error); }

// hiredis sets aside room for as many elements as an array says it has, before any has come.
redisReplyObjectFunctions* BoundedFunctions(const redisReplyObjectFunctions* functions) {
  static void* (*const create)(const redisReadTask*, int) = functions->createArray;
  static redisReplyObjectFunctions bounded = [functions] {
    redisReplyObjectFunctions copy = *functions;
    copy.createArray = [](const redisReadTask* task, int elements) -> void* {
      if (elements > static_cast<int>(kReplyElementsMax)) return nullptr;
      return create(task, elements);
    };
    return copy;
  }();
  return &bounded;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Connection>> Connection::Start(const RedisOptions& options) {
  ASSIGN_OR_RETURN(std::string password, PasswordOf(options));
  std::unique_ptr<redisContext, Free> context(
      redisConnectNonBlock(options.host.c_str(), options.port));
  CHECK(context != nullptr);  // no memory
  if (context->err != 0) {
    return absl::UnavailableError(absl::StrCat(options.where(), ": ", context->errstr));
  }
  context->reader->fn = BoundedFunctions(context->reader->fn);
  return std::unique_ptr<Connection>(
      new Connection(std::move(context), options, std::move(password)));
}

Connection::Connection(std::unique_ptr<redisContext, Free> context, const RedisOptions& options,
                       std::string password)
    : context_(std::move(context)), options_(options), password_(std::move(password)) {}
Connection::~Connection() = default;

short Connection::events() const {
  if (state_ == State::kConnecting) return POLLOUT;
  const bool unsent = sent_ < sdslen(context_->obuf);
  return static_cast<short>(POLLIN | (unsent ? POLLOUT : 0));
}

absl::Status Connection::Advance(short revents) {
  if (state_ == State::kConnecting) {
    if ((revents & (POLLOUT | POLLERR | POLLHUP)) == 0) return absl::OkStatus();
    RETURN_IF_ERROR(FinishConnecting());
    Greet();
    return Send();
  }
  RETURN_IF_ERROR(Send());
  if ((revents & (POLLIN | POLLERR | POLLHUP)) != 0) RETURN_IF_ERROR(Receive());
  return state_ == State::kGreeting ? TakeGreetings() : absl::OkStatus();
}

absl::Status Connection::FinishConnecting() {
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(fd(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  if (error != 0) return Broken("connect", error);
  if (redisEnableKeepAlive(context_.get()) != REDIS_OK) return Broken("keep alive", errno);
  return absl::OkStatus();
}

void Connection::Greet() {
  state_ = State::kGreeting;
  greetings_ = {"PING"};
  if (options_.database != 0) greetings_.push_back("SELECT");
  if (!password_.empty()) greetings_.push_back("AUTH");
  if (password_.empty()) {
  } else if (options_.user.empty()) {
    Append({"AUTH", password_});
  } else {
    Append({"AUTH", options_.user, password_});
  }
  if (options_.database != 0) Append({"SELECT", std::to_string(options_.database)});
  Append({"PING"});
  std::fill(password_.begin(), password_.end(), '\0');
  password_.clear();
}

absl::Status Connection::TakeGreetings() {
  while (!greetings_.empty()) {
    ASSIGN_OR_RETURN(const Reply reply, Next());
    if (reply == nullptr) return absl::OkStatus();
    const std::string command = greetings_.back();
    greetings_.pop_back();
    if (!IsError(*reply)) continue;
    const std::string what = absl::StrCat(options_.where(), " refuses ", command);
    if (command != "AUTH") return StatusOf(*reply, what);
    // A server that does not know AUTH repeats its words, the password among them.
    return absl::PermissionDeniedError(
        absl::StrCat(what, ": ", std::string(ErrorCode(*reply)),
                     " (check store.redis.user and its password file)"));
  }
  state_ = State::kReady;
  return absl::OkStatus();
}

void Connection::Append(std::span<const std::string_view> words) {
  std::vector<const char*> starts;
  std::vector<size_t> sizes;
  for (const std::string_view word : words) {
    starts.push_back(word.data());
    sizes.push_back(word.size());
  }
  CHECK(redisAppendCommandArgv(context_.get(), static_cast<int>(words.size()), starts.data(),
                               sizes.data()) == REDIS_OK);
  ++owed_;
}

// Not redisBufferWrite: its write() would raise SIGPIPE.
absl::Status Connection::Send() {
  const size_t size = sdslen(context_->obuf);
  while (sent_ < size) {
    const ssize_t sent = send(fd(), context_->obuf + sent_, size - sent_, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return absl::OkStatus();
    if (sent < 0) return Broken("send", errno);
    sent_ += static_cast<size_t>(sent);
  }
  sdsclear(context_->obuf);
  sent_ = 0;
  return absl::OkStatus();
}

// One read: the replies in it are to be taken before the next.
absl::Status Connection::Receive() {
  char bytes[kReadBytes];
  const ssize_t received = recv(fd(), bytes, sizeof bytes, 0);
  if (received < 0 && (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK)) {
    return absl::OkStatus();
  }
  if (received < 0) return Broken("receive", errno);
  if (received == 0) {
    return absl::UnavailableError(absl::StrCat(options_.where(), " closed the connection"));
  }
  received_ += static_cast<size_t>(received);
  if (redisReaderFeed(context_->reader, bytes, static_cast<size_t>(received)) != REDIS_OK) {
    return absl::UnavailableError(absl::StrCat(options_.where(), ": ", context_->reader->errstr));
  }
  return absl::OkStatus();
}

absl::StatusOr<Reply> Connection::Next() {
  void* raw = nullptr;
  if (redisReaderGetReply(context_->reader, &raw) != REDIS_OK) {
    return absl::UnavailableError(absl::StrCat(options_.where(), ": ", context_->reader->errstr));
  }
  Reply reply(static_cast<redisReply*>(raw));
  if (reply == nullptr) {
    if (received_ <= kReplyBytesMax) return reply;
    return absl::ResourceExhaustedError(absl::StrCat(options_.where(), ": a reply of more than ",
                                                     kReplyBytesMax, " bytes: none of ours"));
  }
  received_ = context_->reader->len - context_->reader->pos;
  if (owed_ == 0) {
    return absl::UnavailableError(absl::StrCat(options_.where(), ": a reply to no command"));
  }
  --owed_;
  return reply;
}

bool Connection::stale() const {
  pollfd socket{fd(), POLLIN, 0};
  return owed_ == 0 && poll(&socket, 1, 0) != 0;
}

absl::Status Connection::Broken(const char* doing, int error) const {
  return absl::UnavailableError(absl::StrCat(options_.where(), ": ", doing, ": ", Why(error)));
}

}  // namespace verdict::redis_store
