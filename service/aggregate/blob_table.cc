#include "aggregate/blob_table.h"

#include <utility>

namespace verdict::aggregate {
namespace {

constexpr size_t kFirstSlots = 16;

// What a blob takes, with what the allocator and the shared count put around it.
size_t BytesOf(const feature::Blob* blob) {
  constexpr size_t kAround = 64;
  if (blob == nullptr) return 0;
  return kAround + sizeof(feature::Blob) +
         (blob->tiles.capacity() + blob->increment.capacity()) * sizeof(feature::DayTile);
}

}  // namespace

double BlobTable::BytesFor(size_t tiles) {
  feature::Blob blob;
  blob.tiles.resize(tiles);
  constexpr double kMeanLoad = 0.75 * 0.75;  // between half of it and the whole
  return static_cast<double>(sizeof(Slot)) / kMeanLoad + static_cast<double>(BytesOf(&blob));
}

size_t BlobTable::Place(const BlobKey& key) const {
  size_t slot = Home(key.entity);
  while (slots_[slot].used && !slots_[slot].Holds(key)) slot = (slot + 1) & mask();
  return slot;
}

BlobTable::Found BlobTable::Find(const BlobKey& key, uint32_t now, uint32_t age_max) {
  if (slots_.empty()) return {};
  const size_t place = Place(key);
  Slot& slot = slots_[place];
  if (!slot.used) return {};
  // A caller's moment may lie a little before what another put meanwhile.
  if (now > slot.put_at && now - slot.put_at > age_max) {
    Erase(place);
    return {};
  }
  slot.asked = 1;
  return {true, slot.blob};
}

void BlobTable::Put(const BlobKey& key, std::shared_ptr<const feature::Blob> blob, uint32_t now,
                    size_t bytes_max) {
  if ((used_ + 1) * 4 > slots_.size() * 3) Grow();
  Slot& slot = slots_[Place(key)];
  if (!slot.used) ++used_;
  blob_bytes_ -= BytesOf(slot.blob.get());
  blob_bytes_ += BytesOf(blob.get());
  slot.measure_hash = key.measure_hash;
  slot.entity = key.entity;
  slot.put_at = now & ((1u << 30) - 1);
  slot.used = 1;
  slot.asked = 1;
  slot.blob = std::move(blob);
  if (bytes() > bytes_max) MakeRoom(bytes_max, key);
}

void BlobTable::Forget(const BlobKey& key) {
  if (slots_.empty()) return;
  const size_t place = Place(key);
  if (slots_[place].used) Erase(place);
}

void BlobTable::MakeRoom(size_t bytes_max, const BlobKey& kept) {
  // Slots stay where they are: what has to go is what they hold. Two rounds find everything.
  const size_t slot_bytes = sizeof(Slot) * 4 / 3;
  const auto taken = [&] { return used_ * slot_bytes + blob_bytes_; };
  for (size_t steps = 0; taken() > bytes_max && steps < 2 * slots_.size(); ++steps) {
    hand_ &= mask();
    Slot& slot = slots_[hand_];
    if (!slot.used || slot.asked || slot.Holds(kept)) {
      slot.asked = 0;
      ++hand_;
    } else {
      Erase(hand_);  // may move another one here
    }
  }
}

void BlobTable::Erase(size_t hole) {
  blob_bytes_ -= BytesOf(slots_[hole].blob.get());
  --used_;
  for (size_t i = (hole + 1) & mask(); slots_[i].used; i = (i + 1) & mask()) {
    const size_t home = Home(slots_[i].entity);
    // It may fill the hole unless its home lies cyclically in (hole, i].
    if (((i - home) & mask()) < ((i - hole) & mask())) continue;
    slots_[hole] = std::move(slots_[i]);
    hole = i;
  }
  slots_[hole] = {};
}

void BlobTable::Grow() {
  std::vector<Slot> old(slots_.empty() ? kFirstSlots : 2 * slots_.size());
  old.swap(slots_);
  for (Slot& slot : old) {
    if (!slot.used) continue;
    const size_t place = Place({slot.measure_hash, slot.entity});
    slots_[place] = std::move(slot);
  }
}

void BlobTable::Clear() {
  slots_.clear();
  used_ = blob_bytes_ = hand_ = 0;
}

}  // namespace verdict::aggregate
