#include "redis_store/batch_client.h"

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace verdict::redis_store {
namespace {

using Clock = std::chrono::steady_clock;

// One wait for the socket, and what it then allows.
absl::Status WaitAndAdvance(Connection* connection, Clock::time_point deadline,
                            const std::string& where) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
  if (left <= 0) {
    return absl::DeadlineExceededError(absl::StrCat(
        where, ": ", connection->ready() ? "no reply in time" : "no connection in time"));
  }
  pollfd socket{connection->fd(), connection->events(), 0};
  poll(&socket, 1, static_cast<int>(std::min<int64_t>(left, 60'000)));
  return connection->Advance(socket.revents);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Connection>> BatchClient::Take() {
  std::unique_ptr<Connection> connection;
  {
    base::MutexLock lock(mutex_);
    connection = std::move(idle_);
  }
  if (connection != nullptr && !connection->stale()) return connection;
  const Clock::time_point deadline = Clock::now() + options_.connect_timeout;
  ASSIGN_OR_RETURN(connection, Connection::Start(options_));
  while (!connection->ready()) {
    RETURN_IF_ERROR(WaitAndAdvance(connection.get(), deadline, options_.where()));
  }
  return connection;
}

absl::StatusOr<std::vector<Reply>> BatchClient::Exchange(std::span<const Command> commands) {
  ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection, Take());
  std::vector<std::string_view> words;
  for (const Command& command : commands) {
    words.assign(command.begin(), command.end());
    connection->Append(words);
  }
  const Clock::time_point deadline = Clock::now() + options_.batch_timeout;
  RETURN_IF_ERROR(connection->Advance(0));
  std::vector<Reply> replies;
  replies.reserve(commands.size());
  while (replies.size() < commands.size()) {
    absl::StatusOr<Reply> reply = connection->Next();
    if (!reply.ok()) {
      const Command& due = commands[replies.size()];
      return absl::Status(reply.status().code(),
                          absl::StrCat(std::string(reply.status().message()), " (to ", due[0], " ",
                                       due.size() > 1 ? due[1] : "", ")"));
    }
    if (*reply != nullptr) {
      replies.push_back(*std::move(reply));
      continue;
    }
    RETURN_IF_ERROR(WaitAndAdvance(connection.get(), deadline, options_.where()));
  }
  base::MutexLock lock(mutex_);
  idle_ = std::move(connection);
  return replies;
}

absl::StatusOr<Reply> BatchClient::Call(const Command& command, const std::string& what) {
  ASSIGN_OR_RETURN(std::vector<Reply> replies, Exchange({&command, 1}));
  RETURN_IF_ERROR(StatusOf(*replies.front(), what));
  return std::move(replies.front());
}

}  // namespace verdict::redis_store
