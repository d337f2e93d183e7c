// What every command prints alike: tables, numbers with thousands, a progress bar, one line of
// error.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "base/thousands.h"

namespace verdict::cli {

// The exit statuses of every command.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFindings = 1;
inline constexpr int kExitTrouble = 2;  // wrong usage, or it could not be done

enum class OutputFormat : uint8_t { kText, kJson };
// Adds --format text|json. `format` must outlive the parse.
void AddFormatOption(CLI::App* command, OutputFormat* format);

// Prints "verdict COMMAND: message" on stderr where `status` is an error. Returns the exit status.
int ExitWith(std::string_view command, const absl::Status& status);

using base::Counted;
using base::WithThousands;

// Rows under their headers, columns aligned; those of numbers to the right.
class Table {
 public:
  explicit Table(std::vector<std::string> headers) : headers_(std::move(headers)) {}
  void Add(std::vector<std::string> cells);
  std::string Text() const;

 private:
  std::vector<std::string> headers_;
  std::vector<std::vector<std::string>> rows_;
};

// Thread-compatible. A bar on stderr, a few times a second; nothing where stderr is no terminal.
class Progress {
 public:
  // `total` 0: unknown, only the count is shown.
  Progress(std::string_view what, uint64_t total);
  ~Progress();
  void Update(uint64_t done);

 private:
  void Draw(uint64_t done);
  std::string what_;
  uint64_t total_;
  bool shown_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point begin_, next_;
};

}  // namespace verdict::cli
