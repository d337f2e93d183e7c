// One TCP connection that carries gRPC calls over HTTP/2 without TLS, at the cost of a few hundred
// nanoseconds a call.
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "request_pool.h"

namespace verdict::load {

// One call in flight. Owned by the load thread, reused.
struct Call {
  size_t request = 0;     // index into the pool
  uint64_t sequence = 0;  // makes the id
  int64_t time_ms = 0;    // the event time that is sent
  int64_t intended_ns = 0;
  int64_t sent_ns = 0;
  size_t body_sent = 0;  // bytes already framed, where flow control split the body
  size_t place = 0;      // within the connection's list of calls in flight
  int grpc_code = -1;    // -1: no grpc-status came
  int http_status = 0;
  std::string message;  // grpc-message
  std::string answer;   // bytes of the body, prefix included
};

struct H2Options {
  std::string host;
  std::string port;
  int timeout_ms = 0;  // grpc-timeout; 0: none
};

// **Thread-compatible.** Non-blocking: the owner watches fd() and calls OnReadable, OnWritable and
// Flush.
class H2Connection {
 public:
  // `finished` is called for each submitted call once; grpc_code 14 where the connection broke.
  H2Connection(const H2Options& options, const RequestPool* pool,
               std::function<void(Call*)> finished);
  ~H2Connection();
  H2Connection(const H2Connection&) = delete;
  H2Connection& operator=(const H2Connection&) = delete;

  // Blocks until connected. Errors: Unavailable, InvalidArgument for a host that cannot be
  // resolved.
  absl::Status Connect();
  // Takes the call; its bytes leave with the next Flush. False where the connection takes no more
  // calls.
  bool Submit(Call* call);
  void OnReadable();
  // Writes what is pending, as far as the socket takes it.
  void Flush();

  int fd() const { return fd_; }
  bool wants_write() const { return !out_.empty(); }
  bool takes_calls() const { return fd_ >= 0 && !goaway_; }
  bool broken() const { return fd_ < 0; }
  size_t in_flight() const { return flying_.size(); }

 private:
  friend struct H2Callbacks;
  void StartSession();
  void Break();
  void Finish(Call* call);
  absl::Status Open();

  H2Options options_;
  const RequestPool* pool_;
  std::function<void(Call*)> finished_;
  std::string authority_;
  std::string timeout_;
  std::vector<nghttp2_nv> headers_;
  int fd_ = -1;
  nghttp2_session* session_ = nullptr;
  std::string out_;            // bytes not yet taken by the socket
  std::vector<Call*> flying_;  // in flight, in no order
  bool goaway_ = false;
};

}  // namespace verdict::load
