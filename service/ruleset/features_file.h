// rules/features.json: declarations of features, read for the feature room to compile.
#pragma once

#include <vector>

#include "feature/feature_set.h"
#include "ruleset/findings.h"
#include "ruleset/json_document.h"

namespace verdict::ruleset {

struct FeaturesFile {
  std::vector<feature::FeatureDeclaration> declarations;
  feature::FeatureOptions options;  // those given, overridden by the file's defaults
};

// `document` may be null: no features.
FeaturesFile ReadFeaturesFile(const JsonDocument* document, const feature::FeatureOptions& options,
                              Findings* findings);

}  // namespace verdict::ruleset
