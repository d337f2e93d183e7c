#include "aggregate/manifest_codec.h"

#include <vector>

#include "aggregate/bytes.h"
#include "base/hash.h"

namespace verdict::aggregate {
namespace {

constexpr uint8_t kMagic = 'M';
constexpr uint8_t kFormat = 2;
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
  if (in.Fixed<uint8_t>() != kMagic || in.Fixed<uint8_t>() != kFormat) {
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
  if ((first & kDayMode) != 0 && !GetDayManifest(&in, &manifest.day.emplace())) return damaged;
  if (!in.ok() || in.left() != 0) return damaged;
  return manifest;
}

}  // namespace verdict::aggregate
