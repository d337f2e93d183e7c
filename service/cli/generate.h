// `verdict generate`: seeded, labelled payments to try Verdict on.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/status/statusor.h"
#include "cli/payment.h"

namespace verdict::cli {

struct GenerateOptions {
  uint64_t seed = 1;
  uint32_t merchants = 10000;
  uint32_t cards = 100000;
  int days = 30;                     // of history; today is the day after
  std::string start = "2025-01-01";  // first day of the history
  uint64_t payments_per_day = 100000;
  uint64_t today_payments = 120000;
  std::string out;           // folder, made where it is missing
  bool gzip = false;         // history.csv.gz
  bool json_events = false;  // today.jsonl in place of today.events
};

struct GenerateSummary {
  struct Line {
    int64_t payments = 0;
    int64_t amount_base_minor = 0;
  };
  Line history, today;
  std::array<Line, kFraudKinds> by_kind;  // history and today together
  uint64_t bytes = 0;                     // of all files, before compression
  double seconds = 0;
};

// Writes history.csv, today.events and labels.csv: the same options give the same bytes. Errors:
// bad options, disk.
absl::StatusOr<GenerateSummary> Generate(const GenerateOptions& options);

void AddGenerateCommand(CLI::App& app, int* exit_code);

}  // namespace verdict::cli
