// CLI11's exceptions stop here.
#include "settings/load.h"

#include <algorithm>
#include <fstream>
#include <optional>
#include <sstream>
#include <utility>

#include "CLI/CLI.hpp"
#include "absl/strings/str_format.h"
#include "base/status.h"
#include "settings/file.h"
#include "settings/keys.h"

extern char** environ;

namespace verdict::settings {
namespace {

constexpr char kPrefix[] = "VERDICT_";
constexpr char kFileVariable[] = "VERDICT_CONFIG";
constexpr size_t kMaxFileBytes = 1 << 20;

// What the command line said, before it is understood.
struct Flags {
  std::map<std::string, std::string> values;  // key name -> text
  std::string config;
  bool check_config = false;
  bool version = false;
  std::string help;  // not empty: --help was given
};

void AddFlag(const Key& key, Flags* flags, CLI::App* app) {
  const auto set = [flags, name = key.name](const std::string& text) {
    flags->values[name] = text;
  };
  const std::string help = absl::StrFormat("%s [%s]", key.help, key.Text());
  if (key.is_bool()) {
    app->add_flag_function(
        key.Flag() + ",!--no-" + key.Flag().substr(2),
        [set](int64_t count) { set(count > 0 ? "true" : "false"); }, help);
  } else {
    app->add_option_function<std::string>(key.Flag(), set, help)->type_name("");
  }
}

absl::StatusOr<Flags> ParseFlags(const std::vector<std::string>& arguments,
                                 const std::vector<Key>& keys) {
  Flags flags;
  CLI::App app{
      "verdictd decides, in milliseconds, whether a payment is fraud.\n"
      "Every key may stand in a JSON file (comments allowed; --config), in the environment "
      "(VERDICT_GRPC_THREADS) or "
      "here; later ones win.\nExample: verdictd --embedded /var/lib/verdict --rules rules",
      "verdictd"};
  app.add_option("--config", flags.config, "the JSON file (or VERDICT_CONFIG)")->type_name("");
  app.add_flag("--check-config", flags.check_config, "check all of it, print every key, and end");
  app.add_flag("--version", flags.version, "print the version and end");
  for (const Key& key : keys) AddFlag(key, &flags, &app);
  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    app.parse(std::move(reversed));
  } catch (const CLI::CallForHelp&) {
    flags.help = app.help();
  } catch (const CLI::ParseError& error) {
    std::string why = error.what();
    std::replace(why.begin(), why.end(), '\n', ' ');
    return absl::InvalidArgumentError(absl::StrFormat("%s (--help lists the flags)", why));
  }
  return flags;
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();  // of an empty file: nothing, and no fault of the file
  if (!file) {
    return absl::InvalidArgumentError(absl::StrFormat("--config: cannot read %s", path));
  }
  std::string text = std::move(content).str();
  if (text.size() > kMaxFileBytes) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%s: larger than %d bytes", path, kMaxFileBytes));
  }
  return text;
}

// Kubernetes sets VERDICT_SERVICE_HOST, VERDICT_PORT_... for a Service named verdict; failpoints
// are base's.
bool IsForeign(const std::string& name) {
  const std::string rest = name.substr(sizeof kPrefix - 1);
  return rest.rfind("SERVICE_", 0) == 0 || rest == "PORT" || rest.rfind("PORT_", 0) == 0 ||
         rest.rfind("FAILPOINT", 0) == 0;
}

absl::Status ApplyEnvironment(const std::map<std::string, std::string>& environment,
                              const std::vector<Key>& keys, std::vector<std::string>* warnings) {
  for (const auto& [name, text] : environment) {
    if (name.rfind(kPrefix, 0) != 0 || name == kFileVariable || IsForeign(name)) continue;
    const auto key = std::find_if(keys.begin(), keys.end(), [&, &wanted = name](const Key& k) {
      return k.Variable() == wanted;
    });
    if (key == keys.end()) {
      warnings->push_back(absl::StrFormat("environment: %s is no setting and does nothing", name));
      continue;
    }
    RETURN_IF_ERROR(SetFromText(*key, text, name));
  }
  return absl::OkStatus();
}

std::string Listing(const std::vector<Key>& keys) {
  std::string out;
  for (const Key& key : keys) absl::StrAppendFormat(&out, "%-30s %s\n", key.name, key.Text());
  return out;
}

}  // namespace

std::map<std::string, std::string> ProcessEnvironment() {
  std::map<std::string, std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (const size_t equals = text.find('='); equals != std::string::npos) {
      environment[text.substr(0, equals)] = text.substr(equals + 1);
    }
  }
  return environment;
}

absl::StatusOr<Settings> LoadFile(const std::string& path,
                                  const std::map<std::string, std::string>& environment) {
  Settings settings;
  const std::vector<Key> keys = KeysOf(&settings);
  std::vector<std::string> warnings;  // verdictd says them
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  RETURN_IF_ERROR(ApplyFile(path, text, keys));
  RETURN_IF_ERROR(ApplyEnvironment(environment, keys, &warnings));
  RETURN_IF_ERROR(Validate(settings));
  return settings;
}

absl::StatusOr<Invocation> Load(const Input& input) {
  Invocation invocation;
  const std::vector<Key> keys = KeysOf(&invocation.settings);
  ASSIGN_OR_RETURN(const Flags flags, ParseFlags(input.arguments, keys));
  if (!flags.help.empty() || flags.version) {
    invocation.action = Invocation::Action::kPrint;
    invocation.text = flags.version ? absl::StrFormat("verdictd %s\n", input.version) : flags.help;
    return invocation;
  }
  std::string path = flags.config;
  if (const auto named = input.environment.find(kFileVariable);
      path.empty() && named != input.environment.end()) {
    path = named->second;
  }
  if (!path.empty()) {
    ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
    RETURN_IF_ERROR(ApplyFile(path, text, keys));
  }
  RETURN_IF_ERROR(ApplyEnvironment(input.environment, keys, &invocation.warnings));
  for (const Key& key : keys) {
    if (const auto given = flags.values.find(key.name); given != flags.values.end()) {
      RETURN_IF_ERROR(SetFromText(key, given->second, key.Flag()));
    }
  }
  RETURN_IF_ERROR(Validate(invocation.settings));
  if (flags.check_config) {
    invocation.action = Invocation::Action::kCheckConfig;
    invocation.text = Listing(keys) + "the configuration is valid\n";
  }
  return invocation;
}

}  // namespace verdict::settings
