#include "cli/tiles_reader.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <string_view>
#include <tuple>
#include <utility>

#include "absl/strings/str_format.h"
#include "aggregate/day_importer.h"
#include "base/status.h"
#include "cli/csv_reader.h"
#include "cli/terminal.h"
#include "eventlog/rules_of_the_log.h"
#include "mapping/exact_number.h"
#include "model/business_day.h"
#include "model/card_mask.h"
#include "model/card_number.h"

namespace verdict::cli {
namespace {

using aggregate::ImportedDay;

enum Column { kEntity, kId, kDay, kSum, kCount, kMin, kMax, kColumns };
constexpr std::array<std::string_view, kColumns> kNames = {"entity", "id",  "day", "sum",
                                                           "count",  "min", "max"};
constexpr int64_t kRowsBetweenUpdates = 4096;

// Thread-compatible. One run over one file.
class Run {
 public:
  explicit Run(const TilesOptions& options)
      : options_(options), measure_(options.features->measures()[options.measure]) {
    const feature::Entity& entity = options.features->entities()[measure_.entity];
    entity_ = entity.name;
    id_bytes_max_ =
        static_cast<size_t>(options.features->schema().fields()[entity.key_slot].max_len);
  }

  absl::StatusOr<Tiles> All() {
    const auto begin = std::chrono::steady_clock::now();
    ASSIGN_OR_RETURN(std::unique_ptr<InputFile> file, InputFile::Open(options_.path));
    CsvReader reader(std::move(file), ',');
    RETURN_IF_ERROR(ReadHeader(&reader));
    Progress progress("reading, bytes of " + options_.path, reader.file().size());
    CsvRow row;
    while (true) {
      ASSIGN_OR_RETURN(const bool more, reader.Next(&row));
      if (!more) break;
      ++summary().rows;
      if (summary().rows > UINT32_MAX) return absl::ResourceExhaustedError("too many rows");
      const absl::Status taken = Take(row);
      if (!taken.ok()) Reject(row.line, std::string(taken.message()));
      if (summary().rows % kRowsBetweenUpdates == 0) progress.Update(reader.file().position());
    }
    RejectRepeats();
    RETURN_IF_ERROR(LeaveOut());
    std::stable_sort(summary().first_bad.begin(), summary().first_bad.end(),
                     [](const BadRow& a, const BadRow& b) { return a.line < b.line; });
    summary().seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    return std::move(tiles_);
  }

 private:
  TilesSummary& summary() { return tiles_.summary; }
  bool has_extremes() const { return measure_.state == feature::MeasureState::kExtremes; }

  bool Needed(Column column) const {
    switch (column) {
      case kSum:
        return measure_.of_slot.has_value();
      case kMin:
      case kMax:
        return has_extremes();
      default:
        return true;
    }
  }

  absl::Status ReadHeader(CsvReader* reader) {
    CsvRow row;
    ASSIGN_OR_RETURN(const bool more, reader->Next(&row));
    columns_.fill(-1);
    if (more && row.error.empty()) {
      for (size_t i = 0; i < row.fields.size(); ++i) {
        const auto at = std::find(kNames.begin(), kNames.end(), row.fields[i]);
        if (at == kNames.end()) {
          summary().other_columns.emplace_back(row.fields[i].substr(0, 64));
          continue;
        }
        int& place = columns_[static_cast<size_t>(at - kNames.begin())];
        if (place >= 0) return BadHeader(absl::StrFormat("it names \"%s\" twice", *at));
        place = static_cast<int>(i);
      }
    }
    for (int column = 0; column < kColumns; ++column) {
      if (!Needed(static_cast<Column>(column)) || columns_[static_cast<size_t>(column)] >= 0) {
        continue;
      }
      return BadHeader(
          absl::StrFormat("it does not name \"%s\"", kNames[static_cast<size_t>(column)]));
    }
    return absl::OkStatus();
  }

  absl::Status BadHeader(const std::string& why) const {
    return absl::InvalidArgumentError(absl::StrFormat(
        "%s: the first line must name the columns entity, id, day%s, count%s: %s", options_.path,
        measure_.of_slot ? ", sum" : "", has_extremes() ? ", min, max" : "", why));
  }

  std::string_view Field(const CsvRow& row, Column column) const {
    return row.fields[static_cast<size_t>(columns_[column])];
  }

  absl::Status Take(const CsvRow& row) {
    if (!row.error.empty()) return absl::InvalidArgumentError(row.error);
    for (const int place : columns_) {
      if (place < static_cast<int>(row.fields.size())) continue;
      return absl::InvalidArgumentError(
          absl::StrFormat("the row has %d columns, the first line has more", row.fields.size()));
    }
    if (Field(row, kEntity) != entity_) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "entity: `%s`, but the feature is of `%s`", Field(row, kEntity).substr(0, 32), entity_));
    }
    const std::string_view id = Field(row, kId);
    if (id.empty()) return absl::InvalidArgumentError("id: is empty");
    if (id.size() > id_bytes_max_) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "id: has %d bytes, more than the %d of any payment's", id.size(), id_bytes_max_));
    }
    if (model::LooksLikeCardNumber(id)) {
      return absl::InvalidArgumentError("id: is a card number; cards are named by their token");
    }
    ImportedDay tile;
    tile.entity = options_.hasher->Entity(entity_, id);
    tile.line = static_cast<uint32_t>(row.line);
    ASSIGN_OR_RETURN(tile.day, Day(Field(row, kDay)));
    ASSIGN_OR_RETURN(tile.count, Number("count", Field(row, kCount)));
    if (measure_.of_slot) {
      ASSIGN_OR_RETURN(tile.sum, Number("sum", Field(row, kSum)));
    }
    if (has_extremes()) RETURN_IF_ERROR(TakeExtremes(Field(row, kMin), Field(row, kMax), &tile));
    tiles_.rows.push_back(tile);
    return absl::OkStatus();
  }

  static absl::StatusOr<model::DayNumber> Day(std::string_view text) {
    const absl::StatusOr<model::DayNumber> day = model::ParseDay(text);
    if (!day.ok()) {
      return absl::InvalidArgumentError(
          absl::StrFormat("day: %s", std::string(day.status().message())));
    }
    if (*day < eventlog::kFirstDayCounted || *day > eventlog::kLastDayCounted) {
      return absl::InvalidArgumentError(
          absl::StrFormat("day: %s cannot be kept", std::string(text)));
    }
    return *day;
  }

  static absl::StatusOr<int64_t> Number(const char* name, std::string_view text) {
    const absl::StatusOr<int64_t> value = mapping::ParseWhole(text);
    if (value.ok()) return *value;
    return absl::InvalidArgumentError(
        absl::StrFormat("%s: %s", name, std::string(value.status().message())));
  }

  // Both empty: no payment on that day, refunds and reversals alone.
  static absl::Status TakeExtremes(std::string_view least, std::string_view most,
                                   ImportedDay* tile) {
    if (least.empty() && most.empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(tile->min, Number("min", least));
    ASSIGN_OR_RETURN(tile->max, Number("max", most));
    if (tile->min <= tile->max) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrFormat("min: %d is above max, %d", tile->min, tile->max));
  }

  void Reject(int64_t line, std::string reason) {
    model::MaskCardNumbers(&reason);
    ++summary().bad;
    if (summary().first_bad.size() < kBadTilesShown) {
      summary().first_bad.push_back({line, std::move(reason)});
    }
  }

  // Which of several rows of one day is right nobody knows here: all of them are bad.
  void RejectRepeats() {
    std::vector<ImportedDay>& rows = tiles_.rows;
    const auto place = [](const ImportedDay& row) { return std::tie(row.entity, row.day); };
    std::sort(rows.begin(), rows.end(), [&](const ImportedDay& a, const ImportedDay& b) {
      return std::tuple(place(a), a.line) < std::tuple(place(b), b.line);
    });
    auto kept = rows.begin();
    for (auto first = rows.begin(); first != rows.end();) {
      auto end = first + 1;
      while (end != rows.end() && place(*end) == place(*first)) ++end;
      if (end - first == 1) {
        *kept++ = *first;
      } else {
        Reject(first->line, absl::StrFormat("line %d has the same entity and day", first[1].line));
        for (auto again = first + 1; again != end; ++again) {
          Reject(again->line, absl::StrFormat("line %d has the same entity and day", first->line));
        }
      }
      first = end;
    }
    rows.erase(kept, rows.end());
  }

  // Days that this import has nothing to do with.
  absl::Status LeaveOut() {
    std::vector<ImportedDay>& rows = tiles_.rows;
    if (rows.empty() && summary().bad == 0) {
      return absl::InvalidArgumentError(options_.path + " has no rows");
    }
    const auto by_day = [](const ImportedDay& a, const ImportedDay& b) { return a.day < b.day; };
    const auto newest = std::max_element(rows.begin(), rows.end(), by_day);
    tiles_.before = options_.before.value_or(newest == rows.end() ? 0 : newest->day + 1);
    const model::DayNumber oldest = aggregate::OldestImportedDay(*options_.features, tiles_.before);
    tiles_.from = tiles_.before;
    for (const ImportedDay& row : rows) {
      if (row.day >= oldest) tiles_.from = std::min(tiles_.from, row.day);
    }
    tiles_.from = std::max(oldest, options_.from.value_or(tiles_.from));
    std::erase_if(rows, [&](const ImportedDay& row) {
      int64_t* const why = row.day >= tiles_.before        ? &summary().not_owned
                           : row.day < oldest              ? &summary().too_old
                           : row.day < tiles_.from         ? &summary().before_from
                           : row.tile() == feature::Tile() ? &summary().empty
                                                           : nullptr;
      if (why != nullptr) ++*why;
      return why != nullptr;
    });
    summary().taken = static_cast<int64_t>(rows.size());
    summary().negative = std::count_if(rows.begin(), rows.end(),
                                       [](const ImportedDay& row) { return row.count < 0; });
    return absl::OkStatus();
  }

  const TilesOptions& options_;
  const feature::Measure& measure_;
  std::string entity_;
  size_t id_bytes_max_;
  std::array<int, kColumns> columns_{};  // places in a row; -1: not there
  Tiles tiles_;
};

}  // namespace

absl::StatusOr<Tiles> ReadTiles(const TilesOptions& options) { return Run(options).All(); }

}  // namespace verdict::cli
