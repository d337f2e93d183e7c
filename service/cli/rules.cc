#include "cli/rules.h"

#include <google/protobuf/util/json_util.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "base/status.h"
#include "cli/score_client.h"
#include "cli/terminal.h"
#include "ruleset/guard_report.h"
#include "verdict/v1/rule_admin.grpc.pb.h"

namespace verdict::cli {
namespace {

constexpr char kExample[] =
    "  verdict rules list\n"
    "  verdict rules activate 4be07d1c9a52      # a set that waits, was refused or is archived\n"
    "  verdict rules rollback                   # to the set that was live before\n"
    "  verdict rules off ratio_spike            # the live set without a rule, until its text "
    "changes";
constexpr size_t kHashShown = 12;

struct Arguments {
  std::string address = "127.0.0.1:50051";
  std::string name;   // of a set, or of a rule
  std::string force;  // the set once more
  int timeout_ms = 60000;
  OutputFormat format = OutputFormat::kText;
};

using Stub = v1::RuleAdmin::Stub;

std::string Short(const std::string& hash) { return hash.substr(0, kHashShown); }

std::string Minute(int64_t ms) {
  return absl::FormatTime("%Y-%m-%d %H:%M", absl::FromUnixMillis(ms), absl::LocalTimeZone());
}

void PrintJson(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  std::string text;
  if (google::protobuf::util::MessageToJsonString(message, &text, options).ok())
    absl::PrintF("%s\n", text);
}

// "guard: share of DENY +3.1 points", "off: ratio_spike", "live before: rollback leads here"
std::string Remarks(const v1::RuleSetInfo& set) {
  std::vector<std::string> remarks;
  if (!set.why().empty()) remarks.push_back(set.why());
  if (set.state() == "waiting" && set.why().empty())
    remarks.emplace_back("for verdict rules activate");
  if (set.before()) remarks.emplace_back("live before: rollback leads here");
  if (set.off_size() > 0) remarks.push_back("off: " + absl::StrJoin(set.off(), ", "));
  return absl::StrJoin(remarks, "; ");
}

void PrintSets(const v1::ListRuleSetsResponse& response) {
  Table table({"set", "state", "since", "rules", ""});
  for (const v1::RuleSetInfo& set : response.sets()) {
    table.Add({Short(set.hash()), set.state(), Minute(set.time_ms()), WithThousands(set.rules()),
               Remarks(set)});
  }
  absl::PrintF("%s", table.Text());
}

// An outcome that this build does not know shows as REVIEW.
model::Outcome FromProto(v1::Outcome outcome) {
  if (outcome == v1::OUTCOME_ALLOW) return model::Outcome::kAllow;
  return outcome == v1::OUTCOME_DENY ? model::Outcome::kDeny : model::Outcome::kReview;
}

ruleset::GuardReport FromProto(const v1::GuardReport& in) {
  ruleset::GuardReport report{.decisions = in.decisions(),
                              .denied_before = in.denied_before(),
                              .denied_after = in.denied_after(),
                              .from_ms = in.from_ms(),
                              .until_ms = in.until_ms(),
                              .currency = in.currency(),
                              .flips = {},
                              .unknown = {}};
  for (const v1::Flip& flip : in.flips()) {
    ruleset::Flip one{.from = FromProto(flip.from()),
                      .to = FromProto(flip.to()),
                      .decisions = flip.decisions(),
                      .amount_minor = flip.amount_minor(),
                      .without_amount = flip.without_amount(),
                      .by = {}};
    for (const v1::FlipRule& by : flip.by()) one.by.emplace_back(by.rule_id(), by.decisions());
    report.flips.push_back(std::move(one));
  }
  report.unknown.assign(in.unknown_features().begin(), in.unknown_features().end());
  return report;
}

int PrintPublished(const v1::Publication& response) {
  const std::string set = Short(response.rule_set());
  const bool done = response.result() == "ok" || response.result() == "same";
  const ruleset::GuardReport report = FromProto(response.guard());
  if (response.result() == "guard") {
    absl::PrintF("refused: %s%s stays live.\n",
                 ruleset::RefusalText(report, set, response.max_deny_shift()),
                 Short(response.live()));
  } else if (!done) {
    absl::PrintF("refused: set %s: %s\n%s stays live.\n", set, response.why(),
                 Short(response.live()));
  } else if (response.result() == "same") {
    absl::PrintF("set %s is live already\n", set);
  } else {
    absl::PrintF("set %s is live%s\n", set, response.why().empty() ? "" : "; " + response.why());
    if (response.has_guard() && report.decisions > 0) {
      absl::PrintF("%s; over the last live decisions it means:\n%s", ruleset::ShiftText(report),
                   ruleset::FlipsText(report));
    }
  }
  return done ? kExitOk : kExitFindings;
}

absl::StatusOr<std::unique_ptr<Stub>> Connect(const Arguments& arguments) {
  const std::shared_ptr<grpc::Channel> channel =
      grpc::CreateChannel(arguments.address, grpc::InsecureChannelCredentials());
  const auto until = std::chrono::system_clock::now() + std::chrono::seconds(5);
  if (channel->WaitForConnected(until)) return v1::RuleAdmin::NewStub(channel);
  return absl::UnavailableError(absl::StrFormat(
      "no service answers at %s; is verdictd running? (--addr HOST:PORT)", arguments.address));
}

// Calls and prints; the exit code.
template <typename Request, typename Response, typename Print>
void Call(const std::string& command, const Arguments& arguments,
          grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
          const Request& request, const Print& print, int* exit_code) {
  const absl::StatusOr<std::unique_ptr<Stub>> stub = Connect(arguments);
  if (!stub.ok()) {
    *exit_code = ExitWith(command, stub.status());
    return;
  }
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::milliseconds(arguments.timeout_ms));
  Response response;
  const grpc::Status status = ((*stub).get()->*method)(&context, request, &response);
  if (!status.ok()) {
    *exit_code = ExitWith(command, FromGrpc(status));
    return;
  }
  const int code = print(response);
  if (arguments.format == OutputFormat::kJson) PrintJson(response);
  *exit_code = code;
}

int Published(const Arguments& arguments, const v1::Publication& response) {
  if (arguments.format == OutputFormat::kText) return PrintPublished(response);
  return response.result() == "ok" || response.result() == "same" ? kExitOk : kExitFindings;
}

CLI::App* AddCommand(CLI::App* parent, const std::string& name, const std::string& help,
                     Arguments* arguments) {
  CLI::App* command = parent->add_subcommand(name, help);
  command->add_option("--addr", arguments->address, "host:port of verdictd")->capture_default_str();
  command->add_option("--timeout-ms", arguments->timeout_ms, "for the call")
      ->capture_default_str()
      ->check(CLI::Range(1, 600000));
  AddFormatOption(command, &arguments->format);
  return command;
}

}  // namespace

void AddRulesCommand(CLI::App& app, int* exit_code) {
  CLI::App* rules =
      app.add_subcommand("rules", "which rule sets a running verdictd has, and which is live");
  rules->require_subcommand(1);
  rules->footer(kExample);
  auto a = std::make_shared<Arguments>();
  const auto published = [a](const auto& r) { return Published(*a, r.publication()); };

  AddCommand(rules, "list", "the sets that are known: live, waiting, refused, archived", a.get())
      ->callback([a, exit_code] {
        const auto print = [&](const v1::ListRuleSetsResponse& response) {
          if (a->format == OutputFormat::kText) PrintSets(response);
          return kExitOk;
        };
        Call("rules list", *a, &Stub::ListRuleSets, v1::ListRuleSetsRequest(), print, exit_code);
      });

  CLI::App* activate = AddCommand(rules, "activate", "publish a set", a.get());
  activate->add_option("set", a->name, "its hash, or the first digits of it")->required();
  activate->add_option("--force", a->force, "the same digits once more: past the guard");
  activate->callback([a, published, exit_code] {
    v1::ActivateRequest request;
    request.set_rule_set(a->name);
    request.set_force(a->force);
    Call("rules activate", *a, &Stub::Activate, request, published, exit_code);
  });

  AddCommand(rules, "rollback", "publish the set that was live before", a.get())
      ->callback([a, published, exit_code] {
        v1::RollbackRequest request;
        const auto find_live = [&](const v1::ListRuleSetsResponse& response) {
          if (response.sets_size() > 0) request.set_live(response.sets(0).hash());
          return kExitOk;
        };
        Arguments quiet = *a;
        quiet.format = OutputFormat::kText;
        Call("rules rollback", quiet, &Stub::ListRuleSets, v1::ListRuleSetsRequest(), find_live,
             exit_code);
        if (*exit_code != kExitOk) return;
        Call("rules rollback", *a, &Stub::Rollback, request, published, exit_code);
      });

  CLI::App* off = AddCommand(
      rules, "off", "the live set without a rule; it stays off until its text changes", a.get());
  off->add_option("rule", a->name, "its id")->required();
  off->callback([a, published, exit_code] {
    v1::SwitchOffRequest request;
    request.set_rule_id(a->name);
    Call("rules off", *a, &Stub::SwitchOff, request, published, exit_code);
  });
}

}  // namespace verdict::cli
