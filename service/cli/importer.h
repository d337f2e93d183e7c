// Rows of a file into the log, each as the event it describes; what is no event is counted and
// written down.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/event_reader.h"
#include "eventlog/event_source.h"

namespace verdict::cli {

struct ImportOptions {
  EventReaderOptions input;
  std::string reject_path;  // rows that are no events, with line and reason; empty: none is written
  int64_t until_ms = INT64_MAX;  // rows from here on are left out
};

struct BadRow {
  int64_t line = 0;
  std::string reason;
};
inline constexpr size_t kBadRowsShown = 10;

struct ImportSummary {
  int64_t rows = 0;
  int64_t payments = 0;
  int64_t other_events = 0;  // REFUND, REVERSAL, LABEL
  int64_t filtered = 0;      // by the mapping's filters
  int64_t after_until = 0;
  int64_t out_of_order =
      0;  // rows older than one before them; the log stamps them later than they happened
  int64_t bad = 0;
  std::vector<BadRow> first_bad;                      // kBadRowsShown at most
  int64_t first_ms = INT64_MAX, last_ms = INT64_MIN;  // event times
  double seconds = 0;
};

// Takes a batch of events, in order.
using AppendEvents = std::function<absl::Status(std::span<eventlog::AppendRequest>)>;

// Reads the whole file. Errors: the file, the mapping, the reject file or what `append` returned;
// then a part of the rows may have been appended.
absl::StatusOr<ImportSummary> Import(const ImportOptions& options, const AppendEvents& append);

}  // namespace verdict::cli
