// Where settings come from: defaults < file < environment < flags. Start here.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "settings/settings.h"

namespace verdict::settings {

// What the command line asked for.
struct Invocation {
  enum class Action { kServe, kCheckConfig, kPrint };
  Action action = Action::kServe;
  Settings settings;
  std::string text;  // kPrint (--help, --version), kCheckConfig: every key with its value
  std::vector<std::string> warnings;  // variables that look like ours and are no key
};

struct Input {
  std::vector<std::string> arguments;              // without the program's name
  std::map<std::string, std::string> environment;  // all of it
  std::string version;                             // for --version
};

// Errors: InvalidArgument, one line that names file or flag or variable, key and reason.
absl::StatusOr<Invocation> Load(const Input& input);

// For other programs than verdictd: defaults < file < environment, checked as Load checks.
absl::StatusOr<Settings> LoadFile(const std::string& path,
                                  const std::map<std::string, std::string>& environment);

// The process's own environment as Load wants it.
std::map<std::string, std::string> ProcessEnvironment();

// Checks what no single key shows: addresses, TLS, zone, currency. Errors: InvalidArgument naming
// the key.
absl::Status Validate(const Settings& settings);

// "host:port" taken apart; IPv6 hosts stand in brackets. Errors: InvalidArgument.
struct HostPort {
  std::string host;
  int port = 0;
  bool is_loopback() const;
};
absl::StatusOr<HostPort> ParseHostPort(const std::string& text);

}  // namespace verdict::settings
