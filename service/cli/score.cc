#include "cli/score.h"

#include <google/protobuf/util/json_util.h>

#include <cstdio>
#include <memory>

#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "cli/input_file.h"
#include "cli/score_client.h"
#include "cli/terminal.h"
#include "model/business_day.h"
#include "model/transaction.h"
#include "wire/event_json.h"
#include "wire/event_proto.h"

namespace verdict::cli {
namespace {

// As much JSON as is read; how large a payment may be, verdictd says.
constexpr size_t kTransactionBytesMax = size_t{1} << 20;
constexpr char kExample[] =
    "One payment, as JSON (the fields of verdict.v1.Transaction):\n"
    "  echo '{\"id\": \"t1\", \"event_time_ms\": 1735690000000, \"amount_minor\": 1234, "
    "\"currency\": \"EUR\",\n"
    "         \"merchant_id\": \"m000004\", \"card_id\": \"c00000001\"}' | verdict score --txn - "
    "--features\n"
    "The rows of a file, in order, each answered before the next is sent:\n"
    "  verdict score --csv day.csv --map mapping.json --from 2018-06-01 --until 2018-06-02 \\\n"
    "      --features merchant.volume_30d,merchant.count_30d --out answers.csv";

struct Arguments {
  ScoreFileOptions file;
  std::string txn, csv, from, until, features;
  bool all_features = false;
  bool record = true;
  bool serial = true;  // what --csv always is
  int timeout_ms = 10000;
  OutputFormat format = OutputFormat::kText;
};

std::string Joined(const google::protobuf::RepeatedPtrField<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all += (all.empty() ? "" : ", ") + text;
  return all.empty() ? "-" : all;
}

std::string ValueText(const v1::FeatureValue& feature) {
  if (feature.has_double_value()) return absl::StrFormat("%.2f", feature.double_value());
  if (feature.has_int_value()) return WithThousands(feature.int_value());
  return "missing";
}

void PrintText(const v1::ScoreResponse& r) {
  absl::PrintF("%s  %s%s\n", r.transaction_id(), ShortName(r.decision()),
               r.replayed() ? "  (replayed)" : "");
  absl::PrintF("  score       %d\n  reasons     %s\n  rules       %s\n", r.score(),
               Joined(r.reasons()), Joined(r.rule_ids()));
  absl::PrintF("  provenance  %s%s\n  rule set    %s\n", ShortName(r.provenance()),
               r.partial_reasons_size() > 0 ? " (" + Joined(r.partial_reasons()) + ")" : "",
               r.rule_set());
  if (r.features_size() == 0) return;
  Table table({"feature", "value", "provenance", "why"});
  for (const v1::FeatureValue& f : r.features()) {
    table.Add({f.name(), ValueText(f), std::string(ShortName(f.provenance())),
               f.partial_reasons_size() > 0 ? Joined(f.partial_reasons()) : ""});
  }
  absl::PrintF("%s", table.Text());
}

void PrintJson(const v1::ScoreResponse& response) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  std::string text;
  if (google::protobuf::util::MessageToJsonString(response, &text, options).ok())
    absl::PrintF("%s\n", text);
}

absl::Status ScoreOne(const Arguments& arguments) {
  ASSIGN_OR_RETURN(const std::string json, ReadFile(arguments.txn, kTransactionBytesMax));
  model::Transaction txn;
  if (const absl::Status read = wire::TransactionFromJson(json, &txn); !read.ok()) {
    const std::string where = arguments.txn == "-" ? "standard input" : arguments.txn;
    return absl::Status(read.code(), absl::StrFormat("%s: %s", where, read.message()));
  }
  v1::ScoreRequest request;
  wire::ToProto(txn, request.mutable_transaction());
  request.set_record(arguments.record);
  request.set_include_features(arguments.all_features);
  ScoreClient client(arguments.file.address, arguments.file.timeout);
  RETURN_IF_ERROR(client.Connect());
  ASSIGN_OR_RETURN(const v1::ScoreResponse response, client.Score(request));
  if (arguments.format == OutputFormat::kJson) {
    PrintJson(response);
  } else {
    PrintText(response);
  }
  return absl::OkStatus();
}

absl::StatusOr<int> ScoreRows(Arguments& arguments) {
  ScoreFileOptions& file = arguments.file;
  file.input.path = arguments.csv;
  if (file.out.empty()) return absl::InvalidArgumentError("--csv needs --out FILE for the answers");
  if (!arguments.from.empty()) {
    ASSIGN_OR_RETURN(file.from_ms, model::ParseTimeMs(arguments.from));
  }
  if (!arguments.until.empty()) {
    ASSIGN_OR_RETURN(file.until_ms, model::ParseTimeMs(arguments.until));
  }
  if (!arguments.features.empty()) file.features = absl::StrSplit(arguments.features, ',');
  ASSIGN_OR_RETURN(const ScoreFileSummary s, ScoreFile(file));
  if (arguments.format == OutputFormat::kJson) {
    absl::PrintF(
        "{\"scored\": %d, \"full\": %d, \"failed\": %d, \"bad_rows\": %d, \"seconds\": %.3f}\n",
        s.scored, s.full, s.failed, s.bad_rows, s.seconds);
  } else {
    absl::PrintF("%s scored in %.1f s, %s of them FULL; %s failed, %s bad rows; answers in %s\n",
                 WithThousands(s.scored), s.seconds, WithThousands(s.full), WithThousands(s.failed),
                 WithThousands(s.bad_rows), file.out);
  }
  return s.failed + s.bad_rows > 0 ? kExitFindings : kExitOk;
}

void RunScore(Arguments& arguments, int* exit_code) {
  arguments.file.timeout = std::chrono::milliseconds(arguments.timeout_ms);
  if (arguments.txn.empty() == arguments.csv.empty()) {
    *exit_code = ExitWith(
        "score",
        absl::InvalidArgumentError("give either --txn FILE or --csv FILE (- is standard input)"));
  } else if (!arguments.txn.empty()) {
    *exit_code = ExitWith("score", ScoreOne(arguments));
  } else {
    const absl::StatusOr<int> code = ScoreRows(arguments);
    *exit_code = code.ok() ? *code : ExitWith("score", code.status());
  }
}

}  // namespace

void AddScoreCommand(CLI::App& app, int* exit_code) {
  CLI::App* command = app.add_subcommand("score", "ask a running verdictd to decide payments");
  command->footer(kExample);
  auto a = std::make_shared<Arguments>();
  command->add_option("--addr", a->file.address, "host:port of verdictd")->capture_default_str();
  command->add_option("--txn", a->txn, "one payment as JSON; - is standard input");
  command->add_option("--csv", a->csv, "many payments, as `verdict import` reads them");
  command->add_option("--map", a->file.input.mapping, "with --csv: which column is which field");
  command->add_option("--from", a->from, "with --csv: rows from this time on");
  command->add_option("--until", a->until, "with --csv: rows before this time");
  command->add_flag(
      "--serial", a->serial,
      "with --csv: one after the other (there is no other way here; see verdict-load)");
  CLI::Option* features =
      command
          ->add_option("--features", a->features,
                       "print all features; with --csv a column for each of a,b,c")
          ->expected(0, 1);
  command->add_option("--out", a->file.out, "with --csv: the answers, a row each");
  command->add_flag("!--no-record", a->record,
                    "with --txn: leave appending the PAYMENT event to the caller");
  command->add_option("--timeout-ms", a->timeout_ms, "for each call")
      ->capture_default_str()
      ->check(CLI::Range(1, 600000));
  AddFormatOption(command, &a->format);
  command->callback([a, features, exit_code] {
    a->all_features = features->count() > 0;
    RunScore(*a, exit_code);
  });
}

}  // namespace verdict::cli
