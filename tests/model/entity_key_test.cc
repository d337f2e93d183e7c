// Keys: pinned, unambiguous, spread.
#include "model/entity_key.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace verdict::model {
namespace {

const KeyHasher kHasher({1, 2});

TEST(EntityKey, IsWrittenAsSixteenUrlSafeCharacters) {
  EXPECT_EQ(EntityKey{}.Base64Url(), "AAAAAAAAAAAAAAAA");
  EntityKey key;
  key.bytes.fill(0xff);
  EXPECT_EQ(key.Base64Url(), "________________");
  key.bytes = {0xfb, 0xef, 0xbe, 'M', 'a', 'n', 0, 16, 131, 1, 2, 3};
  EXPECT_EQ(key.Base64Url(), "----TWFuABCDAQID");
}

TEST(EntityKey, TakesItsStripeFromTheTopTenBits) {
  EntityKey key;
  key.bytes[0] = 0xff;
  key.bytes[1] = 0x7f;
  EXPECT_EQ(key.stripe(), 0x3fdu);
  key.bytes[1] = 0xff;
  EXPECT_EQ(key.stripe(), 1'023u);
}

TEST(KeyHasher, GivesTheSameKeyForTheSameEntityAndSecretAlone) {
  EXPECT_EQ(kHasher.Entity("merchant", "m1"), KeyHasher({1, 2}).Entity("merchant", "m1"));
  EXPECT_NE(kHasher.Entity("merchant", "m1"), KeyHasher({1, 3}).Entity("merchant", "m1"));
  EXPECT_NE(kHasher.Entity("merchant", "m1"), kHasher.Entity("merchant", "m2"));
}

// State outlives a build: a key that comes out otherwise would lose every total.
TEST(KeyHasher, NeverChangesItsKeys) {
  EXPECT_EQ(kHasher.Entity("merchant", "m1").Base64Url(), "lBWRQoB3N7Y9DI7R");
  EXPECT_EQ(kHasher.EventId("t1", 1, 0).Base64Url(), "ukV2qbxRQ51qdwR5");
}

TEST(KeyHasher, TellsTypeAndIdApartWhereverTheyMeet) {
  EXPECT_NE(kHasher.Entity("card", "x1"), kHasher.Entity("cardx", "1"));
  EXPECT_NE(kHasher.Entity("", "card"), kHasher.Entity("card", ""));
  EXPECT_NE(kHasher.Entity("card", std::string("1\0", 2)), kHasher.Entity("card", "1"));
}

TEST(KeyHasher, TellsEventsApartByIdKindAndSequence) {
  const std::set<EntityKey> keys = {kHasher.EventId("t", 1, 0), kHasher.EventId("t", 2, 0),
                                    kHasher.EventId("t", 2, 1), kHasher.EventId("t", 2, 256),
                                    kHasher.EventId("u", 1, 0), kHasher.Entity("t", "")};
  EXPECT_EQ(keys.size(), 6u);
}

TEST(KeyHasher, HashesIdsOfAnyLength) {
  std::set<EntityKey> keys;
  for (size_t size = 0; size < 1'000; ++size) {
    keys.insert(kHasher.Entity("device", std::string(size, 'a')));
  }
  EXPECT_EQ(keys.size(), 1'000u);
}

TEST(KeyHasher, SpreadsKeysEvenlyOverTheStripes) {
  std::map<uint32_t, int> keys_of_stripe;
  for (int i = 0; i < 102'400; ++i)
    ++keys_of_stripe[kHasher.Entity("card", std::to_string(i)).stripe()];
  EXPECT_EQ(keys_of_stripe.size(), 1'024u);
  for (const auto& [stripe, keys] : keys_of_stripe) EXPECT_LT(keys, 200) << stripe;  // 100 each
}

}  // namespace
}  // namespace verdict::model
