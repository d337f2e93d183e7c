// A change is acted on when two looks in a row see the same: an editor may still be writing.
#include "rule_loader.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/thread_role.h"
#include "log.h"

namespace verdict {
namespace {

namespace fs = std::filesystem;

constexpr size_t kRefusalLinesMax = 100;

base::Counter Reloads(const char* result) {
  return base::Metrics().AddCounter("verdict_config_reload_total",
                                    "Rule sets that were looked at, by what became of them.",
                                    {{"result", result}});
}

std::string OneLine(const rule::Diagnostic& d) {
  return absl::StrFormat("%s:%d:%d: %s: %s", d.place.file, d.place.line, d.place.column, d.code,
                         d.message);
}

}  // namespace

RuleLoader::RuleLoader(Options options, base::Published<ruleset::RuleSet>* rules)
    : options_(std::move(options)),
      rules_(rules),
      loaded_(Reloads("ok")),
      invalid_(Reloads("invalid")),
      unfit_(Reloads("unfit")) {
  base::MetricRegistry& metrics = base::Metrics();
  metrics.AddGauge("verdict_config_last_reload_success",
                   "1: the rules folder as it stands now serves.", {},
                   [this] { return last_ok_.load() ? 1.0 : 0.0; });
  metrics.AddGauge("verdict_config_generation", "Rule sets that served since the start.", {},
                   [this] { return static_cast<double>(generation_.load()); });
  metrics.AddGauge("verdict_config_last_reload_timestamp_seconds",
                   "When the set that serves was loaded.", {},
                   [this] { return static_cast<double>(loaded_at_ms_.load()) / 1e3; });
}

RuleLoader::~RuleLoader() {
  Stop();
  ShowRuleSet("");
  for (const char* name : {"verdict_config_last_reload_success", "verdict_config_generation",
                           "verdict_config_last_reload_timestamp_seconds"}) {
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
  wake_.NotifyAll();
  if (thread_.joinable()) thread_.join();
}

void RuleLoader::SetFits(Fits fits) {
  base::MutexLock lock(mutex_);
  fits_ = std::move(fits);
}

std::vector<std::string> RuleLoader::last_refusal() const {
  base::MutexLock lock(mutex_);
  return refusal_;
}

void RuleLoader::Run() {
  base::BeginThread("verdict-rules", base::ThreadRole::kBackground);
  while (true) {
    Look();
    base::MutexLock lock(mutex_);
    if (stopping_) return;
    wake_.WaitFor(mutex_, options_.poll);
    if (stopping_) return;
  }
}

void RuleLoader::Look() {
  {
    base::MutexLock lock(mutex_);
    if (generation_.load() > 0 && fits_ == nullptr) return;
  }
  std::string now = Signature();
  if (now == seen_) {
    changing_.clear();
    return;
  }
  const bool settled = std::exchange(first_look_, false) || now == changing_;
  changing_ = std::move(now);
  if (!settled) return;
  seen_ = std::exchange(changing_, std::string());
  Load();
}

void RuleLoader::Load() {
  const ruleset::LoadResult loaded = ruleset::LoadRuleSet(options_.folder, options_.deployment);
  if (loaded.set == nullptr) {
    std::vector<std::string> lines;
    std::string shown;
    for (const rule::Diagnostic& d : loaded.diagnostics) {
      if (d.severity != rule::Severity::kError || lines.size() == kRefusalLinesMax) continue;
      lines.push_back(OneLine(d));
      shown += rule::FormatDiagnostic(d, /*color=*/false);
    }
    invalid_.Add();
    return Refuse("invalid", std::move(lines), shown);
  }
  const std::shared_ptr<const ruleset::RuleSet> old = rules_->Load();
  if (old != nullptr && old->hash == loaded.set->hash) {
    last_ok_ = true;  // what was refused was taken back
    base::MutexLock lock(mutex_);
    refusal_.clear();
    return;
  }
  Fits fits;
  {
    base::MutexLock lock(mutex_);
    fits = fits_;
  }
  if (const absl::Status fit = fits == nullptr ? absl::OkStatus() : fits(*loaded.set); !fit.ok()) {
    const std::string why = absl::StrFormat("%s: %s", options_.folder, fit.message());
    unfit_.Add();
    return Refuse("unfit", {why}, why);
  }
  Accept(loaded);
}

void RuleLoader::Refuse(const char* result, std::vector<std::string> lines,
                        const std::string& shown) {
  last_ok_ = false;
  LogError("rules refused", {{"folder", options_.folder},
                             {"result", result},
                             {"serving", generation_.load() > 0 ? "the set before" : "nothing yet"},
                             {"diagnostics", shown}});
  base::MutexLock lock(mutex_);
  refusal_ = std::move(lines);
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

void RuleLoader::Accept(const ruleset::LoadResult& loaded) {
  rules_->Publish(loaded.set);
  ShowRuleSet(loaded.set->short_hash);
  ++generation_;
  last_ok_ = true;
  loaded_at_ms_ = absl::ToUnixMillis(absl::Now());
  loaded_.Add();
  LogInfo("rules loaded", {{"folder", options_.folder},
                           {"rule_set", loaded.set->short_hash},
                           {"rules", std::to_string(loaded.rules)},
                           {"features", std::to_string(loaded.set->features->features().size())},
                           {"warnings", std::to_string(loaded.diagnostics.size())}});
  base::MutexLock lock(mutex_);
  refusal_.clear();
}

std::string RuleLoader::Signature() const {
  std::vector<std::string> files;
  std::error_code error;
  fs::recursive_directory_iterator at(options_.folder,
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
