// A LiveWorld with a checkpoint that follows it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "counters/checkpoint.h"
#include "counters/live_world.h"
#include "support/fake_checkpoint_store.h"
#include "support/status_matchers.h"

namespace verdict::testing {

struct SavedWorld : LiveWorld {
  explicit SavedWorld(std::shared_ptr<const feature::FeatureSet> set = nullptr,
                      counters::LiveOptions options = {})
      : LiveWorld(2, options, std::move(set)), checkpoint(&live) {}

  void Save(FakeCheckpointStore* store) {
    std::vector<eventlog::LogIdentity> identities(2);
    for (int p = 0; p < 2; ++p) {
      identities[p] = {"log", p, live.NextOffsets()[p] - 1, kNoon, 9};
    }
    const counters::CheckpointBatch batch = checkpoint.Collect(identities);
    EXPECT_THAT(store->Write([&](counters::CheckpointStore::Put put) {
      counters::Checkpoint::Encode(batch, put);
    }),
                IsOk());
  }
  absl::StatusOr<counters::RestoreReport> Restore(FakeCheckpointStore* store) {
    ASSIGN_OR_RETURN(const std::optional<counters::CheckpointHeader> header,
                     counters::Checkpoint::ReadHeader(store));
    if (!header) return absl::NotFoundError("empty");
    return checkpoint.Restore(*header, store);
  }
  counters::Checkpoint checkpoint;
};

inline void Fill(SavedWorld* world, int from, int to) {
  for (int i = from; i < to; ++i) {
    const std::string n = std::to_string(i);
    const int64_t time = kNoon + i * kHourMs;
    world->Apply(EventOf(Payment("t" + n, time, 100 + i, "m" + std::to_string(i % 3), "c" + n)),
                 i % 2);
  }
}

}  // namespace verdict::testing
