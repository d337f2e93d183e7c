// A guard may have tens of megabytes: its filter is written in blocks.
#include "counters/drop_bytes.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "counters/byte_codec.h"
#include "counters/checkpoint_bytes.h"

namespace verdict::counters {
namespace {

constexpr size_t kBlockWords = size_t{128} << 10;  // 1 MiB

absl::Status Damaged(const char* what) {
  return absl::DataLossError(absl::StrFormat("checkpoint: %s cannot be read", what));
}

// What follows `prefix` in `key`; nothing where it begins otherwise.
std::optional<std::string_view> After(std::string_view prefix, std::string_view key) {
  if (key.substr(0, prefix.size()) != prefix) return std::nullopt;
  return key.substr(prefix.size());
}

uint64_t ReadHash(ByteReader& reader) {
  uint64_t hash = 0;
  for (int i = 0; i < 8; ++i) hash = (hash << 8) | reader.Fixed<uint8_t>();
  return hash;
}

std::string KeyOf(std::string_view prefix, const Stretch& stretch) {
  return std::string(prefix) + CellKeyPrefix(stretch.measure_hash, stretch.to);
}

void PutStripes(std::string* out, const StripeBits& stripes) {
  for (size_t i = 0; i < kStripes; i += 8) {
    uint8_t byte = 0;
    for (size_t bit = 0; bit < 8; ++bit) byte |= static_cast<uint8_t>(stripes[i + bit] << bit);
    out->push_back(static_cast<char>(byte));
  }
}

StripeBits ReadStripes(ByteReader& reader) {
  StripeBits stripes;
  for (size_t i = 0; i < kStripes; i += 8) {
    const auto byte = reader.Fixed<uint8_t>();
    for (size_t bit = 0; bit < 8; ++bit) stripes[i + bit] = ((byte >> bit) & 1) != 0;
  }
  return stripes;
}

void Erase(std::string_view prefix, const Stretch& stretch, CheckpointStore::Put put) {
  std::string key = KeyOf(prefix, stretch);
  std::string end = EndOfPrefix(key);
  put({.key = std::move(key), .erase_range_end = std::move(end)});
}

void EncodeGuard(const DroppedEpochs& guard, CheckpointStore::Put put) {
  CheckpointWrite head;
  head.key = KeyOf(kDropPrefix, guard.stretch);
  PutFixed(&head.value, guard.stretch.from);
  PutFixed(&head.value, guard.dropped_ms);
  PutFixed(&head.value, uint64_t{guard.keys.words().size()});
  PutStripes(&head.value, guard.limited);
  put(head);
  const std::vector<uint64_t>& words = guard.keys.words();
  int32_t block = 0;
  for (size_t i = 0; i < words.size(); i += kBlockWords, ++block) {
    CheckpointWrite write;
    write.key = KeyOf(kGuardPrefix, guard.stretch);
    PutOrdered32(&write.key, block);
    const size_t count = std::min(kBlockWords, words.size() - i);
    write.value.resize(count * sizeof(uint64_t));
    std::memcpy(write.value.data(), words.data() + i, write.value.size());
    put(write);
  }
}

void EncodeDropped(const DropChanges::Dropped& dropped, CheckpointStore::Put put) {
  for (const feature::CutId epoch : dropped.epochs) {
    EraseWithMeta(CellKeyPrefix(dropped.stretch.measure_hash, epoch), put);
  }
  if (dropped.dropped_to == feature::kNoCut) return;
  CheckpointWrite to;
  to.key = std::string(kDroppedPrefix) + CellKeyPrefix(dropped.stretch.measure_hash);
  PutFixed(&to.value, dropped.dropped_to);
  put(to);
  if (dropped.guard != nullptr) EncodeGuard(*dropped.guard, put);
}

}  // namespace

void EncodeDrops(const DropChanges& changes, CheckpointStore::Put put) {
  for (const DropChanges::Dropped& dropped : changes.dropped) EncodeDropped(dropped, put);
  for (const Stretch& stretch : changes.forgotten) {
    Erase(kDropPrefix, stretch, put);
    Erase(kGuardPrefix, stretch, put);
  }
  for (const auto& [measure_hash, began] : changes.began) {
    CheckpointWrite write;
    write.key = std::string(kBeganPrefix) + CellKeyPrefix(measure_hash);
    PutFixed(&write.value, began.cut);
    PutFixed(&write.value, began.day);
    PutFixed(&write.value, began.blobs_to);
    put(write);
  }
  if (!changes.suspects) return;
  put({.key = std::string(kSuspectPrefix),
       .erase_range_end = EndOfPrefix(std::string(kSuspectPrefix))});
  for (const SuspectStretch& one : *changes.suspects) {
    CheckpointWrite write;
    write.key = KeyOf(kSuspectPrefix, one.stretch);
    PutFixed(&write.value, one.stretch.from);
    PutStripes(&write.value, one.stripes);
    put(write);
  }
}

void EraseDropsOf(uint64_t measure_hash, CheckpointStore::Put put) {
  for (const std::string_view prefix :
       {kDropPrefix, kGuardPrefix, kDroppedPrefix, kSuspectPrefix, kBeganPrefix}) {
    std::string key = std::string(prefix) + CellKeyPrefix(measure_hash);
    std::string end = EndOfPrefix(key);
    put({.key = std::move(key), .erase_range_end = std::move(end)});
  }
}

void EncodeBounds(const CheckpointBatch::SavedBounds& saved, CheckpointStore::Put put) {
  CheckpointWrite write;
  write.key = kBoundsPrefix;
  PutOrdered32(&write.key, saved.partition);
  PutFixed(&write.value, saved.bounds.unknown_to);
  for (const EpochBound& one : saved.bounds.bounds) {
    PutFixed(&write.value, one.epoch);
    PutFixed(&write.value, one.before);
    PutFixed(&write.value, one.first);
  }
  put(write);
}

absl::StatusOr<std::optional<MeasureCut>> DecodeDroppedTo(std::string_view key,
                                                          std::string_view value) {
  const auto rest = After(kDroppedPrefix, key);
  if (!rest) return std::optional<MeasureCut>();
  ByteReader keys(*rest), values(value);
  MeasureCut found;
  found.measure_hash = ReadHash(keys);
  found.cut = values.Fixed<feature::CutId>();
  if (!keys.at_end() || !values.at_end()) return Damaged("the cut up to which epochs were dropped");
  return std::optional<MeasureCut>(found);
}

absl::StatusOr<bool> DropDecoder::Add(std::string_view key, std::string_view value) {
  if (const auto rest = After(kDropPrefix, key)) {
    RETURN_IF_ERROR(AddHead(*rest, value));
  } else if (const auto rest = After(kGuardPrefix, key)) {
    RETURN_IF_ERROR(AddBlock(*rest, value));
  } else if (const auto rest = After(kSuspectPrefix, key)) {
    RETURN_IF_ERROR(AddSuspect(*rest, value));
  } else if (const auto rest = After(kBoundsPrefix, key)) {
    RETURN_IF_ERROR(AddBounds(*rest, value));
  } else if (const auto rest = After(kBeganPrefix, key)) {
    RETURN_IF_ERROR(AddBegan(*rest, value));
  } else {
    ASSIGN_OR_RETURN(const auto dropped, DecodeDroppedTo(key, value));
    if (!dropped) return false;
    dropped_to[dropped->measure_hash] = dropped->cut;
  }
  return true;
}

absl::Status DropDecoder::AddHead(std::string_view key, std::string_view value) {
  ByteReader keys(key), values(value);
  Head head;
  head.guard.stretch.measure_hash = ReadHash(keys);
  head.guard.stretch.to = keys.Ordered32();
  head.guard.stretch.from = values.Fixed<feature::CutId>();
  head.guard.dropped_ms = values.Fixed<int64_t>();
  head.words = values.Fixed<uint64_t>();
  head.guard.limited = ReadStripes(values);
  if (!keys.at_end() || !values.at_end() || head.words == 0) return Damaged("a dropped epoch");
  heads_[{head.guard.stretch.measure_hash, head.guard.stretch.to}] = std::move(head);
  return absl::OkStatus();
}

// Blocks come in their order.
absl::Status DropDecoder::AddBlock(std::string_view key, std::string_view value) {
  ByteReader keys(key);
  const uint64_t measure_hash = ReadHash(keys);
  const feature::CutId to = keys.Ordered32();
  const int32_t block = keys.Ordered32();
  std::vector<uint64_t>& words = words_[{measure_hash, to}];
  if (!keys.at_end() || value.size() % sizeof(uint64_t) != 0 ||
      words.size() != static_cast<size_t>(block) * kBlockWords) {
    return Damaged("the guard of a dropped epoch");
  }
  const size_t before = words.size();
  words.resize(before + value.size() / sizeof(uint64_t));
  std::memcpy(words.data() + before, value.data(), value.size());
  return absl::OkStatus();
}

absl::Status DropDecoder::AddSuspect(std::string_view key, std::string_view value) {
  ByteReader keys(key), values(value);
  SuspectStretch one;
  one.stretch.measure_hash = ReadHash(keys);
  one.stretch.to = keys.Ordered32();
  one.stretch.from = values.Fixed<feature::CutId>();
  one.stripes = ReadStripes(values);
  if (!keys.at_end() || !values.at_end()) return Damaged("a suspect epoch");
  suspects.push_back(one);
  return absl::OkStatus();
}

absl::Status DropDecoder::AddBounds(std::string_view key, std::string_view value) {
  ByteReader keys(key), values(value);
  EpochBounds& found = bounds[keys.Ordered32()];
  found.unknown_to = values.Fixed<feature::CutId>();
  while (values.ok() && !values.at_end()) {
    EpochBound one;
    one.epoch = values.Fixed<feature::CutId>();
    one.before = values.Fixed<eventlog::Offset>();
    one.first = values.Fixed<eventlog::Offset>();
    found.bounds.push_back(one);
  }
  return keys.at_end() && values.ok() ? absl::OkStatus() : Damaged("where its epochs begin");
}

absl::Status DropDecoder::AddBegan(std::string_view key, std::string_view value) {
  ByteReader keys(key), values(value);
  Beginning& found = began[ReadHash(keys)];
  found.cut = values.Fixed<feature::CutId>();
  found.day = values.Fixed<model::DayNumber>();
  found.blobs_to = values.Fixed<feature::CutId>();
  return keys.at_end() && values.at_end() ? absl::OkStatus() : Damaged("where counting began");
}

absl::Status DropDecoder::Finish() {
  for (auto& [place, head] : heads_) {
    std::vector<uint64_t>& words = words_[place];
    if (words.size() != head.words) return Damaged("the guard of a dropped epoch");
    head.guard.keys = KeyFilter(std::move(words));
    guards.push_back(std::make_shared<const DroppedEpochs>(std::move(head.guard)));
  }
  heads_.clear();
  words_.clear();
  return absl::OkStatus();
}

}  // namespace verdict::counters
