// Manifests as bytes: all fields come back, damage is told.
#include "aggregate/manifest_codec.h"

#include "aggregate/bytes.h"
#include "base/hash.h"
#include "support/status_matchers.h"

namespace verdict::aggregate {
namespace {

using ::verdict::testing::IsOk;
using ::verdict::testing::StatusIs;

Manifest Full() {
  Manifest manifest;
  manifest.state = Manifest::State::kPublished;
  manifest.cut = 20'001;
  manifest.published = 20'000;
  manifest.first_cut = 19'000;
  manifest.rev = 3;
  manifest.cut_time_ms = 1'728'086'400'000;
  manifest.offsets = {7, 0, int64_t{1} << 40};
  manifest.published_offsets = {5, 0, 9};
  manifest.log_id = "a log";
  manifest.zone_first = 19'962;
  manifest.zone_digest = 0xfedcba9876543210;
  manifest.oldest_day = 19'963;
  manifest.keys = 12;
  manifest.sum = -(feature::Int128{1} << 100);
  manifest.count = 77;
  for (feature::CutId cut = 19'998; cut < 20'000; ++cut) {
    EpochProof proof{
        .from = cut, .to = cut + 1, .oldest_day = cut - 37, .published_ms = 1'728'086'700'000};
    proof.incarnation = "run 7";
    proof.offsets = {5, 0, 9};
    proof.digest = {.cells = 3, .sum = -(feature::Int128{1} << 90), .count = -2};
    proof.digest.stripes = {{0, {1, 2}}, {1023, {UINT64_MAX, 5}}};
    manifest.proofs.push_back(std::move(proof));
  }
  manifest.census = {.known = true, .oldest = 19'963};
  manifest.census.days = {{19'970, feature::Int128{1} << 80, -4}, {19'999, 12, 1}};
  manifest.census.stamps = {{19'990, 5}, {20'000, 1'000'000'000'000}};
  return manifest;
}

Manifest Imported() {
  Manifest manifest;
  manifest.day = DayManifest{.late_days = 3,
                             .since_ms = 1'728'086'400'000,
                             .log_from = 19'990,
                             .announced = DayImport{.before = 20'001,
                                                    .rev = 2,
                                                    .from = 19'980,
                                                    .first_day = 19'970,
                                                    .digest = {1, UINT64_MAX},
                                                    .rows = 5,
                                                    .keys = 4,
                                                    .sum = -7,
                                                    .count = 3,
                                                    .zone_digest = 99},
                             .published = DayImport{.before = 20'000}};
  return manifest;
}

TEST(ManifestCodec, GivesEveryFieldBack) {
  Manifest begun = Imported();
  begun.day->published.reset();
  Manifest done = Imported();
  done.day->announced.reset();
  for (const Manifest& manifest : {Full(), Manifest{}, Imported(), begun, done}) {
    const auto decoded = DecodeManifest(EncodeManifest(manifest));
    ASSERT_THAT(decoded, IsOk());
    EXPECT_EQ(*decoded, manifest);
  }
}

// As builds before this one wrote it: without proofs and census.
TEST(ManifestCodec, ReadsTheFormatBefore) {
  Manifest manifest = Full();
  manifest.proofs.clear();
  manifest.census = {};
  std::string bytes = EncodeManifest(manifest);
  // No proofs, then an empty census: 1 + 1 + 4 + 1 + 1 bytes before the checksum.
  bytes.erase(bytes.size() - 12);
  bytes[1] = 2;
  PutFixed<uint32_t>(base::Crc32c(bytes), &bytes);
  const auto decoded = DecodeManifest(bytes);
  ASSERT_THAT(decoded, IsOk());
  EXPECT_EQ(*decoded, manifest);
  bytes.erase(bytes.size() - 4);
  bytes[1] = 4;
  PutFixed<uint32_t>(base::Crc32c(bytes), &bytes);
  EXPECT_THAT(DecodeManifest(bytes),
              StatusIs(absl::StatusCode::kDataLoss, ::testing::HasSubstr("another format")));
}

TEST(ManifestCodec, TellsDamageAtEveryByte) {
  for (const Manifest& manifest : {Full(), Imported()}) {
    const std::string bytes = EncodeManifest(manifest);
    for (size_t i = 0; i < bytes.size(); ++i) {
      std::string damaged = bytes;
      damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
      EXPECT_THAT(DecodeManifest(damaged), StatusIs(absl::StatusCode::kDataLoss)) << "byte " << i;
      EXPECT_THAT(DecodeManifest(bytes.substr(0, i)), StatusIs(absl::StatusCode::kDataLoss));
    }
  }
}

}  // namespace
}  // namespace verdict::aggregate
