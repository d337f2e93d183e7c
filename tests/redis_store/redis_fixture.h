// A redis-server, a store on it, and a second connection that looks at what lies in it.
#pragma once

#include <hiredis/hiredis.h>

#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/metrics.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "redis_store/redis_aggregate_store.h"
#include "support/redis_server.h"
#include "support/status_matchers.h"

namespace verdict::redis_store {

inline constexpr std::chrono::milliseconds kLong{60'000};

// Patient: a slow machine fails no test.
inline RedisOptions PatientOptions(int port) {
  RedisOptions options;
  options.port = port;
  options.connect_timeout = options.io_timeout = std::chrono::milliseconds(20'000);
  options.batch_timeout = std::chrono::milliseconds(60'000);
  options.entity_of_measure = {{1, "merchant"}, {2, "card"}, {7, "merchant"}, {8, "card"}};
  return options;
}

inline aggregate::BlobResult::State StateOf(const std::vector<aggregate::BlobResult>& results,
                                            size_t i = 0) {
  return results.at(i).state;
}

class RedisTest : public ::testing::Test {
 protected:
  using State = aggregate::BlobResult::State;

  void SetUp() override {
    if (testing::RedisServerProgram().empty()) {
      GTEST_SKIP() << "skipped: redis-server is not installed (deploy/install-deps.sh does it)";
    }
    server_.emplace(ServerArguments());
  }
  virtual std::vector<std::string> ServerArguments() { return {}; }

  static std::unique_ptr<RedisAggregateStore> Connect(const RedisOptions& options) {
    auto store = RedisAggregateStore::Connect(options);
    EXPECT_THAT(store, testing::IsOk());
    return *std::move(store);
  }
  std::unique_ptr<RedisAggregateStore> Connect() {
    return Connect(PatientOptions(server_->port()));
  }

  // The reply as text: a string, an integer, "(nil)", or "(error) ...".
  std::string Redis(const std::vector<std::string>& words) { return Redis(server_->port(), words); }
  static std::string Redis(int port, const std::vector<std::string>& words) {
    redisContext* context = redisConnect("127.0.0.1", port);
    std::vector<const char*> starts;
    std::vector<size_t> sizes;
    for (const std::string& word : words) {
      starts.push_back(word.data());
      sizes.push_back(word.size());
    }
    auto* reply = static_cast<redisReply*>(
        redisCommandArgv(context, static_cast<int>(words.size()), starts.data(), sizes.data()));
    std::string text = "(no reply)";
    if (reply != nullptr) {
      switch (reply->type) {
        case REDIS_REPLY_INTEGER:
          text = std::to_string(reply->integer);
          break;
        case REDIS_REPLY_NIL:
          text = "(nil)";
          break;
        case REDIS_REPLY_ERROR:
          text = "(error) " + std::string(reply->str, reply->len);
          break;
        default:
          text = reply->str == nullptr ? "(array)" : std::string(reply->str, reply->len);
      }
      freeReplyObject(reply);
    }
    redisFree(context);
    return text;
  }

  static absl::Status Put(aggregate::AggregateStore* store, const aggregate::BlobKey& key,
                          const feature::Blob& blob) {
    const aggregate::BlobWrite write{key, blob};
    return store->PutIfNewer({&write, 1});
  }
  static aggregate::BlobResult Read(aggregate::AggregateStore* store,
                                    const aggregate::BlobKey& key) {
    auto results = store->GetNow({&key, 1});
    EXPECT_THAT(results, testing::IsOk());
    return results.ok() ? results->front() : aggregate::BlobResult();
  }
  // Get, waited for.
  static std::vector<aggregate::BlobResult> Ask(aggregate::AggregateStore* store,
                                                std::vector<aggregate::BlobKey> keys,
                                                std::chrono::milliseconds timeout = kLong) {
    std::promise<std::vector<aggregate::BlobResult>> answered;
    store->Get(std::move(keys), timeout, [&answered](std::vector<aggregate::BlobResult> results) {
      answered.set_value(std::move(results));
    });
    return answered.get_future().get();
  }
  // Until `done` holds; false after a minute.
  template <typename Done>
  static bool Eventually(Done done) {
    for (int i = 0; i < 6000; ++i) {
      if (done()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }
  static double Gauge(const std::string& name) {
    for (const base::MetricFamily& family : base::Metrics().Collect()) {
      if (family.name == name) return family.samples.front().value;
    }
    return -1;
  }
  static uint64_t Errors(const std::string& op) {
    return base::Metrics().CounterValue("verdict_agg_store_errors_total", {{"op", op}});
  }

  std::optional<testing::RedisServer> server_;
};

}  // namespace verdict::redis_store
