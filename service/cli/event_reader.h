// Events from a file: CSV by a mapping, JSON lines, or length-delimited messages.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "cli/input_file.h"
#include "model/event.h"

namespace verdict::cli {

// One row of the input, read.
struct InputEvent {
  int64_t line = 0;      // where it begins; for messages their number
  std::string_view raw;  // as it stands in the file (empty for messages); holds until the next row
  std::string error;     // kBad alone
  model::Event event;
  std::optional<bool> label;  // the row also says whether the payment was a fraud
};

// Thread-compatible.
class EventReader {
 public:
  enum class State : uint8_t { kEvent, kSkipped, kBad, kEnd };
  virtual ~EventReader() = default;
  // Errors: what the file says; a bad row is kBad and reading goes on.
  virtual absl::StatusOr<State> Next(InputEvent* out) = 0;
  virtual const InputFile& file() const = 0;
};

enum class InputFormat : uint8_t { kByName, kCsv, kJsonLines, kDelimited };

struct EventReaderOptions {
  std::string path;                           // "-": standard input
  std::string mapping;                        // a mapping file; empty: columns by their names
  InputFormat format = InputFormat::kByName;  // .jsonl, .json and .ndjson, .events and .pb; else
                                              // CSV; each also with .gz
};
absl::StatusOr<std::unique_ptr<EventReader>> OpenEventReader(const EventReaderOptions& options);

}  // namespace verdict::cli
