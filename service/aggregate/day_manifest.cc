#include "aggregate/day_manifest.h"

namespace verdict::aggregate {
namespace {

void PutImport(const std::optional<DayImport>& import, std::string* out) {
  PutFixed<uint8_t>(import.has_value() ? 1 : 0, out);
  if (!import) return;
  PutFixed<int32_t>(import->before, out);
  PutFixed<uint16_t>(import->rev, out);
  PutFixed<int32_t>(import->from, out);
  PutFixed<int32_t>(import->first_day, out);
  PutFixed<uint64_t>(import->digest.high, out);
  PutFixed<uint64_t>(import->digest.low, out);
  PutFixed<uint64_t>(import->rows, out);
  PutFixed<uint64_t>(import->keys, out);
  PutZigzag(import->sum, out);
  PutZigzag(import->count, out);
  PutFixed<uint64_t>(import->zone_digest, out);
}

bool GetImport(ByteReader* in, std::optional<DayImport>* import) {
  const auto present = in->Fixed<uint8_t>();
  if (present > 1) return false;
  if (present == 0) return in->ok();
  DayImport& read = import->emplace();
  read.before = in->Fixed<int32_t>();
  read.rev = in->Fixed<uint16_t>();
  read.from = in->Fixed<int32_t>();
  read.first_day = in->Fixed<int32_t>();
  read.digest.high = in->Fixed<uint64_t>();
  read.digest.low = in->Fixed<uint64_t>();
  read.rows = in->Fixed<uint64_t>();
  read.keys = in->Fixed<uint64_t>();
  read.sum = in->Zigzag();
  read.count = in->Zigzag64();
  read.zone_digest = in->Fixed<uint64_t>();
  return in->ok();
}

}  // namespace

void PutDayManifest(const DayManifest& manifest, std::string* out) {
  PutFixed<uint8_t>(manifest.late_days, out);
  PutFixed<int64_t>(manifest.since_ms, out);
  PutFixed<int32_t>(manifest.log_from, out);
  PutImport(manifest.announced, out);
  PutImport(manifest.published, out);
}

bool GetDayManifest(ByteReader* in, DayManifest* manifest) {
  manifest->late_days = in->Fixed<uint8_t>();
  manifest->since_ms = in->Fixed<int64_t>();
  manifest->log_from = in->Fixed<int32_t>();
  return GetImport(in, &manifest->announced) && GetImport(in, &manifest->published);
}

}  // namespace verdict::aggregate
