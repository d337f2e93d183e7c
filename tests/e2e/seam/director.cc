#include "e2e/seam/director.h"

#include <grpcpp/grpcpp.h>

#include <cstdio>
#include <thread>
#include <utility>

#include "e2e/seam/kafka_topic.h"

namespace verdict::seam {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kTick{5};
// What is given from here on, as a share of all payments, finds every cut published.
constexpr double kLastPayments = 0.9;
constexpr milliseconds kSettlesWithin{30'000};
// A server that is back is found again within this time.
constexpr int64_t kAfterServerNs = int64_t{5} * 1'000'000'000;

// Where verdictd's answers stand in the log; empty where it gives none.
Offsets PointOf(const std::string& address, int64_t time_ms) {
  auto stub =
      v1::FraudDecision::NewStub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
  v1::ExplainRequest request;
  v1::Transaction* txn = request.mutable_transaction();
  txn->set_id("where-are-you");
  txn->set_event_time_ms(time_ms);
  txn->set_amount_minor(1);
  txn->set_currency("EUR");
  txn->set_merchant_id("nobody");
  v1::ExplainResponse response;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(2));
  if (!stub->Explain(&context, request, &response).ok()) return {};
  const auto& offsets = response.as_of().next_offsets();
  return {offsets.begin(), offsets.end()};
}

}  // namespace

Director::Director(const Parts& parts, std::vector<Step> steps, uint64_t payments)
    : the_(parts), steps_(steps.begin(), steps.end()), payments_(payments) {}

bool Director::AllIsWell() const { return the_.lives->serving() && outage_ == nullptr; }

bool Director::Play() {
  while (true) {
    const bool played =
        the_.scoring->conductor.issued() >= payments_ && the_.scoring->clients.load() == 0;
    if (played && the_.batch->idle() && AllIsWell()) break;
    if (!the_.lives->Tick() || !TickServers() || !TickSteps() ||
        !the_.batch->Tick(the_.scoring->conductor.now_ms())) {
      return false;
    }
    HoldForBatch();
    // As a supervisor would.
    if (!the_.lives->running()) the_.lives->Begin(std::exchange(next_failpoint_, ""));
    std::this_thread::sleep_for(kTick);
  }
  if (steps_.empty()) return true;
  std::printf("WRONG %zu faults were left over when the payments ended\n", steps_.size());
  return false;
}

bool Director::TickServers() {
  if (outage_ == nullptr) return true;
  if (!outage_->restarting) {
    if (steady_clock::now() < outage_->restart_at) return true;
    outage_->server->Start();
    outage_->restarting = true;
  }
  if (!outage_->server->IsUp()) return true;
  the_.faults->End(outage_->server->name(), NowNs(), kAfterServerNs);
  outage_.reset();
  return true;
}

double Director::Share() const {
  return static_cast<double>(the_.scoring->conductor.issued()) / static_cast<double>(payments_);
}

// On a slow machine the clock waits for the batch, so that some answers stand on its last cut.
void Director::HoldForBatch() {
  if (Share() >= kLastPayments) the_.scoring->conductor.Hold(!the_.batch->idle());
}

bool Director::TickSteps() {
  if (steps_.empty() || !AllIsWell()) return true;
  // The failpoint of a life is the fault under way until it has fired.
  if (!the_.lives->records().back().failpoint.empty()) return true;
  if (Share() < steps_.front().at) return true;
  const Step step = steps_.front();
  steps_.pop_front();
  return Begin(step);
}

bool Director::Begin(const Step& step) {
  ++kills_[NameOf(step.what)];
  std::printf("kill -9 of %s, %llu payments given%s%s\n", NameOf(step.what),
              static_cast<unsigned long long>(the_.scoring->conductor.issued()),
              step.failpoint.empty() ? "" : ", then inside ", step.failpoint.c_str());
  next_failpoint_ = step.failpoint;
  switch (step.what) {
    case Step::What::kKillVerdictd:
      the_.lives->Kill(Death::kTimer);
      return true;
    case Step::What::kQuietKill:
      return QuietKill();
    case Step::What::kKillRedis:
      KillServer(the_.redis, step.down);
      return true;
    case Step::What::kKillBroker:
      KillServer(the_.broker, step.down);
      return true;
  }
  return true;
}

void Director::KillServer(Server* server, milliseconds down) {
  the_.faults->Begin(server->name(), NowNs());
  if (!server->Kill()) std::printf("WRONG %s did not run\n", server->name().c_str());
  outage_ = std::make_unique<Outage>(Outage{server, steady_clock::now() + down});
}

bool Director::QuietKill() {
  the_.scoring->conductor.Hold(true);
  const bool settled = Settle();
  the_.lives->Kill(Death::kQuiet);
  the_.scoring->payment_system.Hold(false);
  the_.scoring->conductor.Hold(false);
  return settled;
}

bool Director::Settle() {
  const auto until = steady_clock::now() + kSettlesWithin;
  while (the_.scoring->under_way.load() > 0) {
    if (steady_clock::now() > until) {
      std::printf("WRONG calls do not end\n");
      return false;
    }
    std::this_thread::sleep_for(milliseconds(1));
  }
  the_.scoring->payment_system.Hold(true);
  if (!the_.producer->Flush(static_cast<int>(kSettlesWithin.count()))) {
    std::printf("WRONG the broker does not take what is produced\n");
    return false;
  }
  if (!AwaitCaughtUp()) return false;
  the_.lives->NoteQuiet();
  return true;
}

bool Director::AwaitCaughtUp() {
  const Offsets ends = TopicEnds(the_.setup->brokers, kTopic);
  const std::string address = the_.scoring->life().address;
  const auto until = steady_clock::now() + kSettlesWithin;
  while (PointOf(address, the_.scoring->conductor.now_ms()) != ends) {
    if (steady_clock::now() > until || !the_.lives->running()) {
      std::printf("WRONG verdictd does not catch up with the log\n");
      return false;
    }
    std::this_thread::sleep_for(milliseconds(10));
  }
  return true;
}

}  // namespace verdict::seam
