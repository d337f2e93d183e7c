// An epoll loop around its connections. No call waits for another: a late start counts into the
// latency.
#include "load_thread.h"

#include <sys/epoll.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>

namespace verdict::load {
namespace {

constexpr size_t kMaxInFlight = 200000;  // a thread; what the plan wants beyond fails unsent
constexpr int64_t kReconnectGapNs = 100'000'000;
constexpr int64_t kDrainNs = 2'000'000'000;  // beyond the calls' own deadline
constexpr double kBusyRate = 5000;
constexpr int kUnavailable = 14;
constexpr int kResourceExhausted = 8;
constexpr size_t kPrefixBytes = 5;

int64_t WallMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

int64_t SteadyNs() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

struct LoadThread::Line {
  std::unique_ptr<H2Connection> connection;
  bool watches_writes = false;
};

LoadThread::LoadThread(const Options& options, const H2Options& target, const RequestPool* pool)
    : options_(options), target_(target), pool_(pool), epoll_(epoll_create1(EPOLL_CLOEXEC)) {}

LoadThread::~LoadThread() {
  lines_.clear();
  retired_.clear();
  close(epoll_);
}

absl::Status LoadThread::OpenLine(Line* line) {
  line->connection =
      std::make_unique<H2Connection>(target_, pool_, [this](Call* call) { OnFinished(call); });
  if (absl::Status connected = line->connection->Connect(); !connected.ok()) return connected;
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = line;
  epoll_ctl(epoll_, EPOLL_CTL_ADD, line->connection->fd(), &event);
  line->watches_writes = false;
  return absl::OkStatus();
}

absl::Status LoadThread::Connect(int connections) {
  for (int i = 0; i < connections; ++i) {
    lines_.push_back(std::make_unique<Line>());
    if (absl::Status opened = OpenLine(lines_.back().get()); !opened.ok()) return opened;
  }
  return absl::OkStatus();
}

void LoadThread::Run(const Share& share) {
  share_ = share;
  random_.seed(share.seed);
  prctl(PR_SET_TIMERSLACK, 1000);  // the default lets every short sleep run 50 us over
  while (SteadyNs() < share_.start_ns) Poll(share_.start_ns - SteadyNs());
  if (options_.closed) {
    RunClosed();
  } else {
    RunOpen();
  }
  Drain();
}

int64_t LoadThread::TickNs() const {
  if (options_.tick_us >= 0) return int64_t{options_.tick_us} * 1000;
  return share_.rate >= kBusyRate ? 100'000 : 0;
}

void LoadThread::RunOpen() {
  const double mean_gap_ns = 1e9 / share_.rate;
  const int64_t tick_ns = TickNs();
  std::exponential_distribution<double> poisson(1.0);
  const auto gap = [&] { return mean_gap_ns * (options_.fixed_gaps ? 1.0 : poisson(random_)); };
  double intended = static_cast<double>(share_.start_ns) + gap();
  while (!ExhaustedRequests()) {
    const int64_t now = SteadyNs();
    ReplaceDeadLines(now);
    while (intended <= static_cast<double>(now) && intended < static_cast<double>(share_.end_ns) &&
           !ExhaustedRequests()) {
      Send(NextLine(), static_cast<int64_t>(intended));
      intended += gap();
    }
    FlushLines();
    if (intended >= static_cast<double>(share_.end_ns)) break;
    if (tick_ns > 0) {
      const timespec pause{0, tick_ns};
      nanosleep(&pause, nullptr);
      Poll(0);
    } else {
      Poll(std::max<int64_t>(static_cast<int64_t>(intended) - SteadyNs(), 0));
    }
  }
}

void LoadThread::RunClosed() {
  while (!ExhaustedRequests()) {
    const int64_t now = SteadyNs();
    if (now >= share_.end_ns) break;
    ReplaceDeadLines(now);
    for (const auto& line : lines_) {
      while (line->connection->takes_calls() && !ExhaustedRequests() &&
             line->connection->in_flight() < static_cast<size_t>(options_.streams)) {
        Send(line.get(), SteadyNs());
      }
    }
    FlushLines();
    Poll(std::min<int64_t>(share_.end_ns - now, kReconnectGapNs));
  }
}

void LoadThread::Drain() {
  const int64_t until = SteadyNs() + kDrainNs + int64_t{options_.timeout_ms} * 1'000'000;
  while (InFlight() > 0 && SteadyNs() < until) {
    FlushLines();
    Poll(10'000'000);
  }
  tally_.CountUnanswered(InFlight());
}

size_t LoadThread::InFlight() const {
  size_t calls = 0;
  for (const auto& line : lines_) calls += line->connection->in_flight();
  for (const auto& line : retired_) calls += line->connection->in_flight();
  return calls;
}

LoadThread::Line* LoadThread::NextLine() {
  for (size_t tried = 0; tried < lines_.size(); ++tried) {
    Line* line = lines_[next_line_++ % lines_.size()].get();
    if (line->connection->takes_calls()) return line;
  }
  return nullptr;
}

void LoadThread::Send(Line* line, int64_t intended_ns) {
  if (free_calls_.empty()) free_calls_.push_back(&calls_.emplace_back());
  Call* call = free_calls_.back();
  free_calls_.pop_back();
  call->request = sent_ * share_.stride % pool_->size();
  call->request = (call->request + share_.first_sequence) % pool_->size();
  call->sequence = share_.first_sequence + sent_ * share_.stride;
  call->time_ms = WallMs();
  call->intended_ns = intended_ns;
  call->sent_ns = SteadyNs();
  call->body_sent = 0;
  call->grpc_code = -1;
  call->http_status = 0;
  call->message.clear();
  call->answer.clear();
  ++sent_;
  if (intended_ns >= share_.measured_from_ns) ++planned_;
  const bool too_many = calls_.size() - free_calls_.size() > kMaxInFlight;
  if (!too_many && line != nullptr && line->connection->Submit(call)) return;
  call->grpc_code = too_many ? kResourceExhausted : kUnavailable;
  call->message =
      too_many ? "not sent: too many calls of this client unanswered" : "not sent: no connection";
  OnFinished(call);
}

void LoadThread::OnFinished(Call* call) {
  const int64_t now = SteadyNs();
  const std::string id = pool_->IdOf(call->request, call->sequence);
  Finished finished;
  finished.code = call->grpc_code;
  finished.message = call->message;
  finished.expected_id = id;
  finished.from_intended_ns = now - call->intended_ns;
  finished.from_sent_ns = now - call->sent_ns;
  if (call->grpc_code == 0 && call->answer.size() >= kPrefixBytes &&
      parsed_.ParseFromArray(call->answer.data() + kPrefixBytes,
                             static_cast<int>(call->answer.size() - kPrefixBytes))) {
    finished.answer = &parsed_;
    if (!options_.answers.empty()) KeepAnswer();
  }
  tally_.Count(finished, call->intended_ns >= share_.measured_from_ns);
  last_answer_ns_ = now;
  free_calls_.push_back(call);
  finished_.store(tally_.finished(), std::memory_order_relaxed);
  failed_.store(tally_.failed(), std::memory_order_relaxed);
}

// "p1,DENY,FULL,rule_a|rule_b": ids of files that need no quotes are assumed, as verdict generate
// makes.
void LoadThread::KeepAnswer() {
  constexpr size_t kOutcomePrefix = sizeof("OUTCOME_") - 1;
  constexpr size_t kProvenancePrefix = sizeof("PROVENANCE_") - 1;
  answers_ += parsed_.transaction_id();
  answers_ += "," + verdict::v1::Outcome_Name(parsed_.decision()).substr(kOutcomePrefix);
  answers_ += "," + verdict::v1::Provenance_Name(parsed_.provenance()).substr(kProvenancePrefix);
  for (int i = 0; i < parsed_.rule_ids_size(); ++i)
    answers_ += (i == 0 ? "," : "|") + parsed_.rule_ids(i);
  answers_ += parsed_.rule_ids_size() == 0 ? ",\n" : "\n";
}

void LoadThread::ReplaceDeadLines(int64_t now_ns) {
  std::erase_if(retired_, [](const auto& line) { return line->connection->in_flight() == 0; });
  if (now_ns < next_reconnect_ns_) return;
  for (auto& line : lines_) {
    if (line->connection->takes_calls()) continue;
    next_reconnect_ns_ = now_ns + kReconnectGapNs;
    auto fresh = std::make_unique<Line>();
    if (!OpenLine(fresh.get()).ok()) return;
    ++reconnects_;
    line.swap(fresh);
    if (!fresh->connection->broken()) retired_.push_back(std::move(fresh));
  }
}

void LoadThread::FlushLines() {
  for (const auto& line : lines_) {
    line->connection->Flush();
    Watch(line.get());
  }
  for (const auto& line : retired_) line->connection->Flush();
}

void LoadThread::Watch(Line* line) {
  const bool wants = line->connection->wants_write();
  if (line->connection->broken() || wants == line->watches_writes) return;
  epoll_event event{};
  event.events = wants ? EPOLLIN | EPOLLOUT : EPOLLIN;
  event.data.ptr = line;
  epoll_ctl(epoll_, EPOLL_CTL_MOD, line->connection->fd(), &event);
  line->watches_writes = wants;
}

void LoadThread::Poll(int64_t wait_ns) {
  std::array<epoll_event, 64> events;
  const timespec wait{wait_ns / 1'000'000'000, wait_ns % 1'000'000'000};
  const int ready =
      epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()), &wait, nullptr);
  for (int i = 0; i < ready; ++i) {
    auto* line = static_cast<Line*>(events[static_cast<size_t>(i)].data.ptr);
    if (line->connection->broken()) continue;
    if ((events[static_cast<size_t>(i)].events & ~uint32_t{EPOLLOUT}) != 0)
      line->connection->OnReadable();
  }
}

}  // namespace verdict::load
