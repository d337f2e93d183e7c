// Hashes: pinned, and changed by the meaning alone.
#include "feature/definition_hash.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "feature/compiled_set.h"

namespace verdict::feature {
namespace {

const Declared kVolume = {"volume", "merchant", "sum", "", "30d", "txn.status == 'approved'"};

struct Hashes {
  uint64_t measure = 0;
  uint64_t feature = 0;
  friend bool operator==(const Hashes&, const Hashes&) = default;
};

Hashes HashesOf(const FeatureDeclaration& declaration, const FeatureOptions& options = {},
                const std::vector<rule::Field>& attributes = {}) {
  const CompiledSet compiled = CompileDeclarations({declaration}, options, attributes);
  if (compiled.set == nullptr) {
    ADD_FAILURE() << compiled.Errors();
    return {};
  }
  return {compiled.set->measures()[0].hash, compiled.set->features()[0].hash};
}

Hashes HashesOf(const Declared& declared, const FeatureOptions& options = {},
                const std::vector<rule::Field>& attributes = {}) {
  return HashesOf(Declare(declared), options, attributes);
}

// State outlives a build: a hash that comes out otherwise orphans it.
TEST(DefinitionHash, NeverChangesForOneMeaning) {
  EXPECT_EQ(HashesOf(kVolume), (Hashes{0x9bb9d763602ed755, 0x2df771a19aadf806}));
  Declared highest = kVolume;
  highest.aggregate = "max";
  EXPECT_EQ(HashesOf(highest).measure, 0x8833f255cc2ebfb5);
  EXPECT_EQ(HashesOf(Declared{"n", "card", "count", "", "1d"}).measure, 0xe8216cec674d8195);
}

TEST(DefinitionHash, IgnoresWhatDoesNotChangeTheMeaning) {
  Declared same = kVolume;
  same.name = "other_name";
  same.of = "txn.amount_base_minor";          // the default
  same.where = "( txn.status=='approved' )";  // the same in another spelling
  FeatureDeclaration declaration = Declare(same);
  declaration.pointer = "/features/9";
  declaration.position = {99, 1};
  EXPECT_EQ(HashesOf(declaration, {.fresh_within_ms = 1}), HashesOf(kVolume));
}

TEST(DefinitionHash, DoesNotDependOnTheOrderOrCompanyOfDeclarations) {
  const Declared count = {"payments", "card", "count", "", "7d", ""};
  const Declared highest = {"highest", "merchant", "max", "", "90d", "txn.status == 'approved'"};
  const CompiledSet one = Compile({kVolume, count, highest});
  const CompiledSet other = Compile({highest, count, kVolume});
  const CompiledSet alone = Compile({kVolume});
  for (const CompiledSet* set : {&other, &alone}) {
    EXPECT_EQ(set->measure_of("merchant.volume").hash, one.measure_of("merchant.volume").hash);
    EXPECT_EQ(set->feature("merchant.volume").hash, one.feature("merchant.volume").hash);
  }
  ASSERT_EQ(one.set->measures().size(), other.set->measures().size());
  for (size_t i = 0; i < one.set->measures().size(); ++i) {
    EXPECT_EQ(one.set->measures()[i].hash, other.set->measures()[i].hash) << "order of measures";
  }
}

TEST(DefinitionHash, ChangesWithEveryPartOfTheMeaning) {
  const auto changed = [](auto change) {
    Declared declared = kVolume;
    change(declared);
    return HashesOf(declared);
  };
  const std::vector<Hashes> hashes = {
      HashesOf(kVolume),
      changed([](Declared& d) { d.entity = "card"; }),
      changed([](Declared& d) { d.where = "txn.status == 'declined'"; }),
      changed([](Declared& d) { d.where = ""; }),
      changed([](Declared& d) { d.aggregate = "count"; }),
      changed([](Declared& d) { d.aggregate = "max"; }),
      changed([](Declared& d) { d.aggregate = "variance"; }),
      changed([](Declared& d) { d.aggregate = "last"; }),
      changed([](Declared& d) { d.aggregate = "last_seen"; }),
      changed([](Declared& d) {
        d.of = "txn.amount_minor";
        d.where = "txn.status == 'approved' && txn.currency == 'EUR'";
      }),
      HashesOf(kVolume, {.zone_name = "Europe/Paris"}),
      HashesOf(kVolume, {.base_currency = "USD"}),
      HashesOf(kVolume, {.late_accept_days = 3}),
      HashesOf(kVolume, {.future_skew_ms = 1}),
  };
  std::set<uint64_t> measures, features;
  for (const Hashes& one : hashes) {
    measures.insert(one.measure);
    features.insert(one.feature);
  }
  EXPECT_EQ(measures.size(), hashes.size());
  EXPECT_EQ(features.size(), hashes.size());
}

TEST(DefinitionHash, OfTheFeatureAloneChangesWithHowItIsRead) {
  const Hashes volume = HashesOf(kVolume);
  Declared week = kVolume;
  week.window = "7d";
  Declared average = kVolume;
  average.aggregate = "avg";
  FeatureDeclaration used = Declare(kVolume);
  used.partial = "use";
  FeatureDeclaration assumed = Declare(kVolume);
  assumed.assumed_status = "pending";
  std::set<uint64_t> features = {volume.feature};
  for (const FeatureDeclaration& other : {Declare(week), Declare(average), used, assumed}) {
    const Hashes hashes = HashesOf(other);
    EXPECT_EQ(hashes.measure, volume.measure);
    features.insert(hashes.feature);
  }
  EXPECT_EQ(features.size(), 5u);
}

TEST(DefinitionHash, OfASlidingWindowIsItsOwnAndKnowsNoZone) {
  const auto hashes_of = [](const std::string& window, const FeatureOptions& options = {}) {
    Declared declared = kVolume;
    declared.window = window;
    const CompiledSet compiled = Compile({declared}, options);
    const Feature& feature = compiled.feature("merchant.volume");
    return Hashes{compiled.set->sliding_measures().at(feature.measure).hash, feature.hash};
  };
  const Hashes hour = hashes_of("1h");
  EXPECT_NE(hour.measure, HashesOf(kVolume).measure);
  EXPECT_EQ(hashes_of("60m"), hour) << "the same window";
  EXPECT_EQ(hashes_of("5m").measure, hour.measure) << "one state for all windows";
  EXPECT_NE(hashes_of("5m").feature, hour.feature);
  EXPECT_EQ(hashes_of("1h", {.zone_name = "Asia/Tokyo", .late_accept_days = 3}), hour);
  EXPECT_NE(hashes_of("1h", {.future_skew_ms = 1}).measure, hour.measure);
  EXPECT_NE(hashes_of("1h", {.base_currency = "USD"}).measure, hour.measure);
}

TEST(DefinitionHash, OfACountDoesNotDependOnTheBaseCurrency) {
  const Declared count = {"payments", "card", "count"};
  EXPECT_EQ(HashesOf(count, {.base_currency = "USD"}), HashesOf(count));
}

TEST(DefinitionHash, ChangesWithTheLimitsOfTheAttributesItReadsAndNoOthers) {
  const Declared young = {"young", "card", "count", "", "1d", "device.age_days < 3"};
  rule::Field age = AttributeField("device", "age_days", rule::FieldType::kInt);
  const rule::Field other = AttributeField("txn", "email", rule::FieldType::kString);
  const Hashes before = HashesOf(young, {}, {age});
  EXPECT_EQ(HashesOf(young, {}, {other, age}), before) << "another slot";
  age.min = 0;
  EXPECT_NE(HashesOf(young, {}, {age}).measure, before.measure);
}

}  // namespace
}  // namespace verdict::feature
