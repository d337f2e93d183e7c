// verdict-load: sends Score calls by a plan and says honestly how they were answered.
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "absl/strings/str_format.h"
#include "hardware.h"
#include "load_thread.h"
#include "options.h"
#include "report.h"
#include "request_pool.h"

namespace verdict::load {
namespace {

constexpr int64_t kStartDelayNs = 50'000'000;  // so that all threads begin together
constexpr auto kProgressGap = std::chrono::seconds(1);

struct Client {
  std::unique_ptr<LoadThread> load;
  Share share;
};

// Splits the plan among the threads; the first ones take what does not divide.
std::vector<Share> SplitPlan(const Options& options, uint64_t requests, uint64_t seed) {
  const auto threads = static_cast<uint64_t>(options.threads);
  std::vector<Share> shares(threads);
  for (uint64_t i = 0; i < threads; ++i) {
    Share& share = shares[i];
    share.index = static_cast<int>(i);
    share.connections = options.connections / options.threads +
                        (static_cast<int>(i) < options.connections % options.threads);
    share.rate = options.rate / options.threads;
    share.requests = requests == 0 ? 0 : requests / threads + (i < requests % threads);
    share.first_sequence = i;
    share.stride = threads;
    share.seed = seed + i;
  }
  return shares;
}

void ShowProgress(const std::vector<Client>& clients, const std::atomic<bool>& done,
                  double seconds) {
  const auto start = std::chrono::steady_clock::now();
  uint64_t before = 0;
  while (!done.load()) {
    std::this_thread::sleep_for(kProgressGap);
    uint64_t finished = 0;
    uint64_t failed = 0;
    for (const Client& client : clients) {
      finished += client.load->finished();
      failed += client.load->failed();
    }
    const double passed =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    std::fprintf(stderr, "\r%5.0f of %.0f s  %9llu answered  %8llu/s  %llu failed   ", passed,
                 seconds, static_cast<unsigned long long>(finished),
                 static_cast<unsigned long long>(finished - before),
                 static_cast<unsigned long long>(failed));
    before = finished;
  }
  std::fprintf(stderr, "\r%-78s\r", "");
}

RunResult Gather(const Options& options, const std::vector<Client>& clients) {
  RunResult result;
  int64_t last_answer_ns = 0;
  for (const Client& client : clients) {
    result.tally.Add(client.load->tally());
    result.planned += client.load->planned();
    result.reconnects += client.load->reconnects();
    last_answer_ns = std::max(last_answer_ns, client.load->last_answer_ns());
  }
  result.measured = result.tally.from_sent().count();
  const int64_t from = clients.front().share.measured_from_ns;
  const int64_t end = clients.front().share.end_ns;
  const double answered_s = static_cast<double>(last_answer_ns - from) / 1e9;
  const double planned_s = static_cast<double>(end - from) / 1e9;
  // A closed loop, or one that ends with its requests, took as long as its last answer. An open one
  // is given its deadline after the end, within which the last calls may answer.
  const bool by_answers = options.closed || options.requests > 0 || options.keep_ids;
  result.seconds =
      by_answers ? answered_s : std::max(planned_s, answered_s - options.timeout_ms / 1e3);
  result.achieved_rate =
      result.seconds > 0 ? static_cast<double>(result.measured) / result.seconds : 0;
  result.planned_rate = by_answers ? options.rate : static_cast<double>(result.planned) / planned_s;
  return result;
}

absl::Status WriteAnswers(const std::string& path, const std::vector<Client>& clients) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) return absl::InvalidArgumentError("cannot write --answers " + path);
  bool written = std::fputs("id,decision,provenance,rules\n", file) >= 0;
  for (const Client& client : clients) {
    const std::string& rows = client.load->answers();
    written = written && std::fwrite(rows.data(), 1, rows.size(), file) == rows.size();
  }
  if (std::fclose(file) == 0 && written) return absl::OkStatus();
  return absl::InvalidArgumentError("cannot write all of --answers " + path);
}

uint64_t SeedOf(const Options& options) {
  return options.seed != 0 ? options.seed : std::random_device{}() | uint64_t{1} << 32;
}

absl::StatusOr<RequestPool> MakePool(const Options& options, uint64_t seed) {
  if (!options.from.empty()) return RequestPool::Load(options, seed);
  return RequestPool::Generate(options, seed);
}

absl::StatusOr<RunResult> RunPlan(const Options& options) {
  const uint64_t seed = SeedOf(options);
  const absl::StatusOr<RequestPool> pool = MakePool(options, seed);
  if (!pool.ok()) return pool.status();
  uint64_t requests = options.requests;
  if (options.keep_ids)
    requests = requests == 0 ? pool->size() : std::min<uint64_t>(requests, pool->size());

  const size_t colon = options.target.rfind(':');
  if (colon == std::string::npos) return absl::InvalidArgumentError("--target must be host:port");
  const H2Options target{options.target.substr(0, colon), options.target.substr(colon + 1),
                         options.timeout_ms};
  std::vector<Client> clients(static_cast<size_t>(options.threads));
  const std::vector<Share> shares = SplitPlan(options, requests, seed);
  for (size_t i = 0; i < clients.size(); ++i) {
    clients[i].share = shares[i];
    clients[i].load = std::make_unique<LoadThread>(options, target, &*pool);
    if (absl::Status connected = clients[i].load->Connect(shares[i].connections); !connected.ok())
      return connected;
  }

  const double cpu_before = ProcessCpuSeconds();
  const int64_t start = SteadyNs() + kStartDelayNs;
  const auto ns = [](double seconds) { return static_cast<int64_t>(seconds * 1e9); };
  std::vector<std::thread> threads;
  for (Client& client : clients) {
    client.share.start_ns = start;
    client.share.measured_from_ns = start + ns(options.warmup_s);
    client.share.end_ns = client.share.measured_from_ns + ns(options.duration_s);
    threads.emplace_back([&client] { client.load->Run(client.share); });
  }
  std::atomic<bool> done{false};
  std::thread progress;
  if (isatty(STDERR_FILENO) != 0) {
    progress =
        std::thread([&] { ShowProgress(clients, done, options.warmup_s + options.duration_s); });
  }
  for (std::thread& thread : threads) thread.join();
  done = true;
  if (progress.joinable()) progress.join();
  if (!options.answers.empty()) {
    if (absl::Status written = WriteAnswers(options.answers, clients); !written.ok())
      return written;
  }
  RunResult result = Gather(options, clients);
  result.client_cpu_s = ProcessCpuSeconds() - cpu_before;
  result.id_seed = absl::StrFormat("%d", seed);
  return result;
}

int Refuse(const absl::Status& status) {
  std::fprintf(stderr, "verdict-load: %s\n", std::string(status.message()).c_str());
  return status.code() == absl::StatusCode::kUnavailable ? 1 : 2;
}

// For tools that cannot make requests of their own.
int WritePool(const Options& options) {
  const absl::StatusOr<RequestPool> pool = MakePool(options, SeedOf(options));
  if (!pool.ok()) return Refuse(pool.status());
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const absl::Status written = pool->WriteDelimited(
      options.write_pool, std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
  if (!written.ok()) return Refuse(written);
  std::printf("%zu requests written to %s\n", pool->size(), options.write_pool.c_str());
  return 0;
}

int Main(int argc, char** argv) {
  int exit_code = 0;
  const std::optional<Options> options = ParseOptions(argc, argv, &exit_code);
  if (!options.has_value()) return exit_code;
  if (!options->write_pool.empty()) return WritePool(*options);
  const absl::StatusOr<RunResult> result = RunPlan(*options);
  if (!result.ok()) return Refuse(result.status());
  const Hardware hardware = DescribeHardware();
  const std::string report = options->json ? JsonReport(*options, *result, hardware)
                                           : TextReport(*options, *result, hardware);
  std::fputs(report.c_str(), stdout);
  return Verdict(*options, *result).empty() ? 0 : 1;
}

}  // namespace
}  // namespace verdict::load

int main(int argc, char** argv) { return verdict::load::Main(argc, argv); }
