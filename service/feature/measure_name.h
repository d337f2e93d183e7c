// What people and metrics call a measure: the first feature that reads it.
#pragma once

#include <string>

#include "feature/feature_set.h"

namespace verdict::feature {

// "merchant.volume_30d". REQUIRES: an index into features.measures(). (Sliding measures are
// numbered apart.)
inline const std::string& MeasureName(const FeatureSet& features, size_t measure) {
  static const std::string kUnread;
  for (const Feature& feature : features.features()) {
    if (!feature.slides() && feature.measure == measure) return feature.full_name;
  }
  return kUnread;
}

}  // namespace verdict::feature
