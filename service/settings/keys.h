// The one table of keys: where each value lies, what it may be, and what it is for.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "settings/settings.h"

namespace verdict::settings {

struct IntSlot {
  int64_t* value = nullptr;
  int64_t least = 0;
  int64_t most = INT64_MAX;
};

// One key. `name` is dotted as it nests in the file: "grpc.threads"; its flag is --grpc-threads,
// its variable VERDICT_GRPC_THREADS.
struct Key {
  std::string name;
  std::string help;
  std::variant<std::string*, bool*, ClockKind*, LogLevel*, ValueFormat*, IntSlot> slot;

  std::string Flag() const;      // "--grpc-threads"
  std::string Variable() const;  // "VERDICT_GRPC_THREADS"
  std::string Text() const;      // the value as it stands
  bool is_bool() const { return std::holds_alternative<bool*>(slot); }
};

// Every key, over the members of `settings`, which must outlive it.
std::vector<Key> KeysOf(Settings* settings);

// Sets a key from text (a flag, a variable). Errors: InvalidArgument, beginning with `origin`
// ("--grpc-threads").
absl::Status SetFromText(const Key& key, const std::string& text, const std::string& origin);

}  // namespace verdict::settings
