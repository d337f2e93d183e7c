#include "redis_store/blob_reader.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/metrics.h"
#include "base/status.h"
#include "base/thread_role.h"
#include "redis_store/blob_bytes.h"

namespace verdict::redis_store {
namespace {

// Commands whose reply has not come. Few: the last of them waits for the others', and for the
// decisions that those let go on, and must not take that for a server that stands still. The rest
// waits here, where it can still be given up.
constexpr size_t kOwedMax = 256;
constexpr std::chrono::seconds kPingEvery{1};  // while nothing else is asked

const base::MetricLabels kRedis = {{"dependency", "redis"}};
constexpr char kUp[] = "verdict_dependency_up";
constexpr char kBreakerState[] = "verdict_breaker_state";

int MakeWakeFd() {
  const int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  CHECK(fd >= 0);
  return fd;
}

}  // namespace

BlobReader::BlobReader(const RedisOptions& options, const KeyNames* names)
    : options_(options),
      names_(names),
      wake_fd_(MakeWakeFd()),
      breaker_(Breaker::Options(), std::random_device()()) {
  base::Metrics().AddGauge(kUp, "1 while the server answers.", kRedis,
                           [this] { return up_.load(std::memory_order_relaxed); });
  base::Metrics().AddGauge(kBreakerState, "0 closed, 1 half open (one probe), 2 open.", kRedis,
                           [this] { return breaker_state_.load(std::memory_order_relaxed); });
  thread_ = std::thread([this] { Run(); });
}

BlobReader::~BlobReader() {
  {
    base::MutexLock lock(mutex_);
    stopping_ = true;
  }
  const uint64_t one = 1;
  CHECK(write(wake_fd_, &one, sizeof one) == sizeof one);
  thread_.join();
  base::Metrics().RemoveGauge(kUp, kRedis);
  base::Metrics().RemoveGauge(kBreakerState, kRedis);
  close(wake_fd_);
}

bool BlobReader::Admit() {
  if (!accepting_.load(std::memory_order_relaxed)) return false;
  if (under_way_.fetch_add(1, std::memory_order_relaxed) < options_.queue_max) return true;
  under_way_.fetch_sub(1, std::memory_order_relaxed);
  return false;
}

void BlobReader::Get(std::vector<aggregate::BlobKey> keys, std::chrono::milliseconds timeout,
                     aggregate::OnBlobs done) {
  auto request = std::make_shared<Request>();
  request->results.resize(keys.size());
  request->missing = keys.size();
  request->keys = std::move(keys);
  request->begun = Clock::now();
  request->deadline = request->begun + timeout;
  request->done = std::move(done);
  if (!Admit()) {
    get_.Fail();
    return request->done(std::move(request->results));
  }
  bool wake = false;
  {
    base::MutexLock lock(mutex_);
    queued_.push_back(std::move(request));
    wake = !std::exchange(woken_, true);
  }
  if (!wake) return;
  const uint64_t one = 1;
  CHECK(write(wake_fd_, &one, sizeof one) == sizeof one);
}

void BlobReader::Run() {
  base::BeginThread("verdict-redis", base::ThreadRole::kServing);
  while (TakeQueued()) {
    const Clock::time_point now = Clock::now();
    Expire(now);
    TendConnection(now);
    SendGathered(now);
    Export();
    Sleep(NextEvent());
  }
  accepting_ = false;
  FailAll();
  TakeQueued();  // what came meanwhile
  FailAll();
}

bool BlobReader::TakeQueued() {
  uint64_t ignored = 0;
  while (read(wake_fd_, &ignored, sizeof ignored) > 0) {
  }
  std::vector<std::shared_ptr<Request>> taken;
  bool going_on = false;
  {
    base::MutexLock lock(mutex_);
    taken.swap(queued_);
    woken_ = false;
    going_on = !stopping_;
  }
  const Clock::time_point now = Clock::now();
  for (std::shared_ptr<Request>& request : taken) Accept(std::move(request), now);
  return going_on;
}

void BlobReader::Accept(std::shared_ptr<Request> request, Clock::time_point now) {
  request->place = waiting_.emplace(request->deadline, request);
  // Redis went away after it was let in, or nothing is asked.
  if (!accepting_ || request->missing == 0) return Answer(request);
  if (asks_.empty()) gather_until_ = now + options_.gather;
  // So that they leave in order: see SendGathered.
  for (size_t i = request->keys.size(); i-- > 0;) asks_.push_back({request, i});
}

// Its commands may still be owed: their replies go nowhere when they come.
void BlobReader::Expire(Clock::time_point now) {
  while (!waiting_.empty() && waiting_.begin()->first <= now) {
    Answer(std::shared_ptr<Request>(waiting_.begin()->second));
  }
}

void BlobReader::Resolve(const Ask& ask, aggregate::BlobResult result) {
  Request& request = *ask.request;
  if (request.answered) return;
  request.results[ask.key] = std::move(result);
  if (--request.missing == 0) Answer(ask.request);
}

// `done` may call Get: that touches nothing of this thread's.
void BlobReader::Answer(const std::shared_ptr<Request>& request) {
  request->answered = true;
  waiting_.erase(request->place);
  under_way_.fetch_sub(1, std::memory_order_relaxed);
  get_.Observe(Clock::now() - request->begun);
  const auto failed = [](const aggregate::BlobResult& result) {
    return result.state == aggregate::BlobResult::State::kFailed;
  };
  if (std::any_of(request->results.begin(), request->results.end(), failed)) get_.Fail();
  const aggregate::OnBlobs done = std::move(request->done);
  done(std::move(request->results));
}

void BlobReader::TendConnection(Clock::time_point now) {
  if (connection_ == nullptr) {
    if (now >= breaker_.next_attempt()) Connect(now);
    return;
  }
  if (!connection_->ready()) {
    if (now >= connect_until_) GiveUp(TookTooLong("no connection", options_.connect_timeout));
    return;
  }
  if (!owed_.empty() && owed_.front().sent + options_.io_timeout <= now) {
    // It may be us who were late: what has come is looked at before.
    const size_t owed = owed_.size();
    Work(POLLIN);
    if (connection_ == nullptr || owed_.size() != owed) return;
    return GiveUp(TookTooLong("no reply", options_.io_timeout));
  }
  if (owed_.empty() && asks_.empty() && last_reply_ + kPingEvery <= now) {
    connection_->Append({"PING"});
    owed_.push_back({nullptr, 0, now});
    Work(0);
  }
}

absl::Status BlobReader::TookTooLong(const char* what, std::chrono::milliseconds limit) const {
  return absl::UnavailableError(
      absl::StrCat(options_.where(), ": ", what, " within ", limit.count(), " ms"));
}

void BlobReader::Connect(Clock::time_point now) {
  breaker_.OnAttempt();
  was_ready_ = false;
  connect_begun_ = now;
  connect_until_ = now + options_.connect_timeout;
  auto connection = Connection::Start(options_);
  if (!connection.ok()) return GiveUp(connection.status());
  connection_ = *std::move(connection);
}

void BlobReader::SendGathered(Clock::time_point now) {
  if (connection_ == nullptr || !connection_->ready() || asks_.empty()) return;
  if (asks_.size() < options_.gather_keys && now < gather_until_) return;
  const auto names = names_->Now();
  // The newest first: where more is asked than comes, those are answered in time, and the others,
  // for whom nobody waits any more, when there is time.
  while (!asks_.empty() && owed_.size() < kOwedMax) {
    Ask ask = std::move(asks_.back());
    asks_.pop_back();
    if (ask.request->answered) continue;
    const auto name = names->BlobKeyOf(ask.request->keys[ask.key]);
    if (!name) {  // a measure that nobody told us of
      Resolve(ask, {});
      continue;
    }
    connection_->Append({"GET", *name});
    ask.sent = now;
    owed_.push_back(std::move(ask));
  }
  Work(0);
}

void BlobReader::Work(short revents) {
  absl::Status status = connection_->Advance(revents);
  if (status.ok() && connection_->ready()) {
    if (!was_ready_) BecomeReady();
    status = TakeReplies();
  }
  if (!status.ok()) GiveUp(status);
}

void BlobReader::BecomeReady() {
  was_ready_ = true;
  last_reply_ = Clock::now();
  connect_.Observe(last_reply_ - connect_begun_);
  breaker_.OnConnected();
  accepting_ = true;
  if (std::exchange(told_, false) && options_.report) options_.report(absl::OkStatus());
}

absl::Status BlobReader::TakeReplies() {
  while (true) {
    absl::StatusOr<Reply> reply = connection_->Next();
    if (absl::IsResourceExhausted(reply.status())) {
      SkipOversized();
      return absl::OkStatus();
    }
    if (!reply.ok()) return reply.status();
    if (*reply == nullptr) return absl::OkStatus();
    const Ask ask = std::move(owed_.front());
    owed_.pop_front();
    last_reply_ = Clock::now();
    if (ask.request != nullptr) {
      Resolve(ask, BlobOf(**reply, ask.request->keys[ask.key].measure_hash));
    } else if (IsError(**reply)) {
      return StatusOf(**reply, options_.where() + " refuses PING");
    }
  }
}

// One value is too large to be ours: its key fails, and the others are asked for again, since the
// rest of the value still stands before their replies.
void BlobReader::SkipOversized() {
  const Ask oversized = std::move(owed_.front());
  owed_.pop_front();
  for (; !owed_.empty(); owed_.pop_back()) {
    if (owed_.back().request != nullptr) asks_.push_front(std::move(owed_.back()));
  }
  connection_.reset();
  Connect(Clock::now());
  if (oversized.request != nullptr) Resolve(oversized, {});
}

void BlobReader::GiveUp(const absl::Status& why) {
  connection_.reset();
  connect_.Fail();
  const Clock::time_point now = Clock::now();
  if (was_ready_) {
    breaker_.OnLost(now, owed_.size());
  } else {
    breaker_.OnAttemptFailed(now);
  }
  was_ready_ = false;
  accepting_ = false;
  Export();
  if (!std::exchange(told_, true) && options_.report) options_.report(why);
  FailAll();
}

void BlobReader::FailAll() {
  asks_.clear();
  owed_.clear();
  while (!waiting_.empty()) Answer(std::shared_ptr<Request>(waiting_.begin()->second));
}

BlobReader::Clock::time_point BlobReader::NextEvent() const {
  Clock::time_point next = Clock::now() + kPingEvery;
  const auto sooner = [&next](Clock::time_point time) { next = std::min(next, time); };
  if (!waiting_.empty()) sooner(waiting_.begin()->first);
  if (connection_ == nullptr) {
    sooner(breaker_.next_attempt());
  } else if (!connection_->ready()) {
    sooner(connect_until_);
  } else {
    if (!owed_.empty()) sooner(owed_.front().sent + options_.io_timeout);
    if (!asks_.empty() && owed_.size() < kOwedMax) sooner(gather_until_);
    if (owed_.empty() && asks_.empty()) sooner(last_reply_ + kPingEvery);
  }
  return next;
}

// Until then, or until the socket or another thread has something. poll() knows milliseconds only.
void BlobReader::Sleep(Clock::time_point until) {
  const bool connected = connection_ != nullptr;
  pollfd fds[2] = {
      {wake_fd_, POLLIN, 0},
      {connected ? connection_->fd() : -1, connected ? connection_->events() : short{0}, 0}};
  const auto left = std::max<std::chrono::nanoseconds>(until - Clock::now(), {});
  const timespec timeout{.tv_sec = std::chrono::duration_cast<std::chrono::seconds>(left).count(),
                         .tv_nsec = (left % std::chrono::seconds(1)).count()};
  if (ppoll(fds, 2, &timeout, nullptr) > 0 && fds[1].revents != 0) Work(fds[1].revents);
}

void BlobReader::Export() {
  up_.store(was_ready_ ? 1 : 0, std::memory_order_relaxed);
  breaker_state_.store(static_cast<int>(breaker_.state()), std::memory_order_relaxed);
}

}  // namespace verdict::redis_store
