#include "cli/import.h"

#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "cli/deployment_flags.h"
#include "cli/importer.h"
#include "cli/terminal.h"
#include "model/business_day.h"

namespace verdict::cli {
namespace {

constexpr char kExample[] =
    "FILE is CSV (a mapping says which column is which field; without one they bear the fields' "
    "names), JSON lines\n"
    "(.jsonl) or length-delimited events (.events), each plain or gzip; - is standard input. Rows "
    "keep their own time and\n"
    "should stand in time order. A row that is no payment is counted, told with its line and "
    "reason, and left out.\n"
    "Exit status: 0 all rows taken, 1 some rows were bad, 2 wrong usage or trouble.\n"
    "Example: verdict import history.csv.gz --map mapping.json --until 2025-01-31 --embedded "
    "/var/lib/verdict";

struct Arguments {
  ImportOptions import;
  DeploymentFlags where;
  std::string until;
  OutputFormat format = OutputFormat::kText;
};

std::string TimeText(int64_t time_ms) {
  return time_ms == INT64_MAX || time_ms == INT64_MIN ? "-" : model::FormatTimeMs(time_ms);
}

void PrintText(const ImportSummary& s) {
  Table table({"rows", "number"});
  table.Add({"read", WithThousands(s.rows)});
  table.Add({"payments appended", WithThousands(s.payments)});
  table.Add({"other events appended", WithThousands(s.other_events)});
  table.Add({"left out by a filter", WithThousands(s.filtered)});
  table.Add({"left out by --until", WithThousands(s.after_until)});
  table.Add({"older than one before", WithThousands(s.out_of_order)});
  table.Add({"bad", WithThousands(s.bad)});
  absl::PrintF("%sfrom %s to %s; %.1f s, %s rows/s\n", table.Text(), TimeText(s.first_ms),
               TimeText(s.last_ms), s.seconds,
               WithThousands(
                   static_cast<int64_t>(static_cast<double>(s.rows) / std::max(s.seconds, 0.001))));
  for (const BadRow& row : s.first_bad) absl::PrintF("line %d: %s\n", row.line, row.reason);
  if (s.bad > static_cast<int64_t>(s.first_bad.size())) {
    absl::PrintF("... and %s more; --reject FILE writes all of them\n",
                 WithThousands(s.bad - static_cast<int64_t>(s.first_bad.size())));
  }
}

void PrintJson(const ImportSummary& s) {
  nlohmann::json json = {{"rows", s.rows},
                         {"payments", s.payments},
                         {"other_events", s.other_events},
                         {"filtered", s.filtered},
                         {"after_until", s.after_until},
                         {"out_of_order", s.out_of_order},
                         {"bad", s.bad},
                         {"first", TimeText(s.first_ms)},
                         {"last", TimeText(s.last_ms)},
                         {"seconds", s.seconds},
                         {"first_bad", nlohmann::json::array()}};
  for (const BadRow& row : s.first_bad)
    json["first_bad"].push_back({{"line", row.line}, {"reason", row.reason}});
  absl::PrintF("%s\n", json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

absl::StatusOr<ImportSummary> RunImport(Arguments& arguments) {
  RETURN_IF_ERROR(ResolveDeployment(&arguments.where));
  if (!arguments.until.empty()) {
    ASSIGN_OR_RETURN(arguments.import.until_ms, model::ParseTimeMs(arguments.until));
  }
  if (arguments.import.input.path != "-") {  // a wrong name must not leave a new directory behind
    RETURN_IF_ERROR(OpenEventReader(arguments.import.input).status());
  }
  ASSIGN_OR_RETURN(
      const std::unique_ptr<OpenedDeployment> opened,
      OpenedDeployment::Open(arguments.where, deployment::Role::kImport, "verdict import"));
  deployment::LogBackend& log = opened->parts().log();
  ASSIGN_OR_RETURN(ImportSummary summary,
                   Import(arguments.import, [&](std::span<eventlog::AppendRequest> batch) {
                     return log.AppendBatch(batch);
                   }));
  if (arguments.import.until_ms != INT64_MAX) RETURN_IF_ERROR(log.Seal(arguments.import.until_ms));
  RETURN_IF_ERROR(log.Sync());
  return summary;
}

}  // namespace

void AddImportCommand(CLI::App& app, int* exit_code) {
  static const std::map<std::string, InputFormat> kFormats = {{"csv", InputFormat::kCsv},
                                                              {"jsonl", InputFormat::kJsonLines},
                                                              {"events", InputFormat::kDelimited}};
  CLI::App* command = app.add_subcommand("import", "append a file of payments to the log");
  command->footer(kExample);
  auto a = std::make_shared<Arguments>();
  command->add_option("FILE", a->import.input.path, "what to import; - is standard input")
      ->required();
  command->add_option("--map", a->import.input.mapping, "which column is which field (JSON)");
  command
      ->add_option_function<std::string>(
          "--input-format",
          [a](const std::string& name) { a->import.input.format = kFormats.at(name); },
          "csv, jsonl or events; else told by the file's name")
      ->check(CLI::IsMember({"csv", "jsonl", "events"}));
  command->add_option("--until", a->until,
                      "rows before this time only; the log's time then stands there");
  command->add_option("--reject", a->import.reject_path,
                      "write bad rows here, with line and reason (CSV)");
  AddDeploymentFlags(command, &a->where);
  AddFormatOption(command, &a->format);
  command->callback([a, exit_code] {
    const absl::StatusOr<ImportSummary> summary = RunImport(*a);
    *exit_code = ExitWith("import", summary.status());
    if (!summary.ok()) return;
    a->format == OutputFormat::kJson ? PrintJson(*summary) : PrintText(*summary);
    if (summary->bad > 0) *exit_code = kExitFindings;
  });
}

}  // namespace verdict::cli
