#include "ingest/read_back.h"

#include <algorithm>
#include <span>
#include <utility>

#include "base/status.h"

namespace verdict::ingest {
namespace {

constexpr size_t kKeysPerRead = 512;

}  // namespace

absl::StatusOr<bool> ReadBack::Step(uint32_t stripes) {
  if (next_stripe_ == 0) {
    ASSIGN_OR_RETURN(incarnation_, store_->Incarnation());
  }
  const uint32_t end = std::min<uint32_t>(counters::kStripes, next_stripe_ + stripes);
  for (; next_stripe_ < end; ++next_stripe_) {
    drops_->Read(stretch_, next_stripe_, &cells_);
    std::vector<model::EntityKey> keys;
    keys.reserve(cells_.size());
    for (const counters::EpochDrops::Cell& cell : cells_) {
      if (cell.tile.day >= oldest_day_) keys.push_back(cell.key);
    }
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    for (size_t i = 0; i < keys.size(); i += kKeysPerRead) {
      std::vector<aggregate::BlobKey> asked;
      for (size_t k = i; k < std::min(keys.size(), i + kKeysPerRead); ++k) {
        asked.push_back({stretch_.measure_hash, keys[k]});
      }
      RETURN_IF_ERROR(Ask(std::move(asked)));
    }
  }
  return next_stripe_ < counters::kStripes;
}

absl::Status ReadBack::Ask(std::vector<aggregate::BlobKey> keys) {
  ASSIGN_OR_RETURN(const std::vector<aggregate::BlobResult> found, store_->GetNow(keys));
  keys_ += keys.size();
  for (const aggregate::BlobResult& one : found) {
    const bool reached =
        one.state == aggregate::BlobResult::State::kFound && one.blob.cut >= stretch_.to;
    lost_ += reached ? 0 : 1;
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> ReadBack::Holds() {
  ASSIGN_OR_RETURN(const std::string now, store_->Incarnation());
  return lost_ == 0 && now == incarnation_;
}

}  // namespace verdict::ingest
