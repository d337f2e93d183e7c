#include "e2e/outage_prober.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "e2e/seam/audit.h"
#include "e2e/seam/conductor.h"
#include "verdict/v1/fraud_decision.grpc.pb.h"

namespace verdict::seam {
namespace {

constexpr std::chrono::milliseconds kEvery{10};
constexpr std::chrono::milliseconds kBudget{200};

int64_t WallNowMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

Probe Ask(v1::FraudDecision::Stub* stub, uint64_t number) {
  Probe probe{.cold = number % 2 == 1};
  v1::ScoreRequest request;
  v1::Transaction* txn = request.mutable_transaction();
  txn->set_id("probe-" + std::to_string(number) + "-" + std::to_string(NowNs()));
  txn->set_event_time_ms(WallNowMs());
  txn->set_amount_minor(100);
  txn->set_currency("EUR");
  txn->set_merchant_id("m00000000");
  txn->set_card_id(probe.cold ? "cold-" + txn->id() : "c000000000");
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kBudget);
  v1::ScoreResponse response;
  probe.sent_ns = NowNs();
  const grpc::Status status = stub->Score(&context, request, &response);
  probe.ended_ns = NowNs();
  probe.answered = status.ok();
  probe.provenance = response.provenance();
  probe.text = status.ok()
                   ? ProvenanceText(response.provenance(), response.partial_reasons())
                   : "code " + std::to_string(status.error_code()) + " " + status.error_message();
  return probe;
}

}  // namespace

Prober::Prober(std::string address) : address_(std::move(address)) {
  thread_ = std::thread([this] { Run(); });
}

Prober::~Prober() { Stop(); }

std::vector<Probe> Prober::Stop() {
  done_ = true;
  if (thread_.joinable()) thread_.join();
  return std::exchange(probes_, {});
}

void Prober::Run() {
  const auto stub =
      v1::FraudDecision::NewStub(grpc::CreateChannel(address_, grpc::InsecureChannelCredentials()));
  auto next = std::chrono::steady_clock::now();
  for (uint64_t number = 0; !done_.load(); ++number) {
    probes_.push_back(Ask(stub.get(), number));
    next += kEvery;
    std::this_thread::sleep_until(next);
  }
}

ProbeFigures FiguresOf(const std::vector<Probe>& probes, int64_t from_ns, int64_t until_ns,
                       Which which) {
  ProbeFigures figures;
  for (const Probe& probe : probes) {
    if (probe.sent_ns < from_ns || probe.ended_ns > until_ns) continue;
    if (which != Which::kAll && probe.cold != (which == Which::kCold)) continue;
    ++figures.probes;
    figures.failed += probe.answered ? 0 : 1;
    figures.full += probe.provenance == v1::PROVENANCE_FULL ? 1 : 0;
    ++figures.by_text[probe.text];
    figures.slowest_ns = std::max(figures.slowest_ns, probe.ended_ns - probe.sent_ns);
  }
  return figures;
}

}  // namespace verdict::seam
