// The operator's line for a lost Redis: what it fills, what it says, what it refuses.
#include "cli/aggregate_upload.h"

#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/clock.h"
#include "cli/aggregate.h"
#include "cli/terminal.h"
#include "deployment/deployment.h"
#include "gtest/gtest.h"
#include "ruleset/rule_set.h"
#include "settings/load.h"
#include "support/redis_server.h"
#include "support/some_blob.h"
#include "support/status_matchers.h"
#include "support/temp_dir.h"

namespace verdict::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;
using ::verdict::testing::IsOk;
using ::verdict::testing::SomeBlob;
using ::verdict::testing::SomeKey;

constexpr char kRules[] = "tests/e2e/rules";
constexpr int kValues = 600;  // of each measure: more than goes over the wire at once
constexpr feature::CutId kCut = 20'000;

struct Ran {
  int exit_code = -1;
  std::string out, err;
};

class AggregateUploadTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (testing::RedisServerProgram().empty()) {
      GTEST_SKIP() << "skipped: redis-server is not installed (deploy/install-deps.sh does it)";
    }
    redis_.emplace();
    std::ofstream(folder_ / "secret") << "000102030405060708090a0b0c0d0e0f\n";
    // Nobody listens at the brokers' port: an upload does not ask them.
    WriteConfig(absl::StrFormat("\"store\": { \"redis\": { \"address\": \"127.0.0.1:%d\" } },",
                                redis_->port()));
  }
  void WriteConfig(const std::string& store) {
    std::ofstream(folder_ / "verdict.json") << absl::StrFormat(
        R"({ "log": { "kafka": { "brokers": "127.0.0.1:1" } }, %s
             "state": "%s", "aggregate": { "dir": "%s" }, "secret_file": "%s", "rules": "%s" })",
        store, folder_ / "state", folder_ / "batch", folder_ / "secret", kRules);
  }

  Ran Run(const std::vector<std::string>& words) {
    Ran ran;
    CLI::App app("verdict");
    AddAggregateCommand(app, &ran.exit_code);
    std::vector<const char*> argv = {"verdict", "aggregate"};
    for (const std::string& word : words) argv.push_back(word.c_str());
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    app.parse(static_cast<int>(argv.size()), argv.data());
    ran.out = ::testing::internal::GetCapturedStdout();
    ran.err = ::testing::internal::GetCapturedStderr();
    return ran;
  }
  Ran Upload() { return Run({"upload", "--config", folder_ / "verdict.json"}); }

  // The batch's folder and Redis, as the command opens them.
  std::unique_ptr<deployment::Deployment> Open() {
    auto settings = settings::LoadFile(folder_ / "verdict.json", {});
    EXPECT_THAT(settings, IsOk());
    auto opened =
        deployment::Deployment::Open(*settings, &clock_, deployment::Role::kUpload, "the test");
    EXPECT_THAT(opened, IsOk());
    EXPECT_THAT((*opened)->AddMeasures(*rules_->features), IsOk());
    return *std::move(opened);
  }
  std::vector<uint64_t> Measures() const {
    std::vector<uint64_t> hashes;
    for (const feature::Measure& measure : rules_->features->measures()) {
      hashes.push_back(measure.hash);
    }
    return hashes;
  }
  static aggregate::BlobWrite Value(uint64_t measure, int i) {
    aggregate::BlobKey key = SomeKey(measure, static_cast<uint8_t>(i));
    key.entity.bytes[2] = static_cast<uint8_t>(i >> 8);
    return {key, SomeBlob(measure, kCut, 0, i)};
  }
  void FillBase() {
    const auto opened = Open();
    for (const uint64_t measure : Measures()) {
      std::vector<aggregate::BlobWrite> writes;
      for (int i = 0; i < kValues; ++i) writes.push_back(Value(measure, i));
      ASSERT_THAT(opened->base()->PutIfNewer(writes), IsOk());
      aggregate::Manifest published;
      published.state = aggregate::Manifest::State::kPublished;
      published.cut = published.published = kCut;
      published.log_id = "log";
      ASSERT_THAT(opened->base()->CompareAndSwapManifest(measure, {}, published), IsOk());
    }
  }
  void ExpectRedisIsWhole() {
    const auto opened = Open();
    for (const uint64_t measure : Measures()) {
      int values = 0;
      ASSERT_THAT(
          opened->aggregates().Scan(measure,
                                    [&](const model::EntityKey& key, const feature::Blob& blob) {
                                      const auto i = static_cast<int>(blob.tiles.at(0).tile.sum);
                                      EXPECT_EQ(key, Value(measure, i).key.entity);
                                      EXPECT_EQ(blob, Value(measure, i).blob);
                                      ++values;
                                      return absl::OkStatus();
                                    }),
          IsOk());
      EXPECT_EQ(values, kValues);
      EXPECT_EQ(opened->aggregates().GetManifest(measure)->published, kCut);
    }
  }

  testing::TempDir folder_;
  std::optional<testing::RedisServer> redis_;
  base::WallClock clock_;
  std::shared_ptr<const ruleset::RuleSet> rules_ = ruleset::LoadRuleSet(kRules, {}).set;
};

TEST_F(AggregateUploadTest, FillsALostRedisFromTheBaseWhileTheBrokersAreAway) {
  FillBase();
  const Ran ran = Upload();
  EXPECT_EQ(ran.exit_code, kExitOk) << ran.err;
  EXPECT_THAT(ran.err, IsEmpty());
  EXPECT_THAT(ran.out, HasSubstr(absl::StrFormat(
                           "%s values of %d measures, each read back",
                           WithThousands(kValues * static_cast<int64_t>(Measures().size())),
                           Measures().size())));
  ExpectRedisIsWhole();
  redis_->Kill();
  redis_->Start();  // without persistence it comes back empty
  const Ran again = Run({"upload", "--config", folder_ / "verdict.json", "--format", "json"});
  EXPECT_EQ(again.exit_code, kExitOk) << again.err;
  EXPECT_THAT(again.out,
              StartsWith(absl::StrFormat("{\"values\": %d, \"measures\": %d,",
                                         kValues * Measures().size(), Measures().size())));
  ExpectRedisIsWhole();
}

TEST_F(AggregateUploadTest, FillsARedisThatHeldImportsAlone) {
  const uint64_t measure = Measures().front();
  {
    const auto opened = Open();
    aggregate::BlobWrite value = Value(measure, 0);
    value.blob.day = feature::DayShare{.late_days = 2, .first_day = kCut - 1};
    ASSERT_THAT(opened->base()->PutIfNewer({&value, 1}), IsOk());
    aggregate::Manifest imported;
    imported.day.emplace();
    imported.day->published.emplace();
    imported.day->published->before = kCut;
    ASSERT_THAT(opened->base()->CompareAndSwapManifest(measure, {}, imported), IsOk());
  }
  const Ran ran = Upload();
  EXPECT_EQ(ran.exit_code, kExitOk) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr(": 1 values of "));
}

TEST_F(AggregateUploadTest, GoesOnWhereItWasBrokenOffAndMayBeRepeated) {
  FillBase();
  {  // what a broken-off run leaves: values of one measure, no manifest
    const auto opened = Open();
    std::vector<aggregate::BlobWrite> writes;
    for (int i = 0; i < kValues / 2; ++i) writes.push_back(Value(Measures().front(), i));
    ASSERT_THAT(opened->aggregates().PutIfNewer(writes), IsOk());
  }
  EXPECT_EQ(Upload().exit_code, kExitOk);
  ExpectRedisIsWhole();
  EXPECT_EQ(Upload().exit_code, kExitOk);
  ExpectRedisIsWhole();
}

TEST_F(AggregateUploadTest, IsRefusedWhereNoRedisIsNamed) {
  WriteConfig("");
  Ran ran = Upload();
  EXPECT_EQ(ran.exit_code, kExitTrouble);
  EXPECT_THAT(ran.out, IsEmpty());
  EXPECT_THAT(ran.err, AllOf(StartsWith("verdict aggregate upload: there is no Redis to upload to"),
                             HasSubstr("verdict.json names no store.redis.address")));
  ran = Run({"upload", "--embedded", folder_ / "embedded", "--rules", kRules});
  EXPECT_EQ(ran.exit_code, kExitTrouble);
  EXPECT_THAT(ran.err, HasSubstr("--embedded " + (folder_ / "embedded")));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "embedded")) << "nothing is made before";
}

TEST_F(AggregateUploadTest, SaysThatTheBaseHoldsNothing) {
  const Ran ran = Upload();
  EXPECT_EQ(ran.exit_code, kExitTrouble);
  EXPECT_THAT(ran.err, AllOf(HasSubstr("the base in " + (folder_ / "batch") + " holds nothing"),
                             HasSubstr("aggregate.dir")));
}

TEST_F(AggregateUploadTest, SaysThatRedisIsAway) {
  FillBase();
  redis_->Kill();
  const Ran ran = Upload();
  EXPECT_EQ(ran.exit_code, kExitTrouble);
  EXPECT_THAT(ran.err, AllOf(StartsWith("verdict aggregate upload: redis at 127.0.0.1:"),
                             Not(HasSubstr("000102030405060708090a0b0c0d0e0f"))));
}

TEST_F(AggregateUploadTest, IsRefusedWhereRedisIsAheadOfTheBase) {
  FillBase();
  {
    const auto opened = Open();
    aggregate::Manifest newer;
    newer.state = aggregate::Manifest::State::kPublished;
    newer.cut = newer.published = kCut + 1;
    newer.log_id = "log";
    ASSERT_THAT(opened->aggregates().CompareAndSwapManifest(Measures().front(), {}, newer), IsOk());
  }
  const Ran ran = Upload();
  EXPECT_EQ(ran.exit_code, kExitTrouble);
  EXPECT_THAT(ran.err, HasSubstr("newer cut"));
}

}  // namespace
}  // namespace verdict::cli
