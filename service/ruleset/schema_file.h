// rules/schema.json: the schema's name, the attributes a request may carry, and the entities.
#pragma once

#include <memory>
#include <vector>

#include "feature/feature_set.h"
#include "rule/schema.h"
#include "ruleset/findings.h"
#include "ruleset/json_document.h"

namespace verdict::ruleset {

struct SchemaFile {
  std::unique_ptr<rule::Schema> schema;  // never null; holds what could be read
  std::vector<feature::Entity>
      entities;  // merchant, card, customer, device, then those of the file
};

// `document` may be null: the built-in fields and entities alone.
SchemaFile ReadSchemaFile(const JsonDocument* document, Findings* findings);

}  // namespace verdict::ruleset
