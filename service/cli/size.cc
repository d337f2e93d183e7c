#include "cli/size.h"

#include <array>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "cli/lint.h"
#include "cli/terminal.h"
#include "ruleset/rule_set.h"
#include "settings/load.h"

namespace verdict::cli {
namespace {

constexpr char kExample[] =
    "Upper figures: payments fall on merchants, cards ... evenly, which touches the most of them "
    "in "
    "a day. Bytes are\n"
    "those of the program's own structures; what Redis and RocksDB put around them is an estimate. "
    "Not in it: the\n"
    "program itself, gRPC's buffers (grpc.memory_bytes_max), RocksDB's own caches.\n"
    "Exit status: 0 all fits into the settings, 1 some memory.* setting is too small, 2 trouble.\n"
    "Example: verdict size --rules rules --merchants 500000 --cards 20000000 --payments-per-day "
    "5000000\n"
    "         verdict size --config verdict.json --peak-rate 35000 --format json";

struct Arguments {
  std::string rules, config;
  feature::FeatureOptions days;
  Traffic traffic;
  std::vector<std::string> entities;  // "ip=200000"
  int64_t retry_s = 0;                // 0: as the settings say
  OutputFormat format = OutputFormat::kText;
};

std::string Bytes(double bytes) {
  constexpr std::array<const char*, 5> kUnits = {"B", "KiB", "MiB", "GiB", "TiB"};
  size_t unit = 0;
  for (; bytes >= 1024 && unit + 1 < kUnits.size(); ++unit) bytes /= 1024;
  return absl::StrFormat("%.*f %s", unit == 0 ? 0 : 1, bytes, kUnits[unit]);
}

std::string Whole(double value) { return WithThousands(std::llround(value)); }

const char* WhereName(SizeLine::Where where) {
  switch (where) {
    case SizeLine::Where::kMemory:
      return "memory";
    case SizeLine::Where::kDisk:
      return "disk";
    case SizeLine::Where::kRedis:
      return "redis";
  }
  return "";
}

absl::Status ReadEntities(const std::vector<std::string>& texts, Traffic* traffic) {
  for (const std::string& text : texts) {
    const size_t equals = text.find('=');
    char* end = nullptr;
    const double count =
        equals == std::string::npos ? 0 : std::strtod(text.c_str() + equals + 1, &end);
    if (equals == 0 || end == nullptr || *end != '\0' || end == text.c_str() + equals + 1 ||
        !(count >= 0)) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "--entity: \"%s\" is not NAME=NUMBER, for example --entity ip=200000", text));
    }
    traffic->active[text.substr(0, equals)] = count;
  }
  return absl::OkStatus();
}

absl::StatusOr<SizeEstimate> Estimate(Arguments arguments) {
  settings::Settings settings;
  if (!arguments.config.empty()) {
    ASSIGN_OR_RETURN(settings,
                     settings::LoadFile(arguments.config, settings::ProcessEnvironment()));
    arguments.days.zone_name = settings.zone;
    arguments.days.base_currency = settings.base_currency;
  }
  if (!arguments.rules.empty()) settings.rules = arguments.rules;
  if (arguments.retry_s > 0) settings.retention.decisions_s = arguments.retry_s;
  RETURN_IF_ERROR(ReadEntities(arguments.entities, &arguments.traffic));
  const ruleset::LoadResult loaded =
      ruleset::LoadRuleSet(settings.rules, {.deployment = arguments.days});
  if (loaded.set == nullptr) {
    PrintDiagnostics(loaded.diagnostics, stderr);
    return absl::InvalidArgumentError(
        absl::StrFormat("the rules in %s have errors; `verdict lint %s` shows them", settings.rules,
                        settings.rules));
  }
  return EstimateSize(*loaded.set->features, arguments.traffic, settings);
}

void AddFlags(CLI::App* command, Arguments* a) {
  Traffic& t = a->traffic;
  command->add_option("--rules", a->rules, "folder with features.json [rules]");
  command->add_option("--config", a->config,
                      "verdictd's configuration file: its memory.* settings are held against the "
                      "estimate, else their defaults");
  const auto count = [&](const char* flag, double* value, const char* help) {
    command->add_option(flag, *value, help)
        ->check(CLI::Range(0.0, 1e12))
        ->default_str(Whole(*value));
  };
  count("--merchants", &t.active["merchant"], "merchants seen within the longest window");
  count("--cards", &t.active["card"], "cards, likewise");
  count("--customers", &t.active["customer"], "customers, likewise");
  count("--devices", &t.active["device"], "devices, likewise");
  command->add_option("--entity", a->entities,
                      "NAME=NUMBER, an entity of your own; without it, one a payment");
  count("--payments-per-day", &t.payments_per_day, "payments a day");
  command->add_option("--peak-rate", t.peak_per_s, "payments a second at the peak")
      ->check(CLI::Range(0.0, 1e9))
      ->default_str("three times the mean");
  command
      ->add_option("--where-share", t.where_share,
                   "share of the payments that the `where` of a feature lets in")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command->add_option("--live-epochs", t.live_epochs, "days in memory before they are dropped")
      ->check(CLI::Range(1, 400))
      ->capture_default_str();
  command
      ->add_option("--retry-horizon", a->retry_s,
                   "seconds that a retry gets its first decision [retention.decisions_s]")
      ->check(CLI::Range(int64_t{60}, int64_t{7} * 86400));
  command
      ->add_option("--event-lag", t.event_lag_s, "seconds from a Score until its event is counted")
      ->check(CLI::Range(0.0, 600.0))
      ->capture_default_str();
  command->add_option("--log-days", t.log_days, "days that the embedded log keeps")
      ->check(CLI::Range(0, 36500))
      ->capture_default_str();
  command->add_option("--partitions", t.partitions, "partitions of the log")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  command->add_flag("!--no-embedded", t.embedded,
                    "log and folds are elsewhere: leave out what they take here");
  AddDeploymentOptions(command, &a->days);
  AddFormatOption(command, &a->format);
}

}  // namespace

std::string SizeText(const SizeEstimate& estimate) {
  Table measures({"measure of", "keys a day", "live cells", "B a cell", "live", "blobs",
                  "days each", "B a blob"});
  for (const MeasureSize& one : estimate.measures) {
    measures.Add({one.features, Whole(one.daily_keys), Whole(one.cells),
                  absl::StrFormat("%.1f", one.bytes_per_cell), Bytes(one.cell_bytes),
                  Whole(one.keys), absl::StrFormat("%.1f", one.busy_days), Whole(one.blob_bytes)});
  }
  Table sliding({"sliding measure of", "events", "keys", "size"});
  for (const SlidingSize& one : estimate.sliding) {
    sliding.Add({one.features, Whole(one.events), Whole(one.keys), Bytes(one.bytes)});
  }
  Table lines({"what", "where", "number", "size", "note"});
  for (const SizeLine& one : estimate.lines) {
    lines.Add({one.what, WhereName(one.where), one.count > 0 ? Whole(one.count) : "",
               Bytes(one.bytes), one.note});
  }
  std::string text = measures.Text() + "\n";
  if (!estimate.sliding.empty()) text += sliding.Text() + "\n";
  text += lines.Text();
  absl::StrAppendFormat(&text,
                        "\ntotal: %s of memory, %s of disk; in Redis, if the blobs lie there, "
                        "%s instead of their disk\n",
                        Bytes(estimate.memory_bytes), Bytes(estimate.disk_bytes),
                        Bytes(estimate.redis_bytes));
  if (estimate.exceeded.empty()) return text + "every memory.* setting is large enough\n";
  for (const Exceeded& one : estimate.exceeded) {
    const bool bytes = one.setting.find("bytes") != std::string::npos;
    absl::StrAppendFormat(&text, "%s is %s, %s are needed: %s\n", one.setting,
                          bytes ? Bytes(one.limit) : Whole(one.limit),
                          bytes ? Bytes(one.needed) : Whole(one.needed), one.then);
  }
  return text;
}

std::string SizeJson(const SizeEstimate& estimate) {
  const auto whole = [](double value) { return std::llround(value); };
  nlohmann::ordered_json json;
  json["measures"] = nlohmann::ordered_json::array();
  for (const MeasureSize& one : estimate.measures) {
    json["measures"].push_back({{"features", one.features},
                                {"entity", one.entity},
                                {"daily_keys", whole(one.daily_keys)},
                                {"live_cells", whole(one.cells)},
                                {"bytes_per_cell", one.bytes_per_cell},
                                {"live_bytes", whole(one.cell_bytes)},
                                {"blobs", whole(one.keys)},
                                {"days_per_blob", one.busy_days},
                                {"bytes_per_blob", whole(one.blob_bytes)},
                                {"guard_bytes", whole(one.guard_bytes)}});
  }
  json["sliding"] = nlohmann::ordered_json::array();
  for (const SlidingSize& one : estimate.sliding) {
    json["sliding"].push_back({{"features", one.features},
                               {"entity", one.entity},
                               {"events", whole(one.events)},
                               {"keys", whole(one.keys)},
                               {"bytes", whole(one.bytes)}});
  }
  json["lines"] = nlohmann::ordered_json::array();
  for (const SizeLine& one : estimate.lines) {
    json["lines"].push_back({{"what", one.what},
                             {"where", WhereName(one.where)},
                             {"number", whole(one.count)},
                             {"bytes", whole(one.bytes)},
                             {"note", one.note}});
  }
  json["memory_bytes"] = whole(estimate.memory_bytes);
  json["disk_bytes"] = whole(estimate.disk_bytes);
  json["redis_bytes"] = whole(estimate.redis_bytes);
  json["exceeded"] = nlohmann::ordered_json::array();
  for (const Exceeded& one : estimate.exceeded) {
    json["exceeded"].push_back({{"setting", one.setting},
                                {"limit", whole(one.limit)},
                                {"needed", whole(one.needed)},
                                {"then", one.then}});
  }
  return json.dump();
}

void AddSizeCommand(CLI::App& app, int* exit_code) {
  CLI::App* command =
      app.add_subcommand("size", "estimate the memory and disk that a deployment needs");
  command->footer(kExample);
  auto a = std::make_shared<Arguments>();
  AddFlags(command, a.get());
  command->callback([a, exit_code] {
    const absl::StatusOr<SizeEstimate> estimate = Estimate(*a);
    *exit_code = ExitWith("size", estimate.status());
    if (!estimate.ok()) return;
    const std::string text =
        a->format == OutputFormat::kJson ? SizeJson(*estimate) + "\n" : SizeText(*estimate);
    absl::PrintF("%s", text);
    if (!estimate->exceeded.empty()) *exit_code = kExitFindings;
  });
}

}  // namespace verdict::cli
