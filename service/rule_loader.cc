// A change is acted on once it has settled: an editor may still be writing.
#include "rule_loader.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/status.h"
#include "base/thread_role.h"
#include "log.h"

namespace verdict {
namespace {

namespace fs = std::filesystem;
using ruleset::PublishResult;
using Kind = PublishResult::Kind;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr size_t kRefusalLinesMax = 100;
constexpr milliseconds kSettle{200};
constexpr milliseconds kSettleMax{2000};  // of a folder that never comes to rest
constexpr Kind kKinds[] = {Kind::kPublished, Kind::kLiveAlready, Kind::kWaiting, Kind::kInvalid,
                           Kind::kUnfit,     Kind::kGuarded,     Kind::kNotKept};
constexpr char kLastSuccess[] = "verdict_config_last_reload_success";
constexpr char kGeneration[] = "verdict_config_generation";
constexpr char kExpiring[] = "verdict_rules_expiring";
constexpr char kLoadedAt[] = "verdict_config_last_reload_timestamp_seconds";

base::Counter Reloads(Kind kind) {
  return base::Metrics().AddCounter("verdict_config_reload_total",
                                    "Rule sets that were looked at, by what became of them.",
                                    {{"result", std::string(ruleset::ResultName(kind))}});
}

std::string OneLine(const rule::Diagnostic& d) {
  return absl::StrFormat("%s:%d:%d: %s: %s", d.place.file, d.place.line, d.place.column, d.code,
                         d.message);
}

std::string Short(const std::string& hash) { return hash.substr(0, 12); }

std::string WordOf(grpc_api::AdminCall::Kind kind) {
  switch (kind) {
    case grpc_api::AdminCall::Kind::kList:
      return "list";
    case grpc_api::AdminCall::Kind::kActivate:
      return "activate";
    case grpc_api::AdminCall::Kind::kRollback:
      return "rollback";
    case grpc_api::AdminCall::Kind::kSwitchOff:
      return "off";
  }
  return "";
}

}  // namespace

absl::StatusOr<std::unique_ptr<RuleLoader>> RuleLoader::Open(
    Options options, base::Published<ruleset::RuleSet>* rules) {
  ASSIGN_OR_RETURN(std::unique_ptr<ruleset::Publisher> publisher,
                   ruleset::Publisher::Open(options.publisher, rules));
  return std::unique_ptr<RuleLoader>(new RuleLoader(options, rules, std::move(publisher)));
}

RuleLoader::RuleLoader(const Options& options, base::Published<ruleset::RuleSet>* rules,
                       std::unique_ptr<ruleset::Publisher> publisher)
    : options_(options),
      rules_(rules),
      publisher_(std::move(publisher)),
      watch_(options.publisher.folder) {
  for (const Kind kind : kKinds) Reloads(kind);
  base::MetricRegistry& metrics = base::Metrics();
  metrics.AddGauge(kLastSuccess, "1: the rules folder as it stands now serves.", {},
                   [this] { return last_ok_.load() ? 1.0 : 0.0; });
  metrics.AddGauge(kGeneration, "Rule sets that served since the start.", {},
                   [this] { return static_cast<double>(generation_.load()); });
  metrics.AddGauge(kExpiring, "Live rules that expire within 14 days, or have expired.", {},
                   [this] { return static_cast<double>(ExpiringRules()); });
  metrics.AddGauge(kLoadedAt, "When the set that serves was published.", {},
                   [this] { return static_cast<double>(loaded_at_ms_.load()) / 1e3; });
}

RuleLoader::~RuleLoader() {
  Stop();
  ShowRuleSet("");
  for (const char* name : {kLastSuccess, kGeneration, kExpiring, kLoadedAt}) {
    base::Metrics().RemoveGauge(name, {});
  }
}

void RuleLoader::Start() {
  base::MutexLock lock(mutex_);
  started_ = true;
  thread_ = std::thread([this] { Run(); });
}

void RuleLoader::Stop() {
  {
    base::MutexLock lock(mutex_);
    stopping_ = true;
  }
  watch_.Wake();
  if (thread_.joinable()) thread_.join();
  AnswerCalls();
}

bool RuleLoader::Stopping() const {
  base::MutexLock lock(mutex_);
  return stopping_;
}

void RuleLoader::SetChecks(ruleset::Publisher::Fits fits, ruleset::Publisher::Guard guard,
                           ruleset::Publisher::Prepare prepare) {
  publisher_->SetChecks(std::move(fits), std::move(guard), std::move(prepare));
  base::MutexLock lock(mutex_);
  checked_ = true;
}

std::vector<std::string> RuleLoader::last_refusal() const {
  base::MutexLock lock(mutex_);
  return refusal_;
}

void RuleLoader::Ask(grpc_api::AdminCall call, Done done) {
  grpc_api::AdminAnswer answer;
  {
    base::MutexLock lock(mutex_);
    if (started_ && !stopping_) {
      calls_.emplace_back(std::move(call), std::move(done));
      return watch_.Wake();
    }
    answer.status = absl::UnavailableError(stopping_ ? "the service stops" : "not ready yet");
  }
  done(answer);
}

// Each wait may have been cut short by Stop or Ask.
void RuleLoader::Run() {
  base::BeginThread("verdict-rules", base::ThreadRole::kBackground);  // people wait for its calls
  bool changed = true;
  while (true) {
    Look(/*settled=*/changed);
    FreeRetired();
    if (Stopping()) return;
    AnswerCalls();
    changed = watch_.Wait(options_.poll);
    const auto until = steady_clock::now() + kSettleMax;
    bool settling = changed;
    while (settling && steady_clock::now() < until && !Stopping()) {
      AnswerCalls();
      settling = watch_.Wait(kSettle);
    }
    if (Stopping()) return;
    AnswerCalls();
  }
}

// Unless it is known to have settled, two looks in a row must see the same.
void RuleLoader::Look(bool settled) {
  {
    base::MutexLock lock(mutex_);
    if (generation_.load() > 0 && !checked_) return;
  }
  std::string now = Signature();
  if (now == seen_) {
    changing_.clear();
    return;
  }
  settled = settled || now == changing_;
  changing_ = std::move(now);
  if (!settled) return;
  seen_ = std::exchange(changing_, std::string());
  const double max_deny_shift = MaxDenyShift();
  const PublishResult result = LoadFolder();
  if (result.kind == Kind::kNotKept) seen_.clear();  // until the disk takes it
  NoteFolder(result, max_deny_shift);
}

// The first set is waited for. Later ones stay out of the way of payments, on their own thread:
// what has stepped back cannot come forward again without privileges.
PublishResult RuleLoader::LoadFolder() {
  if (generation_.load() == 0) return publisher_->LoadFolder();
  PublishResult result;
  std::thread([&] {
    base::BeginThread("verdict-reload", base::ThreadRole::kLast);
    result = publisher_->LoadFolder();
  }).join();
  return result;
}

void RuleLoader::AnswerCalls() {
  while (true) {
    std::pair<grpc_api::AdminCall, Done> next;
    bool ready = false, stopping = false;
    {
      base::MutexLock lock(mutex_);
      if (calls_.empty()) return;
      next = std::move(calls_.front());
      calls_.pop_front();
      stopping = stopping_;
      ready = checked_;
    }
    grpc_api::AdminAnswer answer;
    if (stopping) {
      answer.status = absl::UnavailableError("the service stops");
    } else if (std::chrono::system_clock::now() > next.first.deadline) {
      answer.status = absl::DeadlineExceededError("too late: nothing was changed");
    } else if (!ready && next.first.kind != grpc_api::AdminCall::Kind::kList) {
      answer.status = absl::UnavailableError("not ready yet: sets are changed once it serves");
    } else {
      answer = Do(next.first);
    }
    next.second(answer);
  }
}

grpc_api::AdminAnswer RuleLoader::Do(const grpc_api::AdminCall& call) {
  using CallKind = grpc_api::AdminCall::Kind;
  grpc_api::AdminAnswer answer;
  answer.max_deny_shift = MaxDenyShift();
  absl::StatusOr<PublishResult> result = PublishResult();
  switch (call.kind) {
    case CallKind::kList:
      answer.listing = publisher_->List();
      return answer;
    case CallKind::kActivate:
      result = publisher_->Activate(call.name, call.forced);
      break;
    case CallKind::kRollback:
      result = publisher_->Rollback(call.name);
      break;
    case CallKind::kSwitchOff:
      result = publisher_->SwitchOff(call.name);
      break;
  }
  const std::string asked = WordOf(call.kind) + (call.name.empty() ? "" : " " + call.name) +
                            (call.forced ? " --force" : "");
  if (result.ok()) {
    NoteAsked(*result, asked, call.caller);
    answer.result = *std::move(result);
  } else {
    answer.status = result.status();
    LogWarning(
        "rules not changed",
        {{"asked", asked}, {"by", call.caller}, {"why", std::string(answer.status.message())}});
  }
  if (const auto live = rules_->Load()) answer.live = live->hash;
  return answer;
}

void RuleLoader::NoteFolder(const PublishResult& result, double max_deny_shift) {
  Reloads(result.kind).Add();
  NoteLive(result, options_.publisher.folder, "the folder");
  if (!result.hash.empty()) folder_ = result.hash;
  std::vector<std::string> lines;
  std::string shown;
  switch (result.kind) {
    case Kind::kPublished:
    case Kind::kLiveAlready:
      last_ok_ = true;  // what was refused was taken back
      return SetRefusal({});
    case Kind::kWaiting:
      last_ok_ = true;
      LogInfo("rules wait", {{"rule_set", Short(result.hash)},
                             {"publish", "verdict rules activate " + Short(result.hash)}});
      return SetRefusal({});
    case Kind::kInvalid:
      for (const rule::Diagnostic& d : result.diagnostics) {
        if (d.severity != rule::Severity::kError || lines.size() == kRefusalLinesMax) continue;
        lines.push_back(OneLine(d));
        shown += rule::FormatDiagnostic(d, /*color=*/false);
      }
      break;
    case Kind::kGuarded:
      shown = result.guard ? ruleset::RefusalText(*result.guard, Short(result.hash), max_deny_shift)
                           : absl::StrFormat("set %s: %s", Short(result.hash), result.why);
      lines = absl::StrSplit(shown, '\n', absl::SkipEmpty());
      break;
    case Kind::kUnfit:
    case Kind::kNotKept:
      shown = absl::StrFormat("%s: %s", options_.publisher.folder, result.why);
      lines = {shown};
      break;
  }
  last_ok_ = false;
  if (result.kind == Kind::kNotKept && last_refusal() == lines) return;  // tried again and again
  LogError("rules refused",
           {{"folder", options_.publisher.folder},
            {"result", std::string(ruleset::ResultName(result.kind))},
            {"serving", current_ == nullptr ? "nothing yet" : current_->short_hash},
            {"diagnostics", shown}});
  SetRefusal(std::move(lines));
}

void RuleLoader::SetRefusal(std::vector<std::string> lines) {
  base::MutexLock lock(mutex_);
  refusal_ = std::move(lines);
}

void RuleLoader::NoteAsked(const PublishResult& result, const std::string& asked,
                           const std::string& caller) {
  Reloads(result.kind).Add();
  NoteLive(result, asked, caller);
  if (result.kind == Kind::kPublished || result.kind == Kind::kLiveAlready) {
    if (!result.why.empty()) LogError("rules live, but not kept", {{"why", result.why}});
    if (result.hash != folder_) return;
    last_ok_ = true;  // what stands in the folder is live after all
    return SetRefusal({});
  }
  LogWarning("rules not changed", {{"asked", asked},
                                   {"by", caller},
                                   {"result", std::string(ruleset::ResultName(result.kind))},
                                   {"why", result.why}});
}

void RuleLoader::NoteLive(const PublishResult& result, const std::string& asked,
                          const std::string& caller) {
  const std::shared_ptr<const ruleset::RuleSet> live = rules_->Load();
  if (live == nullptr || live == current_) return;
  if (current_ != nullptr) retired_.push_back(std::move(current_));
  current_ = live;
  ++generation_;
  loaded_at_ms_ = absl::ToUnixMillis(absl::Now());
  ShowRuleSet(live->short_hash);
  const bool resumed = result.kind != Kind::kPublished;
  std::vector<std::string> again;
  for (const ruleset::OffRule& one : result.running_again) again.push_back(one.rule);
  const std::vector<std::string> none;
  LogInfo("rules loaded",
          {{"asked", resumed ? "what was live last" : asked},
           {"by", resumed ? "the start" : caller},
           {"rule_set", live->short_hash},
           {"rules", std::to_string(live->rules.size())},
           {"features", std::to_string(live->features->features().size())},
           {"warnings", std::to_string(result.diagnostics.size())},
           {"switched on again", absl::StrJoin(again, ", ")},
           {"guard", result.guard ? ruleset::ShiftText(*result.guard) : "not asked"},
           {"features that no decision has seen",
            absl::StrJoin(result.guard ? result.guard->unknown : none, ", ")}});
}

// One series at a time: that of the set that serves.
void RuleLoader::ShowRuleSet(const std::string& short_hash) {
  constexpr char kName[] = "verdict_rule_set_info";
  if (!shown_.empty()) base::Metrics().RemoveGauge(kName, {{"rule_set", shown_}});
  shown_ = short_hash;
  if (shown_.empty()) return;
  base::Metrics().AddGauge(kName, "1: the rule set that serves, by its hash as answers carry it.",
                           {{"rule_set", shown_}}, [] { return 1.0; });
}

void RuleLoader::FreeRetired() {
  std::erase_if(retired_, [](const auto& set) { return set.use_count() == 1; });
}

int64_t RuleLoader::ExpiringRules() const {
  const std::shared_ptr<const ruleset::RuleSet> live = rules_->Load();
  const int64_t until_ms =
      absl::ToUnixMillis(absl::Now() + absl::Hours(24 * ruleset::kExpiresSoonDays));
  if (live == nullptr) return 0;
  return std::count_if(live->rules.begin(), live->rules.end(), [&](const ruleset::Rule& rule) {
    return rule.mode == ruleset::Mode::kLive && rule.expires_ms && *rule.expires_ms <= until_ms;
  });
}

double RuleLoader::MaxDenyShift() const {
  const std::shared_ptr<const ruleset::RuleSet> live = rules_->Load();
  return live == nullptr ? 0 : live->policy.guard_max_deny_shift;
}

std::string RuleLoader::Signature() const {
  std::vector<std::string> files;
  std::error_code error;
  fs::recursive_directory_iterator at(options_.publisher.folder,
                                      fs::directory_options::follow_directory_symlink, error);
  for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    struct stat info {};
    if (stat(at->path().c_str(), &info) != 0)
      continue;  // gone meanwhile: the next look sees another signature
    files.push_back(absl::StrFormat("%s %d %d %d.%09d %d.%09d\n", at->path().string(), info.st_ino,
                                    info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec,
                                    info.st_ctim.tv_sec, info.st_ctim.tv_nsec));
  }
  std::sort(files.begin(), files.end());
  std::string all = error ? "unreadable: " + error.message() : "readable\n";
  for (const std::string& file : files) all += file;
  return all;
}

}  // namespace verdict
