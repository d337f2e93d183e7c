#include "aggregate/imported_days.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

#include "aggregate/bytes.h"
#include "base/check.h"

namespace verdict::aggregate {
namespace {

constexpr base::SipKey kDigestKey = {0x7665726469637421ULL, 0x696d706f72746564ULL};
constexpr size_t kDigestPiece = size_t{64} << 10;

// Of the rows in their order, piece by piece.
base::Hash128 DigestOf(const std::vector<ImportedDay>& rows) {
  base::Hash128 digest;
  std::string bytes;
  const auto take = [&] {
    PutFixed(digest.high, &bytes);
    PutFixed(digest.low, &bytes);
    digest = base::SipHash128(kDigestKey, bytes);
    bytes.clear();
  };
  for (const ImportedDay& row : rows) {
    bytes.append(reinterpret_cast<const char*>(row.entity.bytes.data()), row.entity.bytes.size());
    PutFixed(row.day, &bytes);
    PutFixed(row.sum, &bytes);
    PutFixed(row.count, &bytes);
    PutFixed(row.min, &bytes);
    PutFixed(row.max, &bytes);
    if (bytes.size() >= kDigestPiece) take();
  }
  take();
  return digest;
}

}  // namespace

ImportedDays::ImportedDays(std::vector<ImportedDay> rows) : rows_(std::move(rows)) {
  CHECK(rows_.size() < UINT32_MAX);
  const auto order = [](const ImportedDay& a, const ImportedDay& b) {
    return std::tie(a.entity, a.day) < std::tie(b.entity, b.day);
  };
  if (!std::is_sorted(rows_.begin(), rows_.end(), order)) {
    std::sort(rows_.begin(), rows_.end(), order);
  }
  for (size_t i = 0; i < rows_.size(); ++i) {
    const bool same_key = i > 0 && rows_[i - 1].entity == rows_[i].entity;
    CHECK(!same_key || rows_[i - 1].day < rows_[i].day);
    if (!same_key) first_rows_.push_back(static_cast<uint32_t>(i));
    sum_ += rows_[i].sum;
    count_ += rows_[i].count;
  }
  digest_ = DigestOf(rows_);
}

std::vector<feature::DayTile> ImportedDays::TilesAt(size_t key) const {
  const size_t end = key + 1 < first_rows_.size() ? first_rows_[key + 1] : rows_.size();
  std::vector<feature::DayTile> tiles;
  tiles.reserve(end - first_rows_[key]);
  for (size_t i = first_rows_[key]; i < end; ++i) tiles.push_back({rows_[i].day, rows_[i].tile()});
  return tiles;
}

size_t ImportedDays::Find(const model::EntityKey& entity) const {
  const auto at = std::lower_bound(
      first_rows_.begin(), first_rows_.end(), entity,
      [this](uint32_t row, const model::EntityKey& key) { return rows_[row].entity < key; });
  if (at == first_rows_.end() || rows_[*at].entity != entity) return keys();
  return static_cast<size_t>(at - first_rows_.begin());
}

}  // namespace verdict::aggregate
