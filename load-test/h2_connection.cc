// nghttp2 does the framing; a request body is copied from the pool into its frame and patched
// there.
#include "h2_connection.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "absl/strings/str_format.h"

namespace verdict::load {
namespace {

constexpr size_t kReadBytes = 256 * 1024;
constexpr size_t kMaxAnswerBytes = 64 * 1024;
constexpr int32_t kWindowBytes = 16 * 1024 * 1024;
constexpr int kUnavailable = 14;

nghttp2_nv Header(std::string_view name, std::string_view value) {
  const auto bytes = [](std::string_view v) {
    return reinterpret_cast<uint8_t*>(const_cast<char*>(v.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(),
          NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE};
}

int ToInt(std::string_view digits) {
  int value = -1;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

}  // namespace

// What nghttp2 calls back; `user` is the connection, the stream's user data the call.
struct H2Callbacks {
  static Call* CallOf(nghttp2_session* session, int32_t stream) {
    return static_cast<Call*>(nghttp2_session_get_stream_user_data(session, stream));
  }

  static ssize_t OnBody(nghttp2_session*, int32_t, uint8_t* out, size_t room, uint32_t* flags,
                        nghttp2_data_source* source, void* user) {
    const auto* self = static_cast<H2Connection*>(user);
    Call* call = static_cast<Call*>(source->ptr);
    const size_t bytes = self->pool_->BodyBytes(call->request);
    size_t taken = bytes;
    if (bytes <= room && call->body_sent == 0) {
      self->pool_->WriteBody(call->request, call->sequence, call->time_ms, out);
    } else {  // flow control leaves less room than the body needs
      std::vector<uint8_t> whole(bytes);
      self->pool_->WriteBody(call->request, call->sequence, call->time_ms, whole.data());
      taken = std::min(room, bytes - call->body_sent);
      std::memcpy(out, whole.data() + call->body_sent, taken);
    }
    call->body_sent += taken;
    if (call->body_sent == bytes) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(taken);
  }

  static int OnHeader(nghttp2_session* session, const nghttp2_frame* frame, const uint8_t* name,
                      size_t name_bytes, const uint8_t* value, size_t value_bytes, uint8_t, void*) {
    Call* call = CallOf(session, frame->hd.stream_id);
    if (call == nullptr) return 0;
    const std::string_view key(reinterpret_cast<const char*>(name), name_bytes);
    const std::string_view text(reinterpret_cast<const char*>(value), value_bytes);
    if (key == "grpc-status") {
      call->grpc_code = ToInt(text);
    } else if (key == "grpc-message") {
      call->message = text;
    } else if (key == ":status") {
      call->http_status = ToInt(text);
    }
    return 0;
  }

  static int OnData(nghttp2_session* session, uint8_t, int32_t stream, const uint8_t* data,
                    size_t bytes, void*) {
    Call* call = CallOf(session, stream);
    if (call == nullptr) return 0;
    if (call->answer.size() + bytes > kMaxAnswerBytes) return NGHTTP2_ERR_CALLBACK_FAILURE;
    call->answer.append(reinterpret_cast<const char*>(data), bytes);
    return 0;
  }

  static int OnFrame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    if (frame->hd.type == NGHTTP2_GOAWAY) static_cast<H2Connection*>(user)->goaway_ = true;
    return 0;
  }

  static int OnClose(nghttp2_session* session, int32_t stream, uint32_t error, void* user) {
    Call* call = CallOf(session, stream);
    if (call == nullptr) return 0;
    nghttp2_session_set_stream_user_data(session, stream, nullptr);
    if (call->grpc_code < 0) {
      call->grpc_code = error == NGHTTP2_CANCEL
                            ? 4
                            : kUnavailable;  // the server cancels what is past its deadline
      call->message = absl::StrFormat("stream closed with HTTP/2 error %d, HTTP status %d", error,
                                      call->http_status);
    }
    static_cast<H2Connection*>(user)->Finish(call);
    return 0;
  }
};

H2Connection::H2Connection(const H2Options& options, const RequestPool* pool,
                           std::function<void(Call*)> finished)
    : options_(options), pool_(pool), finished_(std::move(finished)) {
  authority_ = options_.host + ":" + options_.port;
  headers_ = {Header(":method", "POST"),
              Header(":scheme", "http"),
              Header(":path", "/verdict.v1.FraudDecision/Score"),
              Header(":authority", authority_),
              Header("te", "trailers"),
              Header("content-type", "application/grpc"),
              Header("user-agent", "verdict-load")};
  if (options_.timeout_ms > 0) {
    timeout_ = absl::StrFormat("%dm", options_.timeout_ms);
    headers_.push_back(Header("grpc-timeout", timeout_));
  }
}

H2Connection::~H2Connection() {
  nghttp2_session_del(session_);
  if (fd_ >= 0) close(fd_);
}

absl::Status H2Connection::Open() {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(options_.host.c_str(), options_.port.c_str(), &hints, &found);
      error != 0) {
    return absl::InvalidArgumentError(absl::StrFormat("%s: %s", authority_, gai_strerror(error)));
  }
  int last_errno = 0;
  for (const addrinfo* at = found; at != nullptr && fd_ < 0; at = at->ai_next) {
    fd_ = socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, at->ai_protocol);
    if (fd_ >= 0 && connect(fd_, at->ai_addr, at->ai_addrlen) != 0) {
      last_errno = errno;
      close(fd_);
      fd_ = -1;
    }
  }
  freeaddrinfo(found);
  if (fd_ < 0)
    return absl::UnavailableError(absl::StrFormat("%s: %s", authority_, std::strerror(last_errno)));
  return absl::OkStatus();
}

absl::Status H2Connection::Connect() {
  if (const absl::Status opened = Open(); !opened.ok()) return opened;
  const int one = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  fcntl(fd_, F_SETFL, fcntl(fd_, F_GETFL) | O_NONBLOCK);
  StartSession();
  Flush();
  return absl::OkStatus();
}

void H2Connection::StartSession() {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, H2Callbacks::OnHeader);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, H2Callbacks::OnData);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, H2Callbacks::OnFrame);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, H2Callbacks::OnClose);
  nghttp2_session_client_new(&session_, callbacks, this);
  nghttp2_session_callbacks_del(callbacks);
  const std::array<nghttp2_settings_entry, 2> settings = {
      {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0}, {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kWindowBytes}}};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, kWindowBytes);
}

bool H2Connection::Submit(Call* call) {
  if (!takes_calls()) return false;
  nghttp2_data_provider body{};
  body.source.ptr = call;
  body.read_callback = H2Callbacks::OnBody;
  if (nghttp2_submit_request(session_, nullptr, headers_.data(), headers_.size(), &body, call) <
      0) {
    goaway_ = true;  // out of stream ids: a new connection takes over
    return false;
  }
  call->place = flying_.size();
  flying_.push_back(call);
  return true;
}

void H2Connection::OnReadable() {
  thread_local std::vector<uint8_t> buffer(kReadBytes);
  const ssize_t got = recv(fd_, buffer.data(), buffer.size(), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0 || nghttp2_session_mem_recv(session_, buffer.data(), static_cast<size_t>(got)) < 0)
    return Break();
  if (nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0)
    Break();
}

void H2Connection::Flush() {
  if (fd_ < 0) return;
  const uint8_t* chunk = nullptr;
  for (ssize_t bytes; (bytes = nghttp2_session_mem_send(session_, &chunk)) > 0;) {
    out_.append(reinterpret_cast<const char*>(chunk), static_cast<size_t>(bytes));
  }
  while (!out_.empty()) {
    const ssize_t sent = send(fd_, out_.data(), out_.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno != EAGAIN) return Break();
    if (sent < 0) return;
    out_.erase(0, static_cast<size_t>(sent));
  }
}

void H2Connection::Break() {
  if (fd_ < 0) return;
  close(fd_);
  fd_ = -1;
  out_.clear();
  while (!flying_.empty()) {
    Call* call = flying_.back();
    call->grpc_code = kUnavailable;
    call->message = "connection lost";
    Finish(call);
  }
  nghttp2_session_del(session_);
  session_ = nullptr;
}

void H2Connection::Finish(Call* call) {
  flying_[call->place] = flying_.back();
  flying_[call->place]->place = call->place;
  flying_.pop_back();
  finished_(call);
}

}  // namespace verdict::load
