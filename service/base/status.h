// The macros that carry absl::Status upwards.
#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define VERDICT_CONCAT_INNER(a, b) a##b
#define VERDICT_CONCAT(a, b) VERDICT_CONCAT_INNER(a, b)

// Returns the error of `expression` (an absl::Status) from the enclosing function.
#define RETURN_IF_ERROR(expression)                  \
  do {                                               \
    absl::Status verdict_status = (expression);      \
    if (!verdict_status.ok()) return verdict_status; \
  } while (false)

// Assigns the value of `expression` (an absl::StatusOr) to `target`, or returns its error.
#define ASSIGN_OR_RETURN(target, expression) \
  ASSIGN_OR_RETURN_INNER(VERDICT_CONCAT(verdict_or_, __LINE__), target, expression)
#define ASSIGN_OR_RETURN_INNER(holder, target, expression) \
  auto holder = (expression);                              \
  if (!holder.ok()) return std::move(holder).status();     \
  target = *std::move(holder)
