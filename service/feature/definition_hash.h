// Definition hashes (R13): what state is kept under, and what an answer was computed by.
#pragma once

#include <cstdint>
#include <string>

#include "feature/feature_set.h"

namespace verdict::feature {

// What the words of a definition mean to this engine. It grows when the same text is to mean
// something else, so that old state is no longer read; a new build alone leaves it as it is.
inline constexpr int kSemantics = 1;

// 64 bits over the measure's meaning alone: not the order of declarations, their names, or how
// `where` is spelled.
uint64_t MeasureHash(const Measure& measure, const Entity& entity, const FeatureOptions& options,
                     const rule::Schema& schema);

uint64_t MeasureHash(const SlidingMeasure& measure, const Entity& entity,
                     const FeatureOptions& options, const rule::Schema& schema);

// The same of a feature; it contains its measure's.
uint64_t FeatureHash(const Feature& feature, uint64_t measure_hash);

}  // namespace verdict::feature
