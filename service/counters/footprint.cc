#include "counters/footprint.h"

#include <cmath>
#include <string>

#include "base/poisson.h"
#include "counters/checkpoint.h"
#include "counters/decision_bytes.h"
#include "counters/tables.h"

namespace verdict::counters {
namespace {

// Of all writes that a checkpoint of `batch` makes but for its header, which is there once.
double SavedBytes(const CheckpointBatch& batch) {
  const auto encoded = [](const CheckpointBatch& one) {
    size_t bytes = 0;
    Checkpoint::Encode(one, [&bytes](const CheckpointWrite& write) {
      if (write.erase || !write.erase_range_end.empty()) return;
      bytes += write.key.size() + write.value.size();
    });
    return bytes;
  };
  return static_cast<double>(encoded(batch) - encoded(CheckpointBatch()));
}

}  // namespace

double CellBytes(double entities, double cells_each) {
  const double mean = entities / static_cast<double>(kStripes);
  return static_cast<double>(kStripes) * base::MeanOverPoisson(mean, [&](uint64_t of_stripe) {
           const double cells = std::round(static_cast<double>(of_stripe) * cells_each);
           return CellTable::BytesFor(static_cast<uint64_t>(cells), of_stripe);
         });
}

double TableBytes() {
  return static_cast<double>(kStripes) *
         static_cast<double>(sizeof(EpochCells) + sizeof(CellTable));
}

double SlidingBytes(double entities, double events_each) {
  // Of more events, a key's cost grows with them: by what a long series says.
  constexpr uint64_t kLong = 1024;
  constexpr double kFew = 256;
  const auto bytes_of = [](uint64_t events) {
    SlidingSeries series;
    for (uint64_t i = 0; i < events; ++i) {
      series.Add(
          {static_cast<int64_t>(i), model::EventKind::kPayment, feature::AmountState::kKnown, 1});
    }
    return static_cast<double>(series.bytes());
  };
  const double each = events_each > kFew ? bytes_of(kLong) * events_each / kLong
                                         : base::MeanOverPoisson(events_each, bytes_of);
  return entities * (each + static_cast<double>(SlidingTable::series_bytes_each()));
}

double DecisionBytes(const model::Decision& typical) {
  std::string packed;
  PackDecision(typical, &packed);
  return static_cast<double>(DecisionTable::BytesFor(packed.size()));
}

double ProvisionalBytes(double measures) {
  return static_cast<double>(sizeof(Provisional)) +
         measures * static_cast<double>(Overlay::kBytesOfLonePart);
}

double SavedCellBytes(const feature::Tile& typical) {
  CheckpointBatch batch;
  batch.cells.push_back({CheckpointBatch::SavedCell{
      .measure_hash = 0, .epoch = 0, .key = {}, .day = 0, .tile = typical}});
  return SavedBytes(batch);
}

// Their block's key is shared by many.
double SavedIdBytes() { return static_cast<double>(sizeof(model::EntityKey)); }

double SavedDecisionBytes(const model::Decision& typical) {
  std::string packed, kept;
  PackDecision(typical, &packed);
  AppendKept({.payment = {}, .kept_from_ms = typical.decided_at_ms, .packed = packed}, &kept);
  return static_cast<double>(kept.size());
}

}  // namespace verdict::counters
