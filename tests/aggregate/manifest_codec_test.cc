// Manifests as bytes: all fields come back, damage is told.
#include "aggregate/manifest_codec.h"

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
  return manifest;
}

TEST(ManifestCodec, GivesEveryFieldBack) {
  for (const Manifest& manifest : {Full(), Manifest{}}) {
    const auto decoded = DecodeManifest(EncodeManifest(manifest));
    ASSERT_THAT(decoded, IsOk());
    EXPECT_EQ(*decoded, manifest);
  }
}

TEST(ManifestCodec, TellsDamageAtEveryByte) {
  const std::string bytes = EncodeManifest(Full());
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    EXPECT_THAT(DecodeManifest(damaged), StatusIs(absl::StatusCode::kDataLoss)) << "byte " << i;
    EXPECT_THAT(DecodeManifest(bytes.substr(0, i)), StatusIs(absl::StatusCode::kDataLoss));
  }
}

}  // namespace
}  // namespace verdict::aggregate
