// What the folds keep of the store is what a look at every blob finds, until a blob is lost.
#include "aggregate/census.h"

#include <map>
#include <random>

#include "gmock/gmock.h"

namespace verdict::aggregate {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr model::DayNumber kFirst = 20'000;
constexpr int kReach = 5;

// A store of a few keys that a fold adds to, day by day.
struct Store {
  void Fold(feature::CutId cut, std::mt19937_64* random) {
    kept.Trim(cut - kReach);
    for (int key = 0; key < 8; ++key) {
      if ((*random)() % 3 == 0) continue;
      const auto at = blobs.find(key);
      feature::Blob next = at == blobs.end() ? feature::Blob() : at->second;
      next.previous = at == blobs.end() ? feature::kNoCut : next.cut;
      next.cut = cut;
      next.increment.clear();
      for (const model::DayNumber day : {cut - 1 - static_cast<int>((*random)() % 3), cut}) {
        next.increment.push_back({day, {.sum = static_cast<int64_t>((*random)() % 100) - 50}});
        next.increment.back().tile.count = 1;
      }
      for (const feature::DayTile& day : next.increment) {
        auto place = next.tiles.begin();
        while (place != next.tiles.end() && place->day < day.day) ++place;
        if (place == next.tiles.end() || place->day != day.day)
          place = next.tiles.insert(place, {day.day, {}});
        place->tile.Merge(day.tile);
      }
      std::erase_if(next.tiles, [&](const auto& tile) { return tile.day < cut - kReach; });
      kept.AddWritten(next);
      blobs[key] = next;
    }
  }
  Census Look() const {
    Census found{.known = true, .oldest = kept.oldest};
    for (const auto& [key, blob] : blobs) found.AddStored(blob);
    return found;
  }
  std::map<int, feature::Blob> blobs;
  Census kept{.known = true};
};

TEST(Census, IsWhatALookAtEveryBlobFinds) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    std::mt19937_64 random(seed);
    Store store;
    for (feature::CutId cut = kFirst; cut < kFirst + 20; ++cut) {
      store.Fold(cut, &random);
      EXPECT_THAT(Differences(store.kept, store.Look()), IsEmpty()) << "seed " << seed;
      EXPECT_TRUE(store.kept.known);
    }
  }
}

TEST(Census, FindsABlobThatIsGoneOrOlder) {
  std::mt19937_64 random(3);
  Store store;
  for (feature::CutId cut = kFirst; cut < kFirst + 4; ++cut) store.Fold(cut, &random);
  const std::map<int, feature::Blob> before = store.blobs;
  store.Fold(kFirst + 4, &random);
  for (const auto& [key, blob] : before) {
    Store gone = store;
    gone.blobs.erase(key);
    EXPECT_FALSE(Differences(gone.kept, gone.Look()).empty()) << "key " << key;
    if (store.blobs[key].cut == blob.cut) continue;
    Store older = store;
    older.blobs[key] = blob;
    EXPECT_FALSE(Differences(older.kept, older.Look()).empty()) << "key " << key;
  }
}

// A payment and its reversal add up to nothing: the number of values tells.
TEST(Census, FindsALostValueThatAddsUpToNothing) {
  feature::Blob blob{.cut = kFirst, .previous = feature::kNoCut};
  blob.tiles = blob.increment = {{kFirst, {.min = 5, .max = 5}}};
  Census kept{.known = true};
  kept.AddWritten(blob);
  Census found{.known = true};
  EXPECT_THAT(Differences(kept, found), SizeIs(1));
  EXPECT_THAT(Differences(kept, found).front(), HasSubstr("1 were written"));
  found.AddStored(blob);
  EXPECT_THAT(Differences(kept, found), IsEmpty());
}

TEST(Census, IsUnknownWhereABlobDoesNotSayWhatItReplaced) {
  Census kept{.known = true};
  kept.AddWritten({.cut = kFirst});
  EXPECT_FALSE(kept.known);
}

}  // namespace
}  // namespace verdict::aggregate
