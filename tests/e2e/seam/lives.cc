#include "e2e/seam/lives.h"

#include <chrono>
#include <cstdio>
#include <utility>

#include "e2e/seam/conservation.h"

namespace verdict::seam {
namespace {

constexpr std::chrono::milliseconds kPollEvery{150};
constexpr int64_t kServesWithinNs = int64_t{90} * 1'000'000'000;
// A cold cache and a hurried log after a start.
constexpr int64_t kAfterStartNs = int64_t{1} * 1'000'000'000;
constexpr char kFault[] = "verdictd";

// A checkpoint is written every two seconds, so this kills within some of them.
constexpr char kProbability[] = "0.5";

}  // namespace

std::optional<std::vector<int64_t>> EventsByClass(const MetricsPage& page) {
  std::vector<int64_t> counts;
  for (const char* name : kClassNames) {
    const auto found = page.find(std::string("verdict_agg_events_total{class=\"") + name + "\"}");
    if (found == page.end()) return std::nullopt;
    counts.push_back(static_cast<int64_t>(found->second));
  }
  return counts;
}

Lives::Lives(const Setup* setup, Scoring* scoring, Faults* faults)
    : setup_(*setup), scoring_(*scoring), faults_(*faults) {
  poller_ = std::thread([this] { Poll(); });
}

Lives::~Lives() {
  done_ = true;
  poller_.join();
}

void Lives::Poll() {
  while (!done_.load()) {
    const int port = polled_port_.load();
    std::optional<MetricsPage> page;
    if (port != 0) page = FetchMetrics(port);
    {
      base::MutexLock lock(mutex_);
      if (page && port == polled_port_.load() && TellsI7(*page)) {
        if (!first_page_) first_page_ = page;
        last_page_ = std::move(page);
      }
    }
    std::this_thread::sleep_for(kPollEvery);
  }
}

void Lives::Begin(const std::string& failpoint) {
  records_.push_back({.number = static_cast<int>(records_.size()) + 1, .failpoint = failpoint});
  process_ = std::make_unique<testing::VerdictdProcess>(
      testing::VerdictdProcess::Options{.binary = setup_.verdictd(),
                                        .config = setup_.config(),
                                        .rules = setup_.rules,
                                        .log = setup_.verdictd_log()});
  std::vector<std::string> environment = {"VERDICT_FAILPOINT_LOG=" + setup_.failpoint_log()};
  if (!failpoint.empty()) {
    environment.push_back("VERDICT_FAILPOINTS=" + failpoint + "=kill:" + kProbability + ":" +
                          std::to_string(setup_.seed * 1000 + records_.size()));
  }
  begun_ns_ = NowNs();
  process_->Start(environment);
  {
    base::MutexLock lock(mutex_);
    first_page_.reset();
    last_page_.reset();
  }
  polled_port_ = process_->http_port();
}

bool Lives::Tick() {
  if (process_ == nullptr) return true;
  LifeRecord& record = records_.back();
  if (process_->HasEnded()) {
    const bool meant = process_->EndedBySigkill() && !record.failpoint.empty();
    const std::string how = process_->HowItEnded();
    Ended(Death::kFailpoint);
    if (!meant)
      std::printf("WRONG verdictd ended by itself in life %d: %s\n", record.number, how.c_str());
    return meant;
  }
  if (serving_) return true;
  if (process_->IsServing()) {
    serving_ = true;
    record.serving_ns = NowNs();
    scoring_.SetLife({.number = record.number, .address = process_->address(), .serving = true});
    faults_.End(kFault, NowNs(), kAfterStartNs);
    return true;
  }
  if (NowNs() - begun_ns_ < kServesWithinNs) return true;
  std::printf("WRONG verdictd did not serve within %lld s in life %d\n",
              static_cast<long long>(kServesWithinNs / 1'000'000'000), record.number);
  return false;
}

void Lives::Ended(Death death) {
  faults_.Begin(kFault, NowNs());
  scoring_.SetLife({.number = records_.back().number});
  polled_port_ = 0;
  LifeRecord& record = records_.back();
  record.death = death;
  record.ended_ns = NowNs();
  serving_ = false;
  process_.reset();
  base::MutexLock lock(mutex_);
  record.first_page = std::exchange(first_page_, std::nullopt);
  if (!record.quiet) record.last_page = std::exchange(last_page_, std::nullopt);
}

void Lives::Kill(Death death) {
  faults_.Begin(kFault, NowNs());
  process_->Kill();
  Ended(death);
}

bool Lives::Stop() {
  const int status = process_->Stop();
  Ended(Death::kEnd);
  if (status != 0) std::printf("WRONG verdictd ended with %d after SIGTERM\n", status);
  return status == 0;
}

std::optional<MetricsPage> Lives::Metrics() const {
  if (process_ == nullptr) return std::nullopt;
  return FetchMetrics(process_->http_port());
}

void Lives::NoteQuiet() {
  LifeRecord& record = records_.back();
  record.last_page = Metrics();
  record.quiet = record.last_page.has_value();
}

}  // namespace verdict::seam
