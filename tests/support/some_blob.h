// A blob and its key, made up in a line.
#pragma once

#include <cstdint>

#include "aggregate/aggregate_store.h"

namespace verdict::testing {

inline feature::Blob SomeBlob(uint64_t measure, feature::CutId cut, uint16_t rev, int64_t sum) {
  feature::Blob blob;
  blob.measure_hash = measure;
  blob.cut = cut;
  blob.rev = rev;
  feature::Tile tile;
  tile.sum = sum;
  tile.count = 1;
  blob.tiles = {{cut - 1, tile}};
  blob.increment = blob.tiles;
  return blob;
}

inline aggregate::BlobKey SomeKey(uint64_t measure, uint8_t entity) {
  aggregate::BlobKey key;
  key.measure_hash = measure;
  key.entity.bytes[3] = entity;
  return key;
}

}  // namespace verdict::testing
