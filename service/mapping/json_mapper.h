// Turns foreign JSON objects into events, by a mapping that names their members.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "mapping/mapping.h"
#include "mapping/row_mapper.h"
#include "model/event.h"

namespace verdict::mapping {

// Thread-compatible. A "column" of the mapping is the path of a member: "amount", "card.token",
// "items.0.sku". Numbers are read as they are written, so that amounts stay exact. A member that is
// absent or null is an empty text.
class JsonMapper {
 public:
  // Errors: InvalidArgument for a mapping with a label, because one object is one event here.
  static absl::StatusOr<JsonMapper> Bind(Mapping mapping);
  ~JsonMapper();
  JsonMapper(JsonMapper&&) noexcept;
  JsonMapper& operator=(JsonMapper&&) noexcept;

  // False: a filter leaves the object out. Overwrites `event`. Errors: InvalidArgument naming
  // field, member and reason, or where the text is no JSON.
  absl::StatusOr<bool> Map(std::string_view json, model::Event* event);

 private:
  class Reader;
  JsonMapper(RowMapper mapper, std::vector<std::string> members, std::vector<std::string> required);

  RowMapper mapper_;
  std::vector<std::string> required_;  // members without which there is no event
  std::unique_ptr<Reader> reader_;
};

}  // namespace verdict::mapping
