// A manifest as bytes, with a format number and a checksum.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "aggregate/aggregate_store.h"

namespace verdict::aggregate {

std::string EncodeManifest(const Manifest& manifest);
// Errors: DataLoss.
absl::StatusOr<Manifest> DecodeManifest(std::string_view bytes);

}  // namespace verdict::aggregate
