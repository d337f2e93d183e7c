// Turns the rows of one file into events, by a mapping bound to the file's header.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "mapping/mapping.h"
#include "model/event.h"

namespace verdict::mapping {

// Thread-compatible.
class RowMapper {
 public:
  // Errors: InvalidArgument naming a column that the header has not, and those that it has.
  static absl::StatusOr<RowMapper> Bind(Mapping mapping, const std::vector<std::string>& header);

  // False: a filter leaves the row out. Overwrites `event`; sets `label` where the row says what
  // the payment was. Errors: InvalidArgument naming field, column and reason.
  absl::StatusOr<bool> Map(const std::vector<std::string_view>& row, model::Event* event,
                           std::optional<bool>* label);
  // Whether the filters leave the row in. REQUIRES: it has columns() columns.
  bool Keeps(const std::vector<std::string_view>& row) const;
  size_t columns() const { return columns_; }

 private:
  struct BoundField {
    std::string name;
    FieldSource source;
    size_t column = 0;                                // of sources that have one
    std::string model::Transaction::*text = nullptr;  // null: one of the other fields
  };
  struct BoundFilter {
    RowFilter filter;
    size_t column = 0;
  };
  explicit RowMapper(Mapping mapping) : mapping_(std::move(mapping)) {}
  absl::Status Set(const BoundField& field, std::string_view text, model::Event* event);
  absl::Status SetAmount(const BoundField& field, std::string_view text, model::Event* event);

  Mapping mapping_;
  std::vector<BoundField> fields_;  // texts first: amounts need the currency
  std::vector<BoundFilter> filters_;
  size_t label_column_ = 0;
  size_t columns_ = 0;
};

}  // namespace verdict::mapping
