// The store on a real Redis: the contract, the bytes under the names that others rely on, values
// that are none of ours, repeated and racing writes.
#include "redis_store/redis_aggregate_store.h"

#include <algorithm>
#include <atomic>
#include <random>
#include <set>

#include "aggregate/blob_codec.h"
#include "aggregate/manifest_codec.h"
#include "redis_store/redis_fixture.h"
#include "support/aggregate_store_contract.h"

namespace verdict::redis_store {
namespace {

class RedisStoreFixture {
 public:
  std::unique_ptr<aggregate::AggregateStore> Open() {
    if (testing::RedisServerProgram().empty()) return nullptr;
    if (!server_) server_.emplace();
    auto store = RedisAggregateStore::Connect(PatientOptions(server_->port()));
    EXPECT_THAT(store, testing::IsOk());
    return *std::move(store);
  }

 private:
  std::optional<testing::RedisServer> server_;
};

}  // namespace
}  // namespace verdict::redis_store

namespace verdict::testing {
INSTANTIATE_TYPED_TEST_SUITE_P(Redis, AggregateStoreContract, redis_store::RedisStoreFixture);
}  // namespace verdict::testing

namespace verdict::redis_store {
namespace {

using aggregate::BlobKey;
using aggregate::BlobResult;
using aggregate::BlobWrite;
using aggregate::Manifest;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using ::verdict::testing::IsOk;
using ::verdict::testing::SomeBlob;
using ::verdict::testing::SomeKey;
using ::verdict::testing::StatusIs;

using RedisStore = RedisTest;

std::string NameOf(const BlobKey& key) {
  return "v1:{" + std::string(key.measure_hash == 1 ? "merchant" : "card") + ":" +
         key.entity.Base64Url() + "}:000000000000000" + std::to_string(key.measure_hash);
}

TEST_F(RedisStore, KeepsTheBytesOfTheDesignUnderItsNames) {
  const auto store = Connect();
  ASSERT_THAT(Put(store.get(), SomeKey(2, 9), SomeBlob(2, 100, 3, 5)), IsOk());
  EXPECT_EQ(Redis({"GET", "v1:{card:AAAACQAAAAAAAAAA}:0000000000000002"}),
            aggregate::EncodeBlob(SomeBlob(2, 100, 3, 5)));
  Manifest manifest;
  manifest.state = Manifest::State::kAnnounced;
  manifest.cut = 100;
  ASSERT_THAT(store->CompareAndSwapManifest(2, Manifest(), manifest), IsOk());
  EXPECT_EQ(Redis({"GET", "v1:manifest:0000000000000002"}), aggregate::EncodeManifest(manifest));
  EXPECT_EQ(Redis({"DBSIZE"}), "2");
}

TEST_F(RedisStore, LetsBlobsExpireAWeekAfterTheKeptDaysAndManifestsNever) {
  RedisOptions options = PatientOptions(server_->port());
  options.kept_days = 38;
  const auto store = Connect(options);
  ASSERT_THAT(Put(store.get(), SomeKey(1, 1), SomeBlob(1, 100, 0, 5)), IsOk());
  const int seconds = std::stoi(Redis({"TTL", NameOf(SomeKey(1, 1))}));
  EXPECT_LE(seconds, 45 * 86'400);
  EXPECT_GT(seconds, 45 * 86'400 - 3600);
  Manifest manifest;
  manifest.state = Manifest::State::kAnnounced;
  ASSERT_THAT(store->CompareAndSwapManifest(1, Manifest(), manifest), IsOk());
  EXPECT_EQ(Redis({"TTL", "v1:manifest:0000000000000001"}), "-1");
  const auto forever = Connect();
  ASSERT_THAT(Put(forever.get(), SomeKey(1, 2), SomeBlob(1, 100, 0, 5)), IsOk());
  EXPECT_EQ(Redis({"TTL", NameOf(SomeKey(1, 2))}), "-1");
}

TEST_F(RedisStore, WhatIsPutAgainExpiresAsIfItWereNew) {
  const auto store = Connect();
  const auto put = [&](int kept_days, feature::CutId cut) {
    store->KeepDays(kept_days);
    EXPECT_THAT(Put(store.get(), SomeKey(1, 1), SomeBlob(1, cut, 0, 5)), IsOk());
    return std::stoi(Redis({"TTL", NameOf(SomeKey(1, 1))}));
  };
  constexpr int kDay = 86'400;
  const auto is_days = [](int days) {
    return ::testing::AllOf(::testing::Le(days * kDay), ::testing::Gt(days * kDay - 3600));
  };
  EXPECT_THAT(put(38, 100), is_days(45));
  EXPECT_THAT(put(98, 100), is_days(105)) << "windows got longer";
  EXPECT_THAT(put(38, 101), is_days(45)) << "a newer value, and shorter windows";
  EXPECT_THAT(put(98, 100), is_days(45)) << "an older one says nothing of it";
  EXPECT_EQ(put(0, 101), -1) << "for ever";
  EXPECT_THAT(put(38, 101), is_days(45));
  ASSERT_THAT(Put(store.get(), SomeKey(1, 1), SomeBlob(1, 101, 0, 6)), IsOk());
  EXPECT_EQ(Read(store.get(), SomeKey(1, 1)).blob, SomeBlob(1, 101, 0, 5)) << "the value stays";
}

TEST_F(RedisStore, WritesIntoTheDatabaseItWasTold) {
  RedisOptions options = PatientOptions(server_->port());
  options.database = 3;
  ASSERT_THAT(Put(Connect(options).get(), SomeKey(1, 1), SomeBlob(1, 100, 0, 5)), IsOk());
  EXPECT_EQ(Redis({"DBSIZE"}), "0");
  EXPECT_EQ(StateOf(Ask(Connect(options).get(), {SomeKey(1, 1)})), State::kFound);
  options.database = 1000;
  EXPECT_THAT(Connect(options)->CheckServer(),
              StatusIs(absl::StatusCode::kUnknown, HasSubstr("refuses SELECT")));
}

// AGGREGATES section 15: retried and reordered writes end as the newest of them.
TEST_F(RedisStore, reordered_puts) {
  const auto store = Connect();
  std::mt19937_64 random(11);
  for (int round = 0; round < 30; ++round) {
    const BlobKey key = SomeKey(1, static_cast<uint8_t>(round));
    std::vector<BlobWrite> writes;
    for (int i = 0; i < 8; ++i) {
      auto blob = SomeBlob(1, 100 + static_cast<int>(random() % 4),
                           static_cast<uint16_t>(random() % 300), i);
      writes.push_back({key, blob});
      if (random() % 2 == 0) writes.push_back({key, blob});  // sent again
    }
    // Of two with the same (cut, rev) the first stays.
    std::shuffle(writes.begin(), writes.end(), random);
    const auto newest =
        std::max_element(writes.begin(), writes.end(), [](const BlobWrite& a, const BlobWrite& b) {
          return std::pair(a.blob.cut, a.blob.rev) < std::pair(b.blob.cut, b.blob.rev);
        });
    const size_t split = random() % writes.size();
    ASSERT_THAT(store->PutIfNewer(std::span(writes).first(split)), IsOk());
    ASSERT_THAT(store->PutIfNewer(std::span(writes).subspan(split)), IsOk());
    EXPECT_EQ(Read(store.get(), key).blob, newest->blob) << "round " << round;
  }
}

TEST_F(RedisStore, ComparesCutsAsSignedNumbers) {
  const auto store = Connect();
  const auto blob = [](feature::CutId cut, int64_t sum) {
    feature::Blob made = SomeBlob(1, 100, 0, sum);
    made.cut = cut;
    return made;
  };
  ASSERT_THAT(Put(store.get(), SomeKey(1, 1), blob(-5, 1)), IsOk());
  ASSERT_THAT(Put(store.get(), SomeKey(1, 1), blob(-6, 2)), IsOk());
  EXPECT_EQ(Read(store.get(), SomeKey(1, 1)).blob, blob(-5, 1));
  ASSERT_THAT(Put(store.get(), SomeKey(1, 1), blob(3, 3)), IsOk());
  EXPECT_EQ(Read(store.get(), SomeKey(1, 1)).blob, blob(3, 3));
}

TEST_F(RedisStore, LoadsItsScriptAgainWhereRedisHasForgottenIt) {
  const auto store = Connect();
  ASSERT_THAT(Put(store.get(), SomeKey(1, 1), SomeBlob(1, 100, 0, 1)), IsOk());
  ASSERT_EQ(Redis({"SCRIPT", "FLUSH"}), "OK");
  ASSERT_THAT(Put(store.get(), SomeKey(1, 1), SomeBlob(1, 101, 0, 2)), IsOk());
  EXPECT_EQ(Read(store.get(), SomeKey(1, 1)).blob, SomeBlob(1, 101, 0, 2));
}

struct Damage {
  const char* name;
  std::vector<std::string> (*write)(const std::string& key);
  absl::StatusCode put;  // of a newer blob
};
std::string Valid(uint64_t measure) { return aggregate::EncodeBlob(SomeBlob(measure, 100, 0, 5)); }
const Damage kDamages[] = {
    {"another type",
     [](const std::string& key) -> std::vector<std::string> {
       return {"RPUSH", key, "x"};
     },
     absl::StatusCode::kDataLoss},
    {"an empty string",
     [](const std::string& key) -> std::vector<std::string> {
       return {"SET", key, ""};
     },
     absl::StatusCode::kDataLoss},
    {"somebody else's text",
     [](const std::string& key) -> std::vector<std::string> {
       return {"SET", key, "{\"merchant\": 1, \"volume\": 12345678}"};
     },
     absl::StatusCode::kDataLoss},
    {"another format",
     [](const std::string& key) -> std::vector<std::string> {
       std::string bytes = Valid(1);
       bytes[1] = 9;
       return {"SET", key, bytes};
     },
     absl::StatusCode::kDataLoss},
    {"a byte that fell over",  // behind the header: what is newer replaces it
     [](const std::string& key) -> std::vector<std::string> {
       std::string bytes = Valid(1);
       bytes[24] = static_cast<char>(bytes[24] ^ 1);
       return {"SET", key, bytes};
     },
     absl::StatusCode::kOk},
    {"half a value",
     [](const std::string& key) -> std::vector<std::string> {
       return {"SET", key, Valid(1).substr(0, 28)};
     },
     absl::StatusCode::kOk},
    {"another measure's blob",
     [](const std::string& key) -> std::vector<std::string> {
       return {"SET", key, Valid(2)};
     },
     absl::StatusCode::kOk},
};

TEST_F(RedisStore, ReadsWhatIsNoBlobAsFailedNeverAsAbsent) {
  const auto store = Connect();
  for (const Damage& damage : kDamages) {
    SCOPED_TRACE(damage.name);
    ASSERT_EQ(Redis({"FLUSHALL"}), "OK");
    ASSERT_THAT(Put(store.get(), SomeKey(1, 2), SomeBlob(1, 100, 0, 7)), IsOk());
    Redis(damage.write(NameOf(SomeKey(1, 1))));
    const auto results = Ask(store.get(), {SomeKey(1, 1), SomeKey(1, 2), SomeKey(1, 3)});
    EXPECT_EQ(StateOf(results, 0), State::kFailed);
    EXPECT_EQ(StateOf(results, 1), State::kFound) << "the next one is not harmed";
    EXPECT_EQ(StateOf(results, 2), State::kAbsent);
    EXPECT_EQ(Read(store.get(), SomeKey(1, 1)).state, State::kFailed);
    const auto ignore = [](const model::EntityKey&, const feature::Blob&) {
      return absl::OkStatus();
    };
    EXPECT_THAT(store->Scan(1, ignore),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr(NameOf(SomeKey(1, 1)))));
    const absl::Status put = Put(store.get(), SomeKey(1, 1), SomeBlob(1, 200, 0, 1));
    EXPECT_THAT(put, StatusIs(damage.put));
    if (put.ok()) {
      EXPECT_EQ(Read(store.get(), SomeKey(1, 1)).blob, SomeBlob(1, 200, 0, 1));
    } else {
      EXPECT_THAT(std::string(put.message()),
                  AllOf(HasSubstr(NameOf(SomeKey(1, 1))), HasSubstr("UNLINK")));
      EXPECT_EQ(Read(store.get(), SomeKey(1, 1)).state, State::kFailed) << "not replaced unseen";
    }
  }
}

TEST_F(RedisStore, RefusesAManifestItCannotRead) {
  const auto store = Connect();
  for (const char* bytes : {"", "nonsense"}) {
    ASSERT_EQ(Redis({"SET", "v1:manifest:0000000000000001", bytes}), "OK");
    EXPECT_THAT(store->GetManifest(1), StatusIs(absl::StatusCode::kDataLoss));
    EXPECT_THAT(store->CompareAndSwapManifest(1, Manifest(), Manifest()),
                StatusIs(absl::StatusCode::kDataLoss));
  }
  ASSERT_EQ(Redis({"DEL", "v1:manifest:0000000000000001"}), "1");
  ASSERT_EQ(Redis({"RPUSH", "v1:manifest:0000000000000001", "x"}), "1");
  EXPECT_THAT(store->GetManifest(1),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("WRONGTYPE")));
}

TEST_F(RedisStore, AValueTooLargeToBeOursHarmsNobodyElse) {
  const auto store = Connect();
  ASSERT_EQ(Redis({"SET", NameOf(SomeKey(1, 1)), std::string(5 << 20, 'V')}), "OK");
  std::vector<BlobKey> keys;
  for (uint8_t entity = 0; entity < 200; ++entity) {
    keys.push_back(SomeKey(1, entity));
    if (entity == 1) continue;
    ASSERT_THAT(Put(store.get(), keys.back(), SomeBlob(1, 100, 0, entity)), IsOk());
  }
  for (int round = 0; round < 3; ++round) {
    const std::vector<BlobResult> results = Ask(store.get(), keys);
    for (size_t i = 0; i < keys.size(); ++i) {
      ASSERT_EQ(StateOf(results, i), i == 1 ? State::kFailed : State::kFound) << i;
      if (i != 1) {
        ASSERT_EQ(results[i].blob, SomeBlob(1, 100, 0, static_cast<int64_t>(i)));
      }
    }
  }
  EXPECT_THAT(store->GetNow(keys), StatusIs(absl::StatusCode::kResourceExhausted,
                                            HasSubstr("GET " + NameOf(SomeKey(1, 1)))));
  keys.erase(keys.begin() + 1);
  EXPECT_THAT(store->GetNow(keys), IsOk());
}

TEST_F(RedisStore, FailsAMeasureNobodyToldItOf) {
  const auto store = Connect();
  const auto results = Ask(store.get(), {SomeKey(99, 1), SomeKey(1, 1)});
  EXPECT_EQ(StateOf(results, 0), State::kFailed);
  EXPECT_EQ(StateOf(results, 1), State::kAbsent);
  EXPECT_THAT(Put(store.get(), SomeKey(99, 1), SomeBlob(99, 100, 0, 1)),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("measure 63")));
  EXPECT_THAT(store->AddMeasures({{99, "a}b"}}), StatusIs(absl::StatusCode::kInvalidArgument));
  ASSERT_THAT(store->AddMeasures({{99, "device"}}), IsOk());
  EXPECT_THAT(Put(store.get(), SomeKey(99, 1), SomeBlob(99, 100, 0, 1)), IsOk());
  EXPECT_EQ(StateOf(Ask(store.get(), {SomeKey(99, 1)})), State::kFound);
}

TEST_F(RedisStore, OfTwoSwapsAtTheSameMomentOneWins) {
  const auto one = Connect();
  const auto other = Connect();
  Manifest current;
  for (int round = 0; round < 50; ++round) {
    const auto swap = [&](aggregate::AggregateStore* store, const char* who) {
      Manifest next = current;
      next.state = Manifest::State::kAnnounced;
      next.cut = round;
      next.log_id = who;
      return store->CompareAndSwapManifest(1, current, next);
    };
    absl::Status from_other;
    std::thread racing([&] { from_other = swap(other.get(), "other"); });
    const absl::Status from_one = swap(one.get(), "one");
    racing.join();
    ASSERT_NE(from_one.ok(), from_other.ok()) << from_one << " " << from_other;
    ASSERT_TRUE(absl::IsAborted(from_one.ok() ? from_other : from_one));
    current = *one->GetManifest(1);
    EXPECT_EQ(current.log_id, from_one.ok() ? "one" : "other");
    EXPECT_EQ(current.cut, round);
  }
}

TEST_F(RedisStore, CarriesAHundredThousandKeys) {
  const auto store = Connect();
  std::vector<BlobWrite> writes;
  std::vector<BlobKey> keys;
  for (int i = 0; i < 100'000; ++i) {
    BlobKey key = SomeKey(1, 0);
    for (int byte = 0; byte < 4; ++byte)
      key.entity.bytes[8 + byte] = static_cast<uint8_t>(i >> (8 * byte));
    keys.push_back(key);
    writes.push_back({key, SomeBlob(1, 100, 0, i)});
  }
  ASSERT_THAT(store->PutIfNewer(writes), IsOk());
  const auto now = store->GetNow(keys);
  ASSERT_THAT(now, IsOk());
  const std::vector<BlobResult> asked = Ask(store.get(), keys);
  ASSERT_EQ(asked.size(), keys.size());
  for (size_t i = 0; i < keys.size(); ++i) {
    ASSERT_EQ(asked[i].blob, writes[i].blob) << i;
    ASSERT_EQ((*now)[i].blob, writes[i].blob) << i;
  }
  std::vector<model::EntityKey> seen;
  ASSERT_THAT(store->Scan(1,
                          [&seen](const model::EntityKey& key, const feature::Blob&) {
                            seen.push_back(key);
                            return absl::OkStatus();
                          }),
              IsOk());
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
  EXPECT_EQ(std::set<model::EntityKey>(seen.begin(), seen.end()).size(), 100'000u);
  EXPECT_EQ(seen.size(), 100'000u) << "each is visited once";
}

TEST_F(RedisStore, AnswersManyThreadsEachWithItsOwn) {
  const auto store = Connect();
  for (uint8_t entity = 0; entity < 100; ++entity) {
    ASSERT_THAT(Put(store.get(), SomeKey(1, entity), SomeBlob(1, 100, 0, entity)), IsOk());
  }
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937_64 random(t);
      for (int i = 0; i < 500; ++i) {
        std::vector<BlobKey> keys;
        for (size_t k = 0; k < 1 + random() % 5; ++k) {
          keys.push_back(SomeKey(1, static_cast<uint8_t>(random() % 100)));
        }
        const auto results = Ask(store.get(), keys);
        for (size_t k = 0; k < keys.size(); ++k) {
          if (results[k].blob.tiles.empty() ||
              results[k].blob.tiles[0].tile.sum != keys[k].entity.bytes[3]) {
            ++wrong;
          }
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST_F(RedisStore, SaysThatMemoryIsFullAndGoesOnReading) {
  const auto store = Connect();
  ASSERT_THAT(Put(store.get(), SomeKey(1, 1), SomeBlob(1, 100, 0, 5)), IsOk());
  ASSERT_EQ(Redis({"CONFIG", "SET", "maxmemory", "1"}), "OK");
  EXPECT_THAT(Put(store.get(), SomeKey(1, 2), SomeBlob(1, 100, 0, 5)),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("raise maxmemory")));
  EXPECT_EQ(StateOf(Ask(store.get(), {SomeKey(1, 1)})), State::kFound);
  ASSERT_EQ(Redis({"CONFIG", "SET", "maxmemory", "0"}), "OK");
  EXPECT_THAT(Put(store.get(), SomeKey(1, 2), SomeBlob(1, 100, 0, 5)), IsOk());
}

}  // namespace
}  // namespace verdict::redis_store
