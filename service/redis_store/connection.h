// One connection to Redis that never blocks, but for the look-up of a host's name. What is appended
// goes out, and what comes in is parsed, as far as the socket allows; whoever owns it polls.
#pragma once

#include <initializer_list>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "redis_store/redis_options.h"
#include "redis_store/reply.h"

namespace verdict::redis_store {

// A value of ours has some hundred bytes; more than this is none of ours.
inline constexpr size_t kReplyBytesMax = size_t{1} << 20;
inline constexpr size_t kReplyElementsMax = 65536;

// **Thread-compatible.** After any error it is dead: its replies would be out of step.
class Connection {
 public:
  // Begins to connect. Errors: Unavailable; InvalidArgument (the password file).
  static absl::StatusOr<std::unique_ptr<Connection>> Start(const RedisOptions& options);
  ~Connection();

  int fd() const { return context_->fd; }
  // What to poll for.
  short events() const;
  // Does what the socket allows. Errors: Unavailable; PermissionDenied and others of a refused
  // greeting (AUTH, SELECT, PING).
  absl::Status Advance(short revents);
  // Connected and greeted: commands may be appended.
  bool ready() const { return state_ == State::kReady; }

  // One command; its words may hold any bytes. Sent by the next Advance. REQUIRES: ready().
  void Append(std::span<const std::string_view> words);
  void Append(std::initializer_list<std::string_view> words) {
    Append(std::span<const std::string_view>(words.begin(), words.size()));
  }
  // The next whole reply, in the order of commands; null where none is here yet. Errors:
  // ResourceExhausted: the reply that is due is larger than kReplyBytesMax; Unavailable.
  absl::StatusOr<Reply> Next();
  size_t owed() const { return owed_; }  // replies not yet taken
  // The other side has closed, or speaks though nothing is owed. For connections that stood idle.
  bool stale() const;

 private:
  enum class State : uint8_t { kConnecting, kGreeting, kReady };
  struct Free {
    void operator()(redisContext* context) const { redisFree(context); }
  };
  Connection(std::unique_ptr<redisContext, Free> context, const RedisOptions& options,
             std::string password);
  absl::Status FinishConnecting();
  void Greet();
  absl::Status TakeGreetings();
  absl::Status Send();
  absl::Status Receive();
  absl::Status Broken(const char* doing, int error) const;

  const std::unique_ptr<redisContext, Free> context_;
  const RedisOptions& options_;  // of the store's own
  std::string password_;         // until it was sent
  State state_ = State::kConnecting;
  std::vector<const char*> greetings_;  // commands whose reply is owed, the last one first
  size_t owed_ = 0;
  size_t sent_ = 0;      // bytes of the output buffer
  size_t received_ = 0;  // bytes since the last whole reply
};

}  // namespace verdict::redis_store
