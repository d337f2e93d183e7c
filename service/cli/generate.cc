#include "cli/generate.h"

#include <chrono>
#include <filesystem>
#include <memory>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "cli/output_file.h"
#include "cli/payment_format.h"
#include "cli/payment_generator.h"
#include "cli/population.h"
#include "cli/terminal.h"
#include "model/business_day.h"
#include "model/money.h"

namespace verdict::cli {
namespace {

constexpr char kExample[] =
    "Writes into --out:\n"
    "  history.csv    one payment a row, by time; the columns are the fields of a Transaction, "
    "then is_fraud, fraud_kind\n"
    "  today.events   the payments of the day after, as PAYMENT events without a status: each its "
    "length as a varint,\n"
    "                 then a verdict.v1.TransactionEvent (--json-events: today.jsonl, a line of "
    "JSON each)\n"
    "  labels.csv     id,is_fraud,kind of every payment of both\n"
    "About 1 payment in 100 is a fraud. The same options give the same bytes.\n"
    "Example: verdict generate --seed 7 --days 30 --out /tmp/payments";

// Weekdays in thousandths of the mean, Thursday first (day 0 of the epoch was one).
constexpr uint64_t kWeekday[7] = {1010, 1120, 1150, 850, 930, 960, 980};

// Thread-compatible. The files of one run, and what went into them.
class Run {
 public:
  Run(const GenerateOptions& options, int64_t start_ms)
      : options_(options),
        start_ms_(start_ms),
        population_({options.seed, options.merchants, options.cards, options.days + 1}),
        generator_(&population_, options.seed),
        format_(&population_) {}

  absl::Status Open() {
    std::error_code error;
    std::filesystem::create_directories(options_.out, error);
    if (error) {
      return absl::UnavailableError(
          absl::StrFormat("cannot make the folder %s: %s", options_.out, error.message()));
    }
    const std::string folder = options_.out + "/";
    ASSIGN_OR_RETURN(history_,
                     OutputFile::Create(folder + "history.csv" + (options_.gzip ? ".gz" : "")));
    ASSIGN_OR_RETURN(today_, OutputFile::Create(
                                 folder + (options_.json_events ? "today.jsonl" : "today.events")));
    ASSIGN_OR_RETURN(labels_, OutputFile::Create(folder + "labels.csv"));
    history_->buffer()->append(kHistoryHeader);
    labels_->buffer()->append(kLabelsHeader);
    return absl::OkStatus();
  }

  void WriteHistoryDay(int day) {
    const int64_t midnight = start_ms_ + day * kDayMs;
    generator_.MakeDay(day, midnight,
                       options_.payments_per_day * kWeekday[midnight / kDayMs % 7] / 1000,
                       &payments_);
    for (const Payment& payment : payments_) {
      format_.AppendHistoryRow(payment, history_->buffer());
      history_->FlushIfLarge();
      Tally(payment, &summary_.history);
    }
  }

  void WriteToday() {
    generator_.MakeDay(options_.days, start_ms_ + options_.days * kDayMs, options_.today_payments,
                       &payments_);
    for (const Payment& payment : payments_) {
      if (options_.json_events) {
        format_.AppendEventJson(payment, today_->buffer());
      } else {
        format_.AppendEvent(payment, today_->buffer());
      }
      today_->FlushIfLarge();
      Tally(payment, &summary_.today);
    }
  }

  absl::StatusOr<GenerateSummary> Close() {
    for (OutputFile* file : {history_.get(), today_.get(), labels_.get()}) {
      RETURN_IF_ERROR(file->Close());
      summary_.bytes += file->bytes();
    }
    return summary_;
  }

  int64_t written() const { return summary_.history.payments; }

 private:
  void Tally(const Payment& payment, GenerateSummary::Line* line) {
    format_.AppendLabelRow(payment, labels_->buffer());
    labels_->FlushIfLarge();
    for (GenerateSummary::Line* l : {line, &summary_.by_kind[static_cast<size_t>(payment.fraud)]}) {
      ++l->payments;
      l->amount_base_minor += payment.amount_base_minor;
    }
  }

  const GenerateOptions& options_;
  int64_t start_ms_;
  Population population_;
  PaymentGenerator generator_;
  PaymentFormat format_;
  std::unique_ptr<OutputFile> history_, today_, labels_;
  std::vector<Payment> payments_;
  GenerateSummary summary_;
};

absl::StatusOr<int64_t> StartMs(const GenerateOptions& options) {
  const absl::StatusOr<int64_t> start = model::ParseTimeMs(options.start + "T00:00:00Z");
  if (!start.ok() || *start < 0) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "--start is a day like 2025-01-01 (from 1970 on), not '%s'", options.start));
  }
  return *start;
}

std::string Share(int64_t part, int64_t whole) {
  return absl::StrFormat(
      "%.3f%%", whole == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

void PrintText(const GenerateOptions& options, const GenerateSummary& s) {
  const int64_t all = s.history.payments + s.today.payments;
  Table table({"payments of", "number", "share", "amount"});
  const auto add = [&](std::string name, const GenerateSummary::Line& line) {
    table.Add({std::move(name), WithThousands(line.payments), Share(line.payments, all),
               model::FormatMoney(line.amount_base_minor, "EUR")});
  };
  add(absl::StrFormat("history, %d days from %s", options.days, options.start), s.history);
  add("today", s.today);
  add("honest", s.by_kind[0]);
  for (int kind = 1; kind < kFraudKinds; ++kind) {
    add("fraud: " + std::string(FraudKindName(static_cast<FraudKind>(kind))),
        s.by_kind[static_cast<size_t>(kind)]);
  }
  absl::PrintF("%s%s merchants, %s cards, seed %u; %s MB in %s, %.1f s, %s payments/s\n",
               table.Text(), WithThousands(options.merchants), WithThousands(options.cards),
               options.seed, WithThousands(static_cast<int64_t>(s.bytes / 1000000)), options.out,
               s.seconds,
               WithThousands(static_cast<int64_t>(static_cast<double>(all) / s.seconds)));
}

void PrintJson(const GenerateOptions& options, const GenerateSummary& s) {
  const auto line = [](const GenerateSummary::Line& l) {
    return absl::StrFormat("{\"payments\": %d, \"amount_base_minor\": %d}", l.payments,
                           l.amount_base_minor);
  };
  absl::PrintF(
      "{\"seed\": %u, \"merchants\": %u, \"cards\": %u, \"days\": %d, \"history\": %s, \"today\": "
      "%s",
      options.seed, options.merchants, options.cards, options.days, line(s.history), line(s.today));
  for (int kind = 1; kind < kFraudKinds; ++kind) {
    absl::PrintF(", \"%s\": %s", FraudKindName(static_cast<FraudKind>(kind)),
                 line(s.by_kind[static_cast<size_t>(kind)]));
  }
  absl::PrintF(", \"bytes\": %u, \"seconds\": %.3f}\n", s.bytes, s.seconds);
}

}  // namespace

absl::StatusOr<GenerateSummary> Generate(const GenerateOptions& options) {
  const auto begin = std::chrono::steady_clock::now();
  ASSIGN_OR_RETURN(const int64_t start_ms, StartMs(options));
  Run run(options, start_ms);
  RETURN_IF_ERROR(run.Open());
  Progress progress("generating", options.payments_per_day * static_cast<uint64_t>(options.days));
  for (int day = 0; day < options.days; ++day) {
    run.WriteHistoryDay(day);
    progress.Update(static_cast<uint64_t>(run.written()));
  }
  run.WriteToday();
  ASSIGN_OR_RETURN(GenerateSummary summary, run.Close());
  summary.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return summary;
}

void AddGenerateCommand(CLI::App& app, int* exit_code) {
  CLI::App* command = app.add_subcommand("generate", "make labelled payments to try Verdict on");
  command->footer(kExample);
  auto options = std::make_shared<GenerateOptions>();
  auto format = std::make_shared<OutputFormat>(OutputFormat::kText);
  command->add_option("--seed", options->seed, "another seed, other payments")
      ->capture_default_str();
  command->add_option("--merchants", options->merchants)
      ->capture_default_str()
      ->check(CLI::Range(1, 10'000'000));
  command->add_option("--cards", options->cards)
      ->capture_default_str()
      ->check(CLI::Range(1, 50'000'000));
  command->add_option("--days", options->days, "days of history; today comes after")
      ->capture_default_str()
      ->check(CLI::Range(1, 3660));
  command->add_option("--start", options->start, "first day of the history")->capture_default_str();
  command
      ->add_option("--payments-per-day", options->payments_per_day,
                   "on an average day of the history")
      ->capture_default_str()
      ->check(CLI::Range(1, 20'000'000));
  command->add_option("--today-payments", options->today_payments)
      ->capture_default_str()
      ->check(CLI::Range(0, 20'000'000));
  command->add_option("--out", options->out, "folder to write into")->required();
  command->add_flag("--gzip", options->gzip, "history.csv.gz in place of history.csv");
  command->add_flag("--json-events", options->json_events, "today.jsonl in place of today.events");
  AddFormatOption(command, format.get());
  command->callback([options, format, exit_code] {
    const absl::StatusOr<GenerateSummary> summary = Generate(*options);
    *exit_code = ExitWith("generate", summary.status());
    if (!summary.ok()) return;
    if (*format == OutputFormat::kJson) {
      PrintJson(*options, *summary);
    } else {
      PrintText(*options, *summary);
    }
  });
}

}  // namespace verdict::cli
