// The names of keys, to the letter: other programs read them.
#include "redis_store/redis_key.h"

#include <random>

#include "gtest/gtest.h"
#include "support/status_matchers.h"

namespace verdict::redis_store {
namespace {

using ::verdict::testing::IsOk;
using ::verdict::testing::StatusIs;

aggregate::BlobKey Key(uint64_t measure, const std::array<uint8_t, 12>& bytes) {
  aggregate::BlobKey key;
  key.measure_hash = measure;
  key.entity.bytes = bytes;
  return key;
}

TEST(RedisKey, IsWhatTheDesignSays) {
  const KeyNames names({{0xabc, "merchant"}});
  const auto key = Key(0xabc, {0, 1, 2, 3, 4, 5, 6, 7, 8, 0xff, 0xfe, 0xfd});
  EXPECT_EQ(names.Now()->BlobKeyOf(key), "v1:{merchant:AAECAwQFBgcI__79}:0000000000000abc");
  EXPECT_EQ(names.Now()->PatternOf(0xabc), "v1:{merchant:*}:0000000000000abc");
  EXPECT_EQ(ManifestKey(0xabc), "v1:manifest:0000000000000abc");
}

TEST(RedisKey, ReadsItsOwnNamesBack) {
  const KeyNames names({{5, "card"}});
  std::mt19937_64 random(1);
  for (int i = 0; i < 1000; ++i) {
    std::array<uint8_t, 12> bytes;
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
    const auto key = Key(5, bytes);
    const auto name = names.Now()->BlobKeyOf(key);
    ASSERT_TRUE(name);
    EXPECT_EQ(names.Now()->EntityOf(5, *name), key.entity);
  }
}

TEST(RedisKey, KnowsWhatIsNotItsOwn) {
  const auto names = KeyNames({{5, "card"}}).Now();
  for (const char* name : {"", "v1:{card:AAECAwQFBgcI__7}:0000000000000005",
                           "v1:{card:AAECAwQFBgcI__79A}:0000000000000005",
                           "v1:{card:AAECAwQFBgcI+/79}:0000000000000005"}) {
    EXPECT_EQ(names->EntityOf(5, name), std::nullopt) << name;
  }
  EXPECT_EQ(names->BlobKeyOf(Key(6, {})), std::nullopt);
  EXPECT_EQ(names->PatternOf(6), std::nullopt);
}

TEST(RedisKey, LearnsOfMeasuresThatComeLater) {
  KeyNames names({{5, "card"}});
  const auto before = names.Now();
  names.Add({{6, "merchant"}});
  EXPECT_EQ(before->PatternOf(6), std::nullopt);
  EXPECT_EQ(names.Now()->PatternOf(6), "v1:{merchant:*}:0000000000000006");
  EXPECT_EQ(names.Now()->PatternOf(5), "v1:{card:*}:0000000000000005");
}

TEST(RedisKey, RefusesAnEntityThatMeansSomethingInAPattern) {
  EXPECT_THAT(CheckEntityName("merchant_2.eu-west"), IsOk());
  for (const char* name : {"", "a*", "a}", "a:b", "a b", "[a]", "a?", "a\\"}) {
    EXPECT_THAT(CheckEntityName(name), StatusIs(absl::StatusCode::kInvalidArgument)) << name;
  }
}

}  // namespace
}  // namespace verdict::redis_store
