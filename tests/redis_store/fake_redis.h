// A server that speaks Redis's protocol and says what a test tells it to: for what a real one would
// never say.
#pragma once

#include <arpa/inet.h>
#include <hiredis/hiredis.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/check.h"

namespace verdict::redis_store {

// A listening socket on a free port of 127.0.0.1.
class Listener {
 public:
  Listener() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    CHECK(bind(fd_, reinterpret_cast<sockaddr*>(&address), size) == 0 && listen(fd_, 16) == 0);
    CHECK(getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
  }
  ~Listener() { close(fd_); }
  int port() const { return port_; }
  int fd() const { return fd_; }

 private:
  int fd_;
  int port_ = 0;
};

// Readable within `ms`.
inline bool Readable(int fd, int ms) {
  pollfd socket{fd, POLLIN, 0};
  return poll(&socket, 1, ms) > 0;
}
inline bool SendAll(int fd, const std::string& bytes) {
  for (size_t sent = 0; sent < bytes.size();) {
    const ssize_t n = send(fd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) return false;
    sent += static_cast<size_t>(n);
  }
  return true;
}

// Thread-safe. One thread a connection, all ended with it.
class FakeRedis {
 public:
  using Words = std::vector<std::string>;
  // The bytes that answer a command.
  using Answer = std::function<std::string(const Words&)>;
  // `byte_pause`: between two bytes of an answer that is not a PING's.
  explicit FakeRedis(Answer answer, std::chrono::milliseconds byte_pause = {})
      : answer_(std::move(answer)), byte_pause_(byte_pause), accepter_([this] { Accept(); }) {}
  ~FakeRedis() {
    stopping_ = true;
    accepter_.join();
    for (std::thread& thread : threads_) thread.join();
  }
  int port() const { return listener_.port(); }
  int connections() const { return connections_; }

 private:
  void Accept() {
    while (!stopping_) {
      if (!Readable(listener_.fd(), 10)) continue;
      const int fd = accept(listener_.fd(), nullptr, nullptr);
      ++connections_;
      threads_.emplace_back([this, fd] {
        Serve(fd);
        close(fd);
      });
    }
  }
  void Serve(int fd) {
    const std::unique_ptr<redisReader, void (*)(redisReader*)> reader(redisReaderCreate(),
                                                                      redisReaderFree);
    char bytes[4096];
    while (!stopping_) {
      if (!Readable(fd, 10)) continue;
      const ssize_t n = recv(fd, bytes, sizeof bytes, 0);
      if (n <= 0) return;
      redisReaderFeed(reader.get(), bytes, static_cast<size_t>(n));
      void* raw = nullptr;
      while (redisReaderGetReply(reader.get(), &raw) == REDIS_OK && raw != nullptr) {
        auto* command = static_cast<redisReply*>(raw);  // commands are arrays, as replies are
        Words words;
        for (size_t i = 0; i < command->elements; ++i) {
          words.emplace_back(command->element[i]->str, command->element[i]->len);
        }
        freeReplyObject(raw);
        if (!Reply(fd, words)) return;
      }
    }
  }
  bool Reply(int fd, const Words& words) {
    if (words[0] == "PING") return SendAll(fd, "+PONG\r\n");
    const std::string answer = answer_(words);
    if (byte_pause_.count() == 0) return SendAll(fd, answer);
    for (const char byte : answer) {
      std::this_thread::sleep_for(byte_pause_);
      if (stopping_ || !SendAll(fd, std::string(1, byte))) return false;
    }
    return true;
  }

  const Answer answer_;
  const std::chrono::milliseconds byte_pause_;
  Listener listener_;
  std::atomic<bool> stopping_{false};
  std::atomic<int> connections_{0};
  std::vector<std::thread> threads_;  // the accepter's, then the destructor's
  std::thread accepter_;
};

// Stands between a client and a server. Once Cut() was asked for, the next bytes that hold a word
// still reach the server, and are answered; the answer is kept back and the connection cut.
class CuttingProxy {
 public:
  explicit CuttingProxy(int server_port)
      : server_port_(server_port), accepter_([this] { Accept(); }) {}
  ~CuttingProxy() {
    stopping_ = true;
    accepter_.join();
    for (std::thread& thread : threads_) thread.join();
  }
  int port() const { return listener_.port(); }
  void CutAfter(const std::string& word) {
    word_ = word;  // read by the threads after armed_
    armed_ = true;
  }
  bool cut() const { return !armed_; }

 private:
  void Accept() {
    while (!stopping_) {
      if (!Readable(listener_.fd(), 10)) continue;
      const int client = accept(listener_.fd(), nullptr, nullptr);
      threads_.emplace_back([this, client] {
        const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(static_cast<uint16_t>(server_port_));
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (connect(server, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
          Carry(client, server);
        }
        close(server);
        close(client);
      });
    }
  }
  void Carry(int client, int server) {
    char bytes[65536];
    while (!stopping_) {
      pollfd fds[2] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
      if (poll(fds, 2, 10) <= 0) continue;
      for (int i = 0; i < 2; ++i) {
        if (fds[i].revents == 0) continue;
        const ssize_t n = recv(fds[i].fd, bytes, sizeof bytes, 0);
        if (n <= 0) return;
        const std::string some(bytes, static_cast<size_t>(n));
        if (!SendAll(fds[1 - i].fd, some)) return;
        if (i == 0 && armed_ && some.find(word_) != std::string::npos) {
          while (!stopping_ && !Readable(server, 10)) {
          }
          armed_ = false;
          return;
        }
      }
    }
  }

  const int server_port_;
  Listener listener_;
  std::atomic<bool> stopping_{false}, armed_{false};
  std::string word_;
  std::vector<std::thread> threads_;
  std::thread accepter_;
};

}  // namespace verdict::redis_store
