// `verdict score`: asks a running verdictd about one payment, or about the rows of a file, one
// after the other.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/statusor.h"
#include "cli/event_reader.h"

namespace verdict::cli {

struct ScoreFileOptions {
  std::string address = "127.0.0.1:50051";
  std::chrono::milliseconds timeout{10'000};
  EventReaderOptions input;
  int64_t from_ms = INT64_MIN, until_ms = INT64_MAX;  // by event time
  std::vector<std::string> features;                  // written a column each
  std::string out;  // id,decision,provenance,partial_reasons, then the features
};

struct ScoreFileSummary {
  int64_t scored = 0;
  int64_t failed = 0;    // the service answered with an error
  int64_t bad_rows = 0;  // no payment at all
  int64_t full = 0;      // answers of provenance FULL, features included
  double seconds = 0;
};

// Scores the PAYMENT rows within [from, until) in file order, one at a time. Errors: the file, the
// connection.
absl::StatusOr<ScoreFileSummary> ScoreFile(const ScoreFileOptions& options);

void AddScoreCommand(CLI::App& app, int* exit_code);

}  // namespace verdict::cli
