// Redis goes away, stands still, comes back, or says what it never should: each request is answered
// once, and the store heals by itself.
#include <algorithm>
#include <atomic>
#include <functional>
#include <mutex>

#include "redis_store/fake_redis.h"
#include "redis_store/redis_fixture.h"
#include "support/some_blob.h"

namespace verdict::redis_store {
namespace {

using aggregate::BlobKey;
using aggregate::BlobResult;
using aggregate::Manifest;
using ::testing::HasSubstr;
using ::verdict::testing::IsOk;
using ::verdict::testing::SomeBlob;
using ::verdict::testing::SomeKey;
using ::verdict::testing::StatusIs;

constexpr char kUp[] = "verdict_dependency_up";
constexpr char kBreaker[] = "verdict_breaker_state";

class RedisOutage : public RedisTest {
 protected:
  std::vector<std::string> ServerArguments() override {
    return {"--appendonly", "yes", "--appendfsync", "no"};
  }
  void PutMany(aggregate::AggregateStore* store) {
    for (uint8_t entity = 0; entity < 100; ++entity) {
      ASSERT_THAT(Put(store, SomeKey(1, entity), SomeBlob(1, 100, 0, entity)), IsOk());
    }
  }
  // Found, and its own.
  static bool IsBlobOf(const BlobResult& result, uint8_t entity) {
    return result.state == State::kFound && result.blob == SomeBlob(1, 100, 0, entity);
  }
};

// Asks without end, from several threads; counts what is answered, and how often.
class Load {
 public:
  explicit Load(aggregate::AggregateStore* store) {
    for (int t = 0; t < 3; ++t) {
      threads_.emplace_back([this, store, t] {
        for (int i = t; !stopping_; ++i) {
          const auto entity = static_cast<uint8_t>(i % 100);
          auto answers = std::make_shared<std::atomic<int>>(0);
          ++asked_;
          store->Get({SomeKey(1, entity), SomeKey(2, entity)}, std::chrono::milliseconds(200),
                     [this, answers, entity](std::vector<BlobResult> results) {
                       if (answers->fetch_add(1) > 0) ++twice_;
                       Look(results, entity);
                       ++answered_;
                     });
          std::this_thread::sleep_for(std::chrono::microseconds(300));
        }
      });
    }
  }
  ~Load() { Stop(); }
  void Stop() {
    stopping_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }
  std::atomic<uint64_t> asked_{0}, answered_{0}, twice_{0}, found_{0}, failed_{0}, wrong_{0};

 private:
  using State = BlobResult::State;
  void Look(const std::vector<BlobResult>& results, uint8_t entity) {
    if (results[0].state == State::kFailed) ++failed_;
    if (results[0].state == State::kFound) ++found_;
    // What was put is never absent, and what was never put never found.
    const bool right = results[0].state == State::kFound
                           ? results[0].blob == SomeBlob(1, 100, 0, entity)
                           : results[0].state == State::kFailed;
    if (!right || results[1].state == State::kFound) ++wrong_;
  }
  std::atomic<bool> stopping_{false};
  std::vector<std::thread> threads_;
};

TEST_F(RedisOutage, AnswersEveryRequestOnceThroughKillsAndRestarts) {
  const auto store = Connect();
  PutMany(store.get());
  Load load(store.get());
  for (int round = 0; round < 3; ++round) {
    const uint64_t found = load.found_;
    ASSERT_TRUE(Eventually([&] { return load.found_ > found + 100; })) << "it heals by itself";
    const uint64_t failed = load.failed_;
    server_->Kill();
    ASSERT_TRUE(Eventually([&] { return load.failed_ > failed + 20; }));
    server_->Start();
  }
  const uint64_t found = load.found_;
  ASSERT_TRUE(Eventually([&] { return load.found_ > found + 100; }));
  load.Stop();
  EXPECT_TRUE(Eventually([&] { return load.answered_ == load.asked_; }));
  EXPECT_EQ(load.twice_, 0u);
  EXPECT_EQ(load.wrong_, 0u);
}

TEST_F(RedisOutage, HonoursTimeoutsWhileRedisStandsStillAndThenGoesOnInStep) {
  const auto store = Connect();
  PutMany(store.get());
  ASSERT_TRUE(IsBlobOf(Ask(store.get(), {SomeKey(1, 1)})[0], 1));
  server_->Pause();
  for (uint8_t entity = 0; entity < 20; ++entity) {
    EXPECT_EQ(StateOf(Ask(store.get(), {SomeKey(1, entity)}, std::chrono::milliseconds(5))),
              State::kFailed);
  }
  server_->Resume();
  // The replies that nobody waits for any more come first.
  for (uint8_t entity = 50; entity < 60; ++entity) {
    EXPECT_TRUE(IsBlobOf(Ask(store.get(), {SomeKey(1, entity)})[0], entity));
  }
}

TEST_F(RedisOutage, GivesUpAServerThatOwesRepliesFailsAtOnceAndComesBack) {
  RedisOptions options = PatientOptions(server_->port());
  options.connect_timeout = options.io_timeout = std::chrono::milliseconds(200);
  const auto store = Connect(options);
  PutMany(store.get());
  ASSERT_TRUE(Eventually([&] { return IsBlobOf(Ask(store.get(), {SomeKey(1, 1)})[0], 1); }));
  server_->Pause();
  const uint64_t errors = Errors("get");
  // Their own time would last for a minute.
  std::vector<std::thread> askers;
  for (int i = 0; i < 8; ++i) {
    askers.emplace_back(
        [&] { EXPECT_EQ(StateOf(Ask(store.get(), {SomeKey(1, 1)})), State::kFailed); });
  }
  for (std::thread& asker : askers) asker.join();
  EXPECT_GE(Errors("get"), errors + 8);
  EXPECT_EQ(Gauge(kUp), 0);
  EXPECT_TRUE(Eventually([&] { return Gauge(kBreaker) == 2; })) << "eight failures at once";
  std::thread::id answered_on;
  store->Get({SomeKey(1, 1)}, kLong, [&](std::vector<BlobResult> results) {
    EXPECT_EQ(StateOf(results), State::kFailed);
    answered_on = std::this_thread::get_id();
  });
  EXPECT_EQ(answered_on, std::this_thread::get_id()) << "nothing is waited for";
  server_->Resume();
  EXPECT_TRUE(Eventually([&] { return Gauge(kUp) == 1 && Gauge(kBreaker) == 0; }))
      << "without anybody asking";
  EXPECT_TRUE(Eventually([&] { return IsBlobOf(Ask(store.get(), {SomeKey(1, 1)})[0], 1); }));
}

TEST_F(RedisOutage, SeesThatAnIdleServerHasGone) {
  RedisOptions options = PatientOptions(server_->port());
  std::mutex mutex;
  std::vector<bool> told;
  options.report = [&](const absl::Status& status) {
    const std::lock_guard<std::mutex> lock(mutex);
    told.push_back(status.ok());
  };
  const auto store = Connect(options);
  ASSERT_TRUE(Eventually([&] { return Gauge(kUp) == 1; }));
  server_->Kill();
  EXPECT_TRUE(Eventually([&] { return Gauge(kUp) == 0; }));
  server_->Start();
  EXPECT_TRUE(Eventually([&] { return Gauge(kUp) == 1; }));
  const std::lock_guard<std::mutex> lock(mutex);
  EXPECT_EQ(told, (std::vector<bool>{false, true})) << "once an outage";
}

TEST_F(RedisOutage, StartsWhileRedisIsAway) {
  server_->Kill();
  const auto store = Connect();
  EXPECT_EQ(StateOf(Ask(store.get(), {SomeKey(1, 1)})), State::kFailed);
  EXPECT_THAT(store->CheckServer(),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("redis at")));
  EXPECT_THAT(store->GetManifest(1), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(Put(store.get(), SomeKey(1, 1), SomeBlob(1, 100, 0, 1)),
              StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(Gauge(kUp), 0);
  server_->Start();
  EXPECT_TRUE(Eventually([&] { return Gauge(kUp) == 1; }));
  EXPECT_EQ(StateOf(Ask(store.get(), {SomeKey(1, 1)})), State::kAbsent);
  EXPECT_THAT(store->CheckServer(), IsOk());
}

TEST_F(RedisOutage, ReplacesAnIdleConnectionThatWasClosed) {
  const auto store = Connect();
  PutMany(store.get());
  ASSERT_TRUE(IsBlobOf(Ask(store.get(), {SomeKey(1, 1)})[0], 1));
  Redis({"CLIENT", "KILL", "TYPE", "normal"});
  EXPECT_THAT(store->GetManifest(1), IsOk()) << "the batch's own";
  EXPECT_TRUE(Eventually([&] { return IsBlobOf(Ask(store.get(), {SomeKey(1, 1)})[0], 1); }));
  server_->Kill();
  server_->Start();
  EXPECT_EQ(Read(store.get(), SomeKey(1, 7)).blob, SomeBlob(1, 100, 0, 7));
}

// AGGREGATES section 15: the write was done, and its caller hears that it failed.
TEST_F(RedisOutage, lost_ack) {
  CuttingProxy proxy(server_->port());
  const auto store = Connect(PatientOptions(proxy.port()));
  ASSERT_THAT(Put(store.get(), SomeKey(1, 1), SomeBlob(1, 100, 0, 1)), IsOk());
  proxy.CutAfter("EVALSHA");
  EXPECT_THAT(Put(store.get(), SomeKey(1, 1), SomeBlob(1, 101, 0, 2)),
              StatusIs(absl::StatusCode::kUnavailable));
  ASSERT_TRUE(proxy.cut());
  EXPECT_EQ(Read(store.get(), SomeKey(1, 1)).blob, SomeBlob(1, 101, 0, 2)) << "it was written";
  ASSERT_THAT(Put(store.get(), SomeKey(1, 1), SomeBlob(1, 101, 0, 2)), IsOk()) << "again";
  EXPECT_EQ(Read(store.get(), SomeKey(1, 1)).blob, SomeBlob(1, 101, 0, 2));
  ASSERT_THAT(Put(store.get(), SomeKey(1, 1), SomeBlob(1, 102, 0, 3)), IsOk());
  ASSERT_THAT(Put(store.get(), SomeKey(1, 1), SomeBlob(1, 101, 0, 2)), IsOk()) << "late";
  EXPECT_EQ(Read(store.get(), SomeKey(1, 1)).blob, SomeBlob(1, 102, 0, 3));

  Manifest manifest;
  manifest.state = Manifest::State::kAnnounced;
  proxy.CutAfter("EVAL");
  EXPECT_THAT(store->CompareAndSwapManifest(1, Manifest(), manifest),
              StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(*store->GetManifest(1), manifest) << "who looks finds it swapped";
  EXPECT_THAT(store->CompareAndSwapManifest(1, Manifest(), manifest),
              StatusIs(absl::StatusCode::kAborted));
}

TEST_F(RedisOutage, AnswersWhatIsUnderWayWhenItEnds) {
  auto store = Connect();
  ASSERT_EQ(StateOf(Ask(store.get(), {SomeKey(1, 1)})), State::kAbsent);
  server_->Pause();
  std::atomic<int> failed{0};
  for (int i = 0; i < 100; ++i) {
    store->Get({SomeKey(1, 1)}, kLong, [&](std::vector<BlobResult> results) {
      if (StateOf(results) == State::kFailed) ++failed;
    });
  }
  store.reset();
  EXPECT_EQ(failed, 100);
}

TEST_F(RedisOutage, FailsAtOnceWhatFindsNoPlaceInTheQueue) {
  RedisOptions options = PatientOptions(server_->port());
  options.queue_max = 3;
  auto store = Connect(options);
  ASSERT_EQ(StateOf(Ask(store.get(), {SomeKey(1, 1)})), State::kAbsent);
  server_->Pause();
  std::atomic<int> answered{0};
  for (int i = 0; i < 10; ++i) {
    store->Get({SomeKey(1, 1)}, kLong, [&](std::vector<BlobResult>) { ++answered; });
  }
  EXPECT_EQ(answered, 7);
  server_->Resume();
  EXPECT_TRUE(Eventually([&] { return answered == 10; }));
  EXPECT_EQ(StateOf(Ask(store.get(), {SomeKey(1, 1)})), State::kAbsent) << "there is room again";
}

TEST(RedisOfOthers, IsOwedFewRepliesAtATime) {
  std::atomic<int> asked{0};
  FakeRedis fake([&](const FakeRedis::Words&) {
    ++asked;
    return "";  // never answers
  });
  auto store = *RedisAggregateStore::Connect(PatientOptions(fake.port()));
  std::atomic<int> answered{0};
  for (int i = 0; i < 2'000; ++i) {
    store->Get({SomeKey(1, static_cast<uint8_t>(i % 200))}, kLong,
               [&](std::vector<BlobResult>) { ++answered; });
  }
  for (int i = 0; asked < 100 && i < 5'000; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_GE(asked, 100);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));  // so that more would be seen
  EXPECT_LE(asked, 256);
  store.reset();
  EXPECT_EQ(answered, 2'000);
}

TEST(RedisOfOthers, AsksForTheNewestFirst) {
  std::atomic<bool> stands_still{true};
  std::mutex mutex;
  std::vector<std::string> asked;
  FakeRedis fake([&](const FakeRedis::Words& words) {
    while (stands_still) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    const std::lock_guard<std::mutex> lock(mutex);
    asked.push_back(words[1]);
    return "$-1\r\n";
  });
  const auto store = *RedisAggregateStore::Connect(PatientOptions(fake.port()));
  std::atomic<int> answered{0};
  const auto ask = [&](uint8_t entity) {
    store->Get({SomeKey(1, entity)}, kLong, [&](std::vector<BlobResult>) { ++answered; });
  };
  constexpr int kOld = 1'000;
  for (int i = 0; i < kOld; ++i) ask(1);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));  // the first are on their way
  ask(2);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  stands_still = false;
  while (answered < kOld + 1) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  const std::lock_guard<std::mutex> lock(mutex);
  const auto newest = std::adjacent_find(asked.begin(), asked.end(), std::not_equal_to<>());
  ASSERT_NE(newest, asked.end());
  EXPECT_LT(newest - asked.begin(), kOld / 2);
}

TEST(RedisOfOthers, AnswersWithWhatCameInTime) {
  std::atomic<int> answers{0};
  FakeRedis fake(
      [&](const FakeRedis::Words&) { return answers++ < 2 ? "$-1\r\n" : ""; });  // then silent
  const auto store = *RedisAggregateStore::Connect(PatientOptions(fake.port()));
  std::promise<std::vector<BlobResult>> answered;
  store->Get({SomeKey(1, 1), SomeKey(7, 1), SomeKey(2, 1), SomeKey(1, 2)},
             std::chrono::milliseconds(2000),
             [&](std::vector<BlobResult> results) { answered.set_value(std::move(results)); });
  const std::vector<BlobResult> results = answered.get_future().get();
  using State = BlobResult::State;
  EXPECT_EQ(StateOf(results, 0), State::kAbsent);
  EXPECT_EQ(StateOf(results, 1), State::kAbsent);
  EXPECT_EQ(StateOf(results, 2), State::kFailed);
  EXPECT_EQ(StateOf(results, 3), State::kFailed);
}

// What a real Redis never says. Each byte comes in time for a limit on single reads.
TEST(RedisOfOthers, AReplyByDropsDoesNotOutlastThePipelinesDeadline) {
  FakeRedis fake([](const FakeRedis::Words&) { return "$1000\r\n" + std::string(1000, 'x'); },
                 std::chrono::milliseconds(20));
  RedisOptions options = PatientOptions(fake.port());
  options.batch_timeout = options.io_timeout = std::chrono::milliseconds(300);
  const auto store = *RedisAggregateStore::Connect(options);
  const BlobKey key = SomeKey(1, 1);
  EXPECT_THAT(store->GetNow({&key, 1}), StatusIs(absl::StatusCode::kDeadlineExceeded));
  std::promise<BlobResult::State> state;
  store->Get({key}, kLong,
             [&](std::vector<BlobResult> results) { state.set_value(StateOf(results)); });
  EXPECT_EQ(state.get_future().get(), BlobResult::State::kFailed);
}

TEST(RedisOfOthers, RefusesRepliesThatAreNoneOfRediss) {
  constexpr auto kUnavailable = absl::StatusCode::kUnavailable;
  const std::vector<std::pair<std::string, absl::StatusCode>> replies = {
      {"*2147483647\r\n", kUnavailable},
      {"*65537\r\n", kUnavailable},
      {"?what\r\n", kUnavailable},
      {"$99999999999999999999\r\n", kUnavailable},
      {"HTTP/1.1 400 Bad Request\r\n\r\n", kUnavailable},
      {"+one\r\n+too many\r\n", absl::StatusCode::kInternal}};
  for (const auto& [reply, code] : replies) {
    SCOPED_TRACE(reply);
    FakeRedis fake([&text = reply](const FakeRedis::Words&) { return text; });
    const auto store = *RedisAggregateStore::Connect(PatientOptions(fake.port()));
    EXPECT_THAT(store->Scan(1, [](const model::EntityKey&,
                                  const feature::Blob&) { return absl::OkStatus(); }),
                StatusIs(code));
    std::promise<BlobResult::State> state;
    store->Get({SomeKey(1, 1)}, kLong,
               [&](std::vector<BlobResult> results) { state.set_value(StateOf(results)); });
    EXPECT_EQ(state.get_future().get(), BlobResult::State::kFailed);
  }
}

TEST(RedisOfOthers, RefusesAKeyThatIsNoneOfOurs) {
  FakeRedis fake([](const FakeRedis::Words&) {
    return "*2\r\n$1\r\n0\r\n*1\r\n$36\r\nv1:{merchant:short}:0000000000000001\r\n";
  });
  const auto store = *RedisAggregateStore::Connect(PatientOptions(fake.port()));
  EXPECT_THAT(store->Scan(1, [](const model::EntityKey&,
                                const feature::Blob&) { return absl::OkStatus(); }),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("merchant:short")));
}

}  // namespace
}  // namespace verdict::redis_store
