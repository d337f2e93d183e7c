// Retries that meet a decision still open, and calls that many threads may end: each is ended
// exactly once.
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "decide/decider.h"
#include "decide/request_digest.h"
#include "decide/world.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "support/status_matchers.h"

namespace verdict::decide {
namespace {

using counters::LiveState;
using counters::SlotState;
using testing::IsOk;
using testing::StatusIs;
using testing::TestCall;
using testing::World;

// Stands for another Score that holds the decision slot of `txn` open.
class OpenSibling {
 public:
  OpenSibling(World* world, const model::Transaction& txn) : world_(world), txn_(txn) {
    InView([&](LiveState::View* view) {
      model::Decision none;
      EXPECT_EQ(view->FindOrOpen(RequestDigest(txn_), &none), SlotState::kOpened);
    });
  }
  void Answer() {
    model::Decision decision;
    decision.transaction_id = txn_.id;
    decision.outcome = model::Outcome::kDeny;
    decision.request_digest = RequestDigest(txn_);
    End([&](LiveState::View* view, auto* waiters) { view->Answer(decision, waiters); });
  }
  void Abandon() {
    End([](LiveState::View* view, auto* waiters) { view->Abandon(waiters); });
  }

 private:
  template <typename Body>
  void InView(Body body) {
    counters::Touched touched;
    touched.payment = world_->live->PaymentKey(txn_.id);
    touched.partition = eventlog::PartitionOf(txn_.merchant_id, testing::kPartitions);
    LiveState::View view(*world_->live, touched);
    body(&view);
  }
  template <typename Body>
  void End(Body body) {
    std::vector<counters::Waiter> waiters;
    InView([&](LiveState::View* view) { body(view, &waiters); });
    for (const counters::Waiter& waiter : waiters) waiter();
  }
  World* world_;
  model::Transaction txn_;
};

TEST(DeciderRetry, WaitsForADecisionThatIsOpenElsewhere) {
  World world;
  OpenSibling sibling(&world, world.Payment("t"));
  auto retry = world.Start(world.Payment("t"));
  EXPECT_EQ(retry->done, 0);
  sibling.Answer();
  ASSERT_EQ(retry->done, 1);
  EXPECT_TRUE(retry->replayed);
  EXPECT_EQ(retry->decision.outcome, model::Outcome::kDeny);
  EXPECT_EQ(world.LogSize(), 1) << "its sibling logged nothing";
}

TEST(DeciderRetry, DecidesItselfWhereTheFirstGaveUp) {
  World world;
  OpenSibling sibling(&world, world.Payment("t"));
  auto one = world.Start(world.Payment("t"));
  auto two = world.Start(world.Payment("t"));
  sibling.Abandon();
  ASSERT_EQ(one->done, 1);
  ASSERT_EQ(two->done, 1);
  EXPECT_NE(one->replayed, two->replayed);
  world.Pump();
  EXPECT_EQ(world.Start(world.Payment("u"))->result("card.count_1d").integer, 2);
}

TEST(DeciderRetry, GivesUpAtItsDeadlineAndIsNotEndedAgain) {
  World world;
  OpenSibling sibling(&world, world.Payment("t"));
  auto retry = world.Call(world.Payment("t"));
  retry->deadline = std::chrono::steady_clock::now() + std::chrono::hours(1);
  world.decider->Score(retry.get());
  EXPECT_EQ(retry->done, 0);
  world.timer.RingAll();
  ASSERT_EQ(retry->done, 1);
  EXPECT_THAT(retry->status, StatusIs(absl::StatusCode::kDeadlineExceeded));
  sibling.Answer();
  EXPECT_EQ(retry->done, 1);
}

TEST(DeciderRetry, IsShedWhereTooManyWait) {
  World world;
  OpenSibling sibling(&world, world.Payment("t"));
  std::vector<std::unique_ptr<TestCall>> waiting;
  for (size_t i = 0; i < counters::kMaxWaitersPerTransaction; ++i) {
    waiting.push_back(world.Start(world.Payment("t")));
    EXPECT_EQ(waiting.back()->done, 0);
  }
  auto shed = world.Start(world.Payment("t"));
  ASSERT_EQ(shed->done, 1);
  EXPECT_THAT(shed->status, StatusIs(absl::StatusCode::kResourceExhausted));
  sibling.Answer();
  for (const auto& call : waiting) EXPECT_EQ(call->done, 1);
  EXPECT_EQ(shed->done, 1);
}

TEST(DeciderRetry, ConflictsWithADecisionStillOpen) {
  World world;
  OpenSibling sibling(&world, world.Payment("t", 5));
  auto other = world.Start(world.Payment("t", 6));
  ASSERT_EQ(other->done, 1);
  EXPECT_THAT(other->status, StatusIs(absl::StatusCode::kAlreadyExists));
  sibling.Answer();
}

// --- a stored decision whose PAYMENT the log has not applied ---

TEST(DeciderRetry, AppendsWhatTheLogRefusedAndItCountsOnce) {
  World world;
  world.appender.SetMode(testing::FakeAppender::Mode::kRefuse);
  auto first = world.Start(world.Payment("t", 2'000'000));
  ASSERT_EQ(first->decision.partial_reasons, model::kPartialLog);
  auto refused = world.Start(world.Payment("t", 2'000'000));
  EXPECT_TRUE(refused->replayed);
  EXPECT_EQ(refused->decision.partial_reasons, model::kPartialLog) << "still nowhere";
  world.appender.SetMode(testing::FakeAppender::Mode::kAtOnce);
  auto retry = world.Start(world.Payment("t", 2'000'000));
  ASSERT_EQ(retry->done, 1);
  EXPECT_TRUE(retry->replayed);
  EXPECT_EQ(retry->decision.provenance, model::Provenance::kFull);
  ASSERT_EQ(world.LogSize(), 1);
  const auto record = world.log.At(eventlog::PartitionOf("m", testing::kPartitions), 0);
  ASSERT_TRUE(record.has_value());
  EXPECT_EQ(record->event.txn.status, "declined");
  ASSERT_TRUE(record->decision.has_value());
  EXPECT_EQ(*record->decision, *world.decider->GetDecision("t"));
  world.Pump();
  auto next = world.Start(world.Payment("u", 1));
  EXPECT_EQ(next->result("merchant.volume_30d").integer, 1) << "declined";
  EXPECT_EQ(next->result("card.count_1d").integer, 2);
}

TEST(DeciderRetry, WaitsForTheLogWhileTheFirstAppendIsPending) {
  World world;
  world.appender.SetMode(testing::FakeAppender::Mode::kHold);
  auto first = world.Start(world.Payment("t", 5));
  auto retry = world.Start(world.Payment("t", 5));
  auto stalled = world.Start(world.Payment("t", 5));
  EXPECT_EQ(retry->done, 0);
  world.timer.RingAll();
  for (const auto* call : {&first, &retry, &stalled}) {
    EXPECT_EQ((*call)->done, 1);
    EXPECT_EQ((*call)->decision.partial_reasons, model::kPartialLog);
  }
  auto last = world.Start(world.Payment("t", 5));
  EXPECT_EQ(last->done, 0);
  world.appender.Release();
  ASSERT_EQ(last->done, 1);
  EXPECT_TRUE(last->replayed);
  EXPECT_EQ(last->decision.provenance, model::Provenance::kFull);
  world.appender.SetMode(testing::FakeAppender::Mode::kAtOnce);
  EXPECT_EQ(world.Start(world.Payment("before", 1))->result("card.count_1d").integer, 2);
  world.Pump();
  EXPECT_EQ(world.Start(world.Payment("after", 1))->result("card.count_1d").integer, 3)
      << "the log holds it more than once, the totals once";
}

TEST(DeciderRetry, AppendsNothingOnceThePaymentIsApplied) {
  World world;
  world.Start(world.Payment("t", 5));
  world.Pump();
  world.appender.SetMode(testing::FakeAppender::Mode::kHold);
  auto retry = world.Start(world.Payment("t", 5));
  EXPECT_EQ(retry->done, 1);
  EXPECT_TRUE(retry->replayed);
  EXPECT_EQ(world.appender.held(), 0u);
  EXPECT_EQ(world.live->sizes().provisionals, 0u);
}

TEST(DeciderRetry, AppendsNothingWhereTheLogMayHoldItAndItsIdBeForgotten) {
  World world;
  world.appender.SetMode(testing::FakeAppender::Mode::kRefuse);
  world.Start(world.Payment("t", 5));
  world.clock.Set(World::kNoonMs + 90 * 60'000);
  world.Log(world.Payment("x", 1));
  world.Pump();
  world.clock.Set(World::kNoonMs + 4 * 3'600'000);
  world.Log(world.Payment("y", 2));
  world.Pump();  // forgets the ids of noon
  world.appender.SetMode(testing::FakeAppender::Mode::kHold);
  auto retry = world.Start(world.Payment("t", 5));  // with the time of now
  EXPECT_EQ(retry->done, 1);
  EXPECT_TRUE(retry->replayed);
  EXPECT_EQ(world.appender.held(), 0u);
}

TEST(DeciderRetry, LeavesAProvisionalThatStandsAsItIs) {
  World world;
  world.appender.SetMode(testing::FakeAppender::Mode::kRefuse);
  world.Start(world.Payment("t", 5));
  world.clock.Set(World::kNoonMs + 9 * 60'000);
  world.Start(world.Payment("t", 5));
  world.clock.Set(World::kNoonMs + 11 * 60'000);
  world.NoteComplete();
  EXPECT_EQ(world.Start(world.Payment("u", 1))->result("merchant.volume_30d").integer, 1)
      << "its ten minutes began with the first call";
}

// A thread that runs what it is given, a little late and out of order.
class SlowThread {
 public:
  explicit SlowThread(uint64_t seed) : random_(seed), thread_([this] { Run(); }) {}
  ~SlowThread() {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }
  void Post(std::function<void()> work) {
    {
      std::lock_guard lock(mutex_);
      queue_.push_back(std::move(work));
    }
    wake_.notify_one();
  }

 private:
  void Run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      std::swap(queue_.front(), queue_[random_() % queue_.size()]);
      const std::function<void()> work = std::move(queue_.front());
      queue_.pop_front();
      const bool slow = random_() % 16 == 0;
      lock.unlock();
      if (slow) std::this_thread::sleep_for(std::chrono::milliseconds(3));
      work();
      lock.lock();
    }
  }
  std::mt19937_64 random_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;
  bool stopping_ = false;
  std::thread thread_;
};

class SlowAppender : public eventlog::EventAppender {
 public:
  SlowAppender(eventlog::EventAppender* appender, SlowThread* thread)
      : appender_(appender), thread_(thread) {}
  void Append(const model::Event& event, const model::Decision* decision,
              eventlog::OnAppended done) override {
    eventlog::AppendRequest request{event, std::nullopt, std::move(done)};
    if (decision != nullptr) request.decision = *decision;
    auto shared = std::make_shared<eventlog::AppendRequest>(std::move(request));
    thread_->Post([this, shared] {
      appender_->Append(shared->event, shared->decision ? &*shared->decision : nullptr,
                        std::move(shared->done));
    });
  }

 private:
  eventlog::EventAppender* appender_;
  SlowThread* thread_;
};

class SlowStore : public testing::FakeAggregateStore {
 public:
  explicit SlowStore(SlowThread* thread) : thread_(thread) {}
  void Get(std::vector<aggregate::BlobKey> keys, std::chrono::milliseconds timeout,
           aggregate::OnBlobs done) override {
    thread_->Post([this, keys = std::move(keys), timeout, done = std::move(done)] {
      FakeAggregateStore::Get(keys, timeout, done);
    });
  }

 private:
  SlowThread* thread_;
};

class SharedCall : public ScoreCall {
 public:
  void Done() override {
    seen_replayed = replayed;
    seen_ok = status.ok();
    done.fetch_add(1);
  }
  std::atomic<int> done{0};
  bool seen_replayed = false;
  bool seen_ok = false;
};

TEST(DeciderInterleaving, EndsEveryCallOnceAndCountsEveryPaymentOnce) {
  constexpr int kThreads = 4;
  constexpr int kIds = 150;
  World world;
  SlowThread store_thread(1);
  SlowThread log_thread(2);
  SlowStore store(&store_thread);
  SlowAppender appender(&world.appender, &log_thread);
  aggregate::BlobCache cache(&store, {.max_bytes = 1});  // nothing stays: every call asks the store
  DeciderOptions options;
  options.blob_wait = options.append_wait = std::chrono::milliseconds(2);
  auto decider = std::make_unique<Decider>(Decider::Parts{.rules = &world.rules,
                                                          .live = &*world.live,
                                                          .blobs = &cache,
                                                          .appender = &appender,
                                                          .clock = &world.clock,
                                                          .hasher = &world.hasher},
                                           options);
  std::vector<std::vector<std::unique_ptr<SharedCall>>> calls(kThreads);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kIds; ++i) {
        auto call = std::make_unique<SharedCall>();
        call->txn = world.Payment("t" + std::to_string(i));
        if (t == 3)
          call->deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(2);
        decider->Score(call.get());
        calls[static_cast<size_t>(t)].push_back(std::move(call));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& of_thread : calls) {
    for (const auto& call : of_thread) {
      while (call->done.load() == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  decider.reset();  // waits for what is still owed
  std::vector<int> decided(kIds);
  for (const auto& of_thread : calls) {
    for (size_t i = 0; i < of_thread.size(); ++i) {
      EXPECT_EQ(of_thread[i]->done.load(), 1);
      decided[i] += of_thread[i]->seen_ok && !of_thread[i]->seen_replayed ? 1 : 0;
    }
  }
  EXPECT_EQ(decided, std::vector<int>(kIds, 1)) << "one call decides, the others replay";
  EXPECT_GE(world.LogSize(), kIds) << "a retry that meets a payment not yet applied logs it again";
  world.Pump();
  EXPECT_EQ(world.Start(world.Payment("last", 1))->result("card.count_1d").integer, kIds + 1);
}

}  // namespace
}  // namespace verdict::decide
