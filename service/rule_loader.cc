// A change is acted on once it has settled: an editor may still be writing.
#include "rule_loader.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_format.h"
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

void RuleLoader::SetChecks(ruleset::Publisher::Fits fits, ruleset::Publisher::Guard guard) {
  publisher_->SetChecks(std::move(fits), std::move(guard));
  base::MutexLock lock(mutex_);
  checked_ = true;
}

std::vector<std::string> RuleLoader::last_refusal() const {
  base::MutexLock lock(mutex_);
  return refusal_;
}

void RuleLoader::Ask(grpc_api::AdminCall call, Done done) {
  bool gone = false;
  {
    base::MutexLock lock(mutex_);
    gone = stopping_;
    if (!gone) calls_.emplace_back(std::move(call), std::move(done));
  }
  if (!gone) return watch_.Wake();
  grpc_api::AdminAnswer answer;
  answer.status = absl::UnavailableError("the service stops");
  done(answer);
}

void RuleLoader::Run() {
  base::BeginThread("verdict-rules", base::ThreadRole::kBackground);
  Look(/*settled=*/true);
  while (true) {
    const bool changed = watch_.Wait(options_.poll);
    {
      base::MutexLock lock(mutex_);
      if (stopping_) return;
    }
    AnswerCalls();
    const auto until = steady_clock::now() + kSettleMax;
    while (changed && steady_clock::now() < until && watch_.Wait(kSettle)) {
    }
    Look(changed);
    FreeRetired();
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
  Note(publisher_->LoadFolder(), options_.publisher.folder, "", max_deny_shift);
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
      result = publisher_->Rollback();
      break;
    case CallKind::kSwitchOff:
      result = publisher_->SwitchOff(call.name);
      break;
  }
  const std::string what = WordOf(call.kind) + (call.name.empty() ? "" : " " + call.name) +
                           (call.forced ? " --force" : "");
  if (result.ok()) {
    answer.result = Note(*std::move(result), what, call.caller, answer.max_deny_shift);
  } else {
    answer.status = result.status();
    LogWarning(
        "rules not changed",
        {{"asked", what}, {"by", call.caller}, {"why", std::string(answer.status.message())}});
  }
  if (const auto live = rules_->Load()) answer.live = live->hash;
  return answer;
}

PublishResult RuleLoader::Note(PublishResult result, const std::string& what,
                               const std::string& caller, double max_deny_shift) {
  Reloads(result.kind).Add();
  const std::shared_ptr<const ruleset::RuleSet> live = rules_->Load();
  if (live != current_) {
    if (current_ != nullptr) retired_.push_back(std::move(current_));
    current_ = live;
    ++generation_;
    ShowRuleSet(live->short_hash);
    loaded_at_ms_ = absl::ToUnixMillis(absl::Now());
    NoteLive(result, what, caller);
  }
  if (result.kind == Kind::kPublished || result.kind == Kind::kLiveAlready) {
    last_ok_ = true;  // what was refused was taken back
    base::MutexLock lock(mutex_);
    refusal_.clear();
  } else if (result.kind == Kind::kWaiting) {
    LogInfo("rules wait", {{"rule_set", Short(result.hash)},
                           {"asked", what},
                           {"publish", "verdict rules activate " + Short(result.hash)}});
  } else {
    NoteRefusal(result, what, caller, max_deny_shift);
  }
  return result;
}

void RuleLoader::NoteRefusal(const PublishResult& result, const std::string& what,
                             const std::string& caller, double max_deny_shift) {
  last_ok_ = false;
  std::vector<std::string> lines;
  std::string shown;
  if (result.kind == Kind::kInvalid) {
    for (const rule::Diagnostic& d : result.diagnostics) {
      if (d.severity != rule::Severity::kError || lines.size() == kRefusalLinesMax) continue;
      lines.push_back(OneLine(d));
      shown += rule::FormatDiagnostic(d, /*color=*/false);
    }
  } else if (result.kind == Kind::kGuarded) {
    shown = ruleset::RefusalText(*result.guard, Short(result.hash), max_deny_shift);
    lines = absl::StrSplit(shown, '\n', absl::SkipEmpty());
  } else {
    shown = absl::StrFormat("%s: %s", what, result.why);
    lines = {shown};
  }
  LogError("rules refused",
           {{"asked", what},
            {"by", caller.empty() ? "the folder" : caller},
            {"result", std::string(ruleset::ResultName(result.kind))},
            {"serving", current_ == nullptr ? "nothing yet" : current_->short_hash},
            {"diagnostics", shown}});
  base::MutexLock lock(mutex_);
  refusal_ = std::move(lines);
}

void RuleLoader::NoteLive(const PublishResult& result, const std::string& what,
                          const std::string& caller) {
  std::string again;
  for (const ruleset::OffRule& one : result.running_again) {
    again += (again.empty() ? "" : ", ") + one.rule;
  }
  LogInfo("rules loaded",
          {{"asked", what},
           {"by", caller.empty() ? "the folder" : caller},
           {"rule_set", current_->short_hash},
           {"rules", std::to_string(current_->rules.size())},
           {"features", std::to_string(current_->features->features().size())},
           {"warnings", std::to_string(result.diagnostics.size())},
           {"switched on again", again},
           {"guard", result.guard ? ruleset::ShiftText(*result.guard) : "not asked"}});
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
