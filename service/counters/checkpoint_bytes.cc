// Numbers in keys are big-endian, so that the store's order is ours; in values little-endian.
#include "counters/checkpoint_bytes.h"

#include <algorithm>
#include <tuple>

#include "absl/strings/str_format.h"
#include "counters/byte_codec.h"

namespace verdict::counters {
namespace {

// kWords: what a tile's `min` and `max` hold follows; of which kind is said in the two bits above.
enum CellShape : uint8_t { kWide = 1, kWords = 2, kKind = 12 };
constexpr int kKindShift = 2;

absl::Status Damaged(const char* what) {
  return absl::DataLossError(absl::StrFormat("checkpoint: %s cannot be read", what));
}

void PutKey(std::string* out, const model::EntityKey& key) {
  out->append(reinterpret_cast<const char*>(key.bytes.data()), key.bytes.size());
}

void PutHash(std::string* out, uint64_t hash) {
  for (int shift = 56; shift >= 0; shift -= 8) out->push_back(static_cast<char>(hash >> shift));
}

void PutCellKeyPrefix(std::string* out, uint64_t measure_hash, feature::CutId epoch) {
  PutHash(out, measure_hash);
  PutOrdered32(out, epoch);
}

uint64_t ReadHash(ByteReader& reader) {
  uint64_t hash = 0;
  for (int i = 0; i < 8; ++i) hash = (hash << 8) | reader.Fixed<uint8_t>();
  return hash;
}

void PutDay(std::string* out, model::DayNumber day) {
  out->push_back(static_cast<char>(day >> 8));
  out->push_back(static_cast<char>(day));
}

model::DayNumber ReadDay(ByteReader& reader) {
  const int high = reader.Fixed<uint8_t>();
  return high << 8 | reader.Fixed<uint8_t>();
}

std::string EncodeHeader(const CheckpointBatch& batch) {
  std::string out;
  PutFixed(&out, kCheckpointFormat);
  PutFixed(&out, batch.round);
  PutString(&out, batch.zone_name);
  PutFixed(&out, batch.zone_first);
  PutFixed(&out, batch.zone_last);
  PutFixed(&out, batch.zone_digest);
  PutFixed(&out, batch.schedule_cut);
  PutFixed(&out, batch.schedule_time_ms);
  PutFixed(&out, batch.base_cut);
  PutVarint(&out, batch.measures.size());
  for (const SavedMeasure& measure : batch.measures) {
    PutFixed(&out, measure.hash);
    PutFixed(&out, measure.reasons);
    PutFixed(&out, measure.reasons_newest_day);
  }
  PutVarint(&out, batch.positions.size());
  for (const PartitionPosition& one : batch.positions) {
    PutFixed(&out, one.next);
    PutFixed(&out, one.newest_record_ms);
    PutFixed(&out, one.ids_known_from_ms);
    PutFixed(&out, one.dedup_ids);
    PutString(&out, one.identity.log_id);
    PutFixed(&out, one.identity.partition);
    PutFixed(&out, one.identity.last);
    PutFixed(&out, one.identity.record_time_ms);
    PutFixed(&out, one.identity.crc);
  }
  return out;
}

// Overwrites `out`, whose memory serves all cells.
void EncodeCell(const CheckpointBatch::SavedCell& cell, CheckpointWrite* out) {
  CheckpointWrite& write = *out;
  write.key.clear();
  write.value.clear();
  PutCellKeyPrefix(&write.key, cell.measure_hash, cell.epoch);
  PutKey(&write.key, cell.key);
  PutDay(&write.key, cell.day);
  const feature::Tile& tile = cell.tile;
  const auto sum = static_cast<int64_t>(tile.sum);
  const auto count = static_cast<int32_t>(tile.count);
  const bool wide = sum != tile.sum || count != tile.count;
  const bool words = tile.has_words();
  PutFixed(&write.value, tile.marks);
  PutFixed(&write.value, static_cast<uint8_t>((wide ? kWide : 0) | (words ? kWords : 0) |
                                              static_cast<int>(tile.kind) << kKindShift));
  if (wide) {
    PutFixed(&write.value, tile.sum);
    PutFixed(&write.value, tile.count);
  } else {
    PutFixed(&write.value, sum);
    PutFixed(&write.value, count);
  }
  if (words) {
    PutFixed(&write.value, tile.min);
    PutFixed(&write.value, tile.max);
  }
}

// In the order of their keys in the store, which takes what comes in order at a fraction of the
// cost.
void EncodeCells(const std::vector<std::vector<CheckpointBatch::SavedCell>>& cells,
                 CheckpointStore::Put put) {
  std::vector<const CheckpointBatch::SavedCell*> order;
  for (const auto& of_stripe : cells) {
    for (const CheckpointBatch::SavedCell& cell : of_stripe) order.push_back(&cell);
  }
  std::sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
    return std::tie(a->measure_hash, a->epoch, a->key, a->day) <
           std::tie(b->measure_hash, b->epoch, b->key, b->day);
  });
  CheckpointWrite write;
  write.family = CheckpointFamily::kCells;
  for (const CheckpointBatch::SavedCell* cell : order) {
    EncodeCell(*cell, &write);
    put(write);
  }
}

void EncodeTotals(const std::vector<ControlTotal>& totals, CheckpointStore::Put put) {
  for (size_t i = 0; i < totals.size();) {
    CheckpointWrite write;
    write.key = kTotalPrefix;
    write.key += CellKeyPrefix(totals[i].measure_hash, totals[i].epoch);
    const size_t first = i;
    for (; i < totals.size() && totals[i].measure_hash == totals[first].measure_hash &&
           totals[i].epoch == totals[first].epoch;
         ++i) {
      PutFixed(&write.value, totals[i].day);
      PutFixed(&write.value, totals[i].sum);
      PutFixed(&write.value, totals[i].count);
      PutFixed(&write.value, totals[i].cells);
    }
    put(write);
  }
}

void EncodeIds(const CheckpointBatch::SavedIds& saved, uint64_t round, CheckpointStore::Put put) {
  uint32_t block = 0;
  for (size_t i = 0; i < saved.ids.size(); ++block) {
    const int64_t bucket = saved.ids[i].bucket;
    CheckpointWrite write;
    write.family = CheckpointFamily::kDedup;
    PutOrdered32(&write.key, saved.partition);
    PutOrdered64(&write.key, bucket);
    PutOrdered64(&write.key, static_cast<int64_t>(round));
    PutOrdered32(&write.key, static_cast<int32_t>(block));
    for (size_t n = 0; n < kIdsPerBlock && i < saved.ids.size() && saved.ids[i].bucket == bucket;
         ++n, ++i) {
      PutKey(&write.value, saved.ids[i].id);
    }
    put(write);
  }
  CheckpointWrite old;
  old.family = CheckpointFamily::kDedup;
  PutOrdered32(&old.key, saved.partition);
  PutOrdered32(&old.erase_range_end, saved.partition);
  PutOrdered64(&old.erase_range_end, saved.oldest_bucket);
  put(old);
}

int64_t DecisionBucket(int64_t kept_from_ms) { return kept_from_ms / eventlog::kDedupBucketMs; }

// Blocks of many: a write of its own for each decision would cost more than the decision. A block
// goes when its newest decision does.
void EncodeDecisions(const CheckpointBatch& batch, CheckpointStore::Put put) {
  constexpr size_t kBlockBytes = 256 << 10;
  int32_t block = 0;
  for (size_t i = 0; i < batch.decisions.size(); ++block) {
    CheckpointWrite write;
    write.family = CheckpointFamily::kDecisions;
    int64_t newest_ms = INT64_MIN;
    for (; i < batch.decisions.size() && write.value.size() < kBlockBytes; ++i) {
      newest_ms = std::max(newest_ms, batch.decisions[i].newest_ms);
      write.value += batch.decisions[i].bytes;
    }
    PutOrdered64(&write.key, DecisionBucket(newest_ms));
    PutOrdered64(&write.key, static_cast<int64_t>(batch.round));
    PutOrdered32(&write.key, block);
    put(write);
  }
  CheckpointWrite old;
  old.family = CheckpointFamily::kDecisions;
  PutOrdered64(&old.key, INT64_MIN);
  PutOrdered64(&old.erase_range_end, DecisionBucket(batch.decisions_from_ms));
  put(old);
}

void ErasePrefix(CheckpointFamily family, std::string prefix, CheckpointStore::Put put) {
  std::string end = EndOfPrefix(prefix);
  put({.family = family, .key = std::move(prefix), .value = {}, .erase_range_end = std::move(end)});
}

void EraseWithMeta(const std::string& prefix, CheckpointStore::Put put) {
  ErasePrefix(CheckpointFamily::kCells, prefix, put);
  for (const std::string_view meta : {kTotalPrefix, kLimitedPrefix}) {
    ErasePrefix(CheckpointFamily::kMeta, std::string(meta) + prefix, put);
  }
}

}  // namespace

std::string CellKeyPrefix(uint64_t measure_hash) {
  std::string prefix;
  PutHash(&prefix, measure_hash);
  return prefix;
}

std::string CellKeyPrefix(uint64_t measure_hash, feature::CutId epoch) {
  std::string prefix;
  PutCellKeyPrefix(&prefix, measure_hash, epoch);
  return prefix;
}

std::string EndOfPrefix(std::string prefix) {
  while (!prefix.empty() && static_cast<uint8_t>(prefix.back()) == 0xff) prefix.pop_back();
  if (prefix.empty()) return std::string(64, '\xff');
  prefix.back() = static_cast<char>(static_cast<uint8_t>(prefix.back()) + 1);
  return prefix;
}

void Checkpoint::Encode(const CheckpointBatch& batch, CheckpointStore::Put put) {
  // What goes is named first: a later write of the batch may bring such a key again.
  for (const uint64_t hash : batch.dropped_measures) EraseWithMeta(CellKeyPrefix(hash), put);
  for (const feature::CutId epoch : batch.dropped_epochs) {
    for (const SavedMeasure& measure : batch.measures) {
      EraseWithMeta(CellKeyPrefix(measure.hash, epoch), put);
    }
  }
  EncodeCells(batch.cells, put);
  EncodeTotals(batch.totals, put);
  for (const CheckpointBatch::Limited& one : batch.limited) {
    CheckpointWrite write;
    write.key = kLimitedPrefix;
    write.key += CellKeyPrefix(one.measure_hash, one.epoch);
    PutFixed(&write.key, one.stripe);
    put(write);
  }
  for (const CheckpointBatch::SavedIds& ids : batch.ids) EncodeIds(ids, batch.round, put);
  EncodeDecisions(batch, put);
  CheckpointWrite header;
  header.key = kHeaderKey;
  header.value = EncodeHeader(batch);
  put(header);
}

absl::StatusOr<CheckpointHeader> DecodeHeader(std::string_view value) {
  ByteReader reader(value);
  CheckpointHeader header;
  const uint32_t format = reader.Fixed<uint32_t>();
  if (format != kCheckpointFormat) {
    return absl::DataLossError(absl::StrFormat("checkpoint: format %d; this build reads format %d",
                                               format, kCheckpointFormat));
  }
  header.round = reader.Fixed<uint64_t>();
  header.zone_name = reader.String();
  header.zone_first = reader.Fixed<model::DayNumber>();
  header.zone_last = reader.Fixed<model::DayNumber>();
  header.zone_digest = reader.Fixed<uint64_t>();
  header.schedule_cut = reader.Fixed<feature::CutId>();
  header.schedule_time_ms = reader.Fixed<int64_t>();
  header.base_cut = reader.Fixed<feature::CutId>();
  for (uint64_t n = reader.Varint(); n > 0 && reader.ok(); --n) {
    SavedMeasure measure;
    measure.hash = reader.Fixed<uint64_t>();
    measure.reasons = reader.Fixed<uint16_t>();
    measure.reasons_newest_day = reader.Fixed<model::DayNumber>();
    header.measures.push_back(measure);
  }
  for (uint64_t n = reader.Varint(); n > 0 && reader.ok(); --n) {
    PartitionPosition one;
    one.next = reader.Fixed<int64_t>();
    one.newest_record_ms = reader.Fixed<int64_t>();
    one.ids_known_from_ms = reader.Fixed<int64_t>();
    one.dedup_ids = reader.Fixed<uint64_t>();
    one.identity.log_id = reader.String();
    one.identity.partition = reader.Fixed<eventlog::Partition>();
    one.identity.last = reader.Fixed<eventlog::Offset>();
    one.identity.record_time_ms = reader.Fixed<int64_t>();
    one.identity.crc = reader.Fixed<uint32_t>();
    header.positions.push_back(std::move(one));
  }
  if (!reader.at_end()) return Damaged("its header");
  return header;
}

absl::StatusOr<CheckpointBatch::SavedCell> DecodeCell(std::string_view key,
                                                      std::string_view value) {
  ByteReader keys(key);
  CheckpointBatch::SavedCell cell{};
  cell.measure_hash = ReadHash(keys);
  cell.epoch = keys.Ordered32();
  cell.key = keys.Fixed<model::EntityKey>();
  cell.day = ReadDay(keys);
  ByteReader values(value);
  cell.tile.marks = values.Fixed<uint8_t>();
  const uint8_t shape = values.Fixed<uint8_t>();
  if ((shape & kWide) != 0) {
    cell.tile.sum = values.Fixed<feature::Int128>();
    cell.tile.count = values.Fixed<int64_t>();
  } else {
    cell.tile.sum = values.Fixed<int64_t>();
    cell.tile.count = values.Fixed<int32_t>();
  }
  const int kind = (shape & kKind) >> kKindShift;
  if (kind >= feature::kTileKinds) return Damaged("a cell");
  cell.tile.kind = static_cast<feature::TileKind>(kind);
  if ((shape & kWords) != 0) {
    cell.tile.min = values.Fixed<int64_t>();
    cell.tile.max = values.Fixed<int64_t>();
  }
  if (!keys.at_end() || !values.at_end()) return Damaged("a cell");
  return cell;
}

absl::Status DecodeTotals(std::string_view key, std::string_view value,
                          std::vector<ControlTotal>* totals) {
  ByteReader keys(key);
  ControlTotal total;
  total.measure_hash = ReadHash(keys);
  total.epoch = keys.Ordered32();
  ByteReader values(value);
  while (values.ok() && !values.at_end()) {
    total.day = values.Fixed<model::DayNumber>();
    total.sum = values.Fixed<feature::Int128>();
    total.count = values.Fixed<int64_t>();
    total.cells = values.Fixed<uint64_t>();
    totals->push_back(total);
  }
  if (!keys.at_end() || !values.at_end()) return Damaged("a control total");
  return absl::OkStatus();
}

absl::StatusOr<CheckpointBatch::Limited> DecodeLimited(std::string_view key) {
  ByteReader keys(key);
  CheckpointBatch::Limited limited{};
  limited.measure_hash = ReadHash(keys);
  limited.epoch = keys.Ordered32();
  limited.stripe = keys.Fixed<uint16_t>();
  if (!keys.at_end() || limited.stripe >= kStripes) return Damaged("a mark of a memory limit");
  return limited;
}

absl::StatusOr<IdBlock> DecodeIds(std::string_view key, std::string_view value) {
  ByteReader keys(key);
  IdBlock block;
  block.partition = keys.Ordered32();
  const int64_t bucket = keys.Ordered64();
  keys.Ordered64();
  keys.Ordered32();
  ByteReader values(value);
  while (values.ok() && !values.at_end()) {
    block.ids.push_back({values.Fixed<model::EntityKey>(), bucket});
  }
  if (!keys.at_end() || !values.at_end()) return Damaged("a block of event ids");
  return block;
}

}  // namespace verdict::counters
