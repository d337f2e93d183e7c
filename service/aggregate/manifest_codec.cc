#include "aggregate/manifest_codec.h"

#include <vector>

#include "aggregate/bytes.h"
#include "base/hash.h"

namespace verdict::aggregate {
namespace {

constexpr uint8_t kMagic = 'M';
constexpr uint8_t kFormat = 3;
constexpr uint8_t kFormatWithoutProofs = 2;  // still read: no proofs, no census
constexpr size_t kPartitionsMax = 4096;
constexpr uint8_t kDayMode = 0x80;  // beside the state: a DayManifest stands at the end

void PutOffsets(const std::vector<eventlog::Offset>& offsets, std::string* out) {
  PutVarint(offsets.size(), out);
  for (const eventlog::Offset offset : offsets) PutZigzag(offset, out);
}

bool GetOffsets(ByteReader* in, std::vector<eventlog::Offset>* offsets) {
  const unsigned __int128 count = in->Varint();
  if (count > kPartitionsMax) return false;
  for (size_t i = 0; i < count && in->ok(); ++i) offsets->push_back(in->Zigzag64());
  return true;
}

void PutProof(const EpochProof& proof, std::string* out) {
  PutFixed<int32_t>(proof.from, out);
  PutFixed<int32_t>(proof.to, out);
  PutFixed<int32_t>(proof.oldest_day, out);
  PutFixed<int64_t>(proof.published_ms, out);
  PutBytes(proof.incarnation, out);
  PutOffsets(proof.offsets, out);
  PutVarint(proof.digest.cells, out);
  PutZigzag(proof.digest.sum, out);
  PutZigzag(proof.digest.count, out);
  PutVarint(proof.digest.stripes.size(), out);
  for (const feature::StripeDigest& one : proof.digest.stripes) {
    PutFixed<uint16_t>(one.stripe, out);
    PutFixed<uint64_t>(one.digest.high, out);
    PutFixed<uint64_t>(one.digest.low, out);
  }
}

bool GetProof(ByteReader* in, EpochProof* proof) {
  proof->from = in->Fixed<int32_t>();
  proof->to = in->Fixed<int32_t>();
  proof->oldest_day = in->Fixed<int32_t>();
  proof->published_ms = in->Fixed<int64_t>();
  proof->incarnation = std::string(in->Bytes());
  if (!GetOffsets(in, &proof->offsets)) return false;
  proof->digest.cells = static_cast<uint64_t>(in->Varint());
  proof->digest.sum = in->Zigzag();
  proof->digest.count = in->Zigzag64();
  const unsigned __int128 stripes = in->Varint();
  if (stripes > feature::kDigestStripes) return false;
  for (size_t i = 0; i < stripes && in->ok(); ++i) {
    feature::StripeDigest one;
    one.stripe = in->Fixed<uint16_t>();
    one.digest.high = in->Fixed<uint64_t>();
    one.digest.low = in->Fixed<uint64_t>();
    if (one.stripe >= feature::kDigestStripes) return false;
    proof->digest.stripes.push_back(one);
  }
  return in->ok();
}

void PutCensus(const Census& census, std::string* out) {
  PutFixed<uint8_t>(census.known ? 1 : 0, out);
  PutFixed<int32_t>(census.oldest, out);
  PutVarint(census.days.size(), out);
  for (const Census::Day& one : census.days) {
    PutFixed<int32_t>(one.day, out);
    PutZigzag(one.sum, out);
    PutZigzag(one.count, out);
  }
  PutVarint(census.stamps.size(), out);
  for (const Census::Stamp& one : census.stamps) {
    PutFixed<int32_t>(one.cut, out);
    PutZigzag(one.keys, out);
  }
}

void GetCensus(ByteReader* in, Census* census) {
  census->known = in->Fixed<uint8_t>() != 0;
  census->oldest = in->Fixed<int32_t>();
  const unsigned __int128 days = in->Varint();
  for (unsigned __int128 i = 0; i < days && in->ok(); ++i) {
    Census::Day one;
    one.day = in->Fixed<int32_t>();
    one.sum = in->Zigzag();
    one.count = in->Zigzag64();
    census->days.push_back(one);
  }
  const unsigned __int128 stamps = in->Varint();
  for (unsigned __int128 i = 0; i < stamps && in->ok(); ++i) {
    Census::Stamp one;
    one.cut = in->Fixed<int32_t>();
    one.keys = in->Zigzag64();
    census->stamps.push_back(one);
  }
}

}  // namespace

std::string EncodeManifest(const Manifest& manifest) {
  std::string out;
  PutFixed<uint8_t>(kMagic, &out);
  PutFixed<uint8_t>(kFormat, &out);
  PutFixed<uint8_t>(static_cast<uint8_t>(manifest.state) | (manifest.day ? kDayMode : 0), &out);
  PutFixed<int32_t>(manifest.cut, &out);
  PutFixed<int32_t>(manifest.published, &out);
  PutFixed<int32_t>(manifest.first_cut, &out);
  PutFixed<uint16_t>(manifest.rev, &out);
  PutFixed<int64_t>(manifest.cut_time_ms, &out);
  PutOffsets(manifest.offsets, &out);
  PutOffsets(manifest.published_offsets, &out);
  PutBytes(manifest.log_id, &out);
  PutFixed<int32_t>(manifest.zone_first, &out);
  PutFixed<uint64_t>(manifest.zone_digest, &out);
  PutFixed<int32_t>(manifest.oldest_day, &out);
  PutFixed<uint64_t>(manifest.keys, &out);
  PutZigzag(manifest.sum, &out);
  PutZigzag(manifest.count, &out);
  PutVarint(manifest.proofs.size(), &out);
  for (const EpochProof& proof : manifest.proofs) PutProof(proof, &out);
  PutCensus(manifest.census, &out);
  if (manifest.day) PutDayManifest(*manifest.day, &out);
  PutFixed<uint32_t>(base::Crc32c(out), &out);
  return out;
}

absl::StatusOr<Manifest> DecodeManifest(std::string_view bytes) {
  const absl::Status damaged = absl::DataLossError("damaged manifest");
  if (bytes.size() < 8) return damaged;
  ByteReader crc(bytes.substr(bytes.size() - 4));
  const std::string_view body = bytes.substr(0, bytes.size() - 4);
  if (base::Crc32c(body) != crc.Fixed<uint32_t>()) return damaged;
  ByteReader in(body);
  const bool ours = in.Fixed<uint8_t>() == kMagic;
  const auto format = in.Fixed<uint8_t>();
  if (!ours || (format != kFormat && format != kFormatWithoutProofs)) {
    return absl::DataLossError(
        "a manifest of another format than this build reads: start the build that wrote it, or "
        "move the aggregates aside to fold the log again");
  }
  Manifest manifest;
  const auto first = in.Fixed<uint8_t>();
  const auto state = static_cast<uint8_t>(first & ~kDayMode);
  if (state > static_cast<uint8_t>(Manifest::State::kPublished)) return damaged;
  manifest.state = static_cast<Manifest::State>(state);
  manifest.cut = in.Fixed<int32_t>();
  manifest.published = in.Fixed<int32_t>();
  manifest.first_cut = in.Fixed<int32_t>();
  manifest.rev = in.Fixed<uint16_t>();
  manifest.cut_time_ms = in.Fixed<int64_t>();
  if (!GetOffsets(&in, &manifest.offsets) || !GetOffsets(&in, &manifest.published_offsets)) {
    return damaged;
  }
  manifest.log_id = std::string(in.Bytes());
  manifest.zone_first = in.Fixed<int32_t>();
  manifest.zone_digest = in.Fixed<uint64_t>();
  manifest.oldest_day = in.Fixed<int32_t>();
  manifest.keys = in.Fixed<uint64_t>();
  manifest.sum = in.Zigzag();
  manifest.count = in.Zigzag64();
  if (format != kFormatWithoutProofs) {
    const unsigned __int128 proofs = in.Varint();
    if (proofs > kProofsKept) return damaged;
    for (size_t i = 0; i < proofs; ++i) {
      if (!GetProof(&in, &manifest.proofs.emplace_back())) return damaged;
    }
    GetCensus(&in, &manifest.census);
  }
  if ((first & kDayMode) != 0 && !GetDayManifest(&in, &manifest.day.emplace())) return damaged;
  if (!in.ok() || in.left() != 0) return damaged;
  return manifest;
}

}  // namespace verdict::aggregate
