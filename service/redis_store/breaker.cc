#include "redis_store/breaker.h"

#include <algorithm>

namespace verdict::redis_store {

void Breaker::OnAttempt() {
  if (state_ == State::kOpen) state_ = State::kHalfOpen;
}

void Breaker::OnAttemptFailed(TimePoint now) {
  ++attempts_failed_;
  Count(now, 1);
  const bool opens = state_ == State::kHalfOpen || failed_.size() == options_.failures;
  if (opens) state_ = State::kOpen;
  next_attempt_ = now + Jittered(opens ? std::max(options_.open_least, Backoff()) : Backoff());
}

void Breaker::OnConnected() {
  if (state_ != State::kClosed) failed_.clear();
  state_ = State::kClosed;
  attempts_failed_ = 0;
}

void Breaker::OnLost(TimePoint now, size_t requests) {
  Count(now, std::max<size_t>(requests, 1));
  next_attempt_ = now;
  if (failed_.size() < options_.failures) return;
  state_ = State::kOpen;
  next_attempt_ = now + Jittered(options_.open_least);
}

void Breaker::Count(TimePoint now, size_t failures) {
  while (!failed_.empty() && failed_.front() + options_.window <= now) failed_.pop_front();
  for (size_t i = 0; i < std::min(failures, options_.failures); ++i) failed_.push_back(now);
  while (failed_.size() > options_.failures) failed_.pop_front();
}

// Between half of `time` and all of it, so that many clients do not come at once.
std::chrono::nanoseconds Breaker::Jittered(std::chrono::milliseconds time) {
  const std::chrono::nanoseconds all = time;
  return all / 2 + std::chrono::nanoseconds(
                       random_() % static_cast<uint64_t>(std::max<int64_t>(all.count() / 2, 1)));
}

std::chrono::milliseconds Breaker::Backoff() const {
  const int doublings = std::clamp(attempts_failed_ - 1, 0, 20);
  return std::min(options_.backoff_most, options_.backoff_least * (1 << doublings));
}

}  // namespace verdict::redis_store
