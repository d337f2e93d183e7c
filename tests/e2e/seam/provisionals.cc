#include "e2e/seam/provisionals.h"

#include <algorithm>
#include <climits>
#include <set>
#include <utility>

namespace verdict::seam {
namespace {

constexpr EntityType kEntityTypes[] = {EntityType::kMerchant, EntityType::kCard,
                                       EntityType::kCustomer};
// How long a provisional stands (real time), and how exactly a client can tell.
constexpr int64_t kTtlNs = int64_t{600} * 1'000'000'000;
constexpr int64_t kTtlMarginNs = 1'000'000'000;

Fact WithStatus(Fact fact, const std::string& status) {
  fact.status = status;
  return fact;
}

}  // namespace

std::string StatusOf(v1::Outcome outcome) {
  switch (outcome) {
    case v1::OUTCOME_ALLOW:
      return "approved";
    case v1::OUTCOME_DENY:
      return "declined";
    case v1::OUTCOME_REVIEW:
      return "pending";
    default:
      return "";
  }
}

Provisionals::Provisionals(const std::vector<PlannedPayment>& payments,
                           const std::vector<Call>& calls, const Reference& reference)
    : payments_(payments), reference_(reference) {
  for (const Call& call : calls) Note(call);
  IndexEntities();
}

void Provisionals::Note(const Call& call) {
  const auto [place, is_first] = lives_[call.life].try_emplace(
      call.payment,
      Scored{.payment = call.payment, .first_sent_ns = call.sent_ns, .known_ns = INT64_MAX});
  Scored& scored = place->second;
  scored.first_sent_ns = std::min(scored.first_sent_ns, call.sent_ns);
  if (!call.answered) {
    scored.lost_call = true;
    return;
  }
  scored.known_ns = std::min(scored.known_ns, call.ended_ns);
  scored.outcome = call.response.decision();
  if (call.response.replayed()) return;
  scored.decided_here = true;
  for (const std::string& reason : call.response.partial_reasons()) {
    if (reason == "current" || reason == "limit") scored.not_counted = true;
  }
}

void Provisionals::IndexEntities() {
  for (const auto& [life, payments] : lives_) {
    for (const auto& [number, scored] : payments) {
      for (const EntityType type : kEntityTypes) {
        const std::string& id = EntityOf(payments_[number].fact, type);
        if (!id.empty()) by_entity_[{life, type, id}].push_back(&scored);
      }
    }
  }
}

bool Provisionals::Replaced(const Fact& fact, const Offsets& next) const {
  const auto& events = reference_.PaymentsOf(fact.id);
  return std::any_of(events.begin(), events.end(), [&](const Entry* event) {
    return event->offset < next.at(static_cast<size_t>(event->partition));
  });
}

void Provisionals::Judge(const Scored& scored, const Call& sample, const Offsets& next,
                         Standing* standing) const {
  const Fact& fact = payments_[scored.payment].fact;
  if (scored.not_counted || scored.first_sent_ns >= sample.ended_ns || Replaced(fact, next)) return;
  // A stored decision that nobody asked for in this life was made in a former one.
  if (!scored.decided_here && !scored.lost_call) return;
  const bool known = scored.known_ns <= sample.sent_ns;
  if (known && sample.sent_ns - scored.known_ns > kTtlNs + kTtlMarginNs) return;
  const bool alive = sample.ended_ns - scored.first_sent_ns < kTtlNs - kTtlMarginNs;
  if (known && scored.decided_here && alive) {
    standing->sure.push_back(WithStatus(fact, StatusOf(scored.outcome)));
    return;
  }
  Doubt doubt{{WithStatus(fact, "approved")}};
  for (const char* status : {"declined", "pending"}) {
    if (scored.outcome == v1::OUTCOME_UNSPECIFIED || StatusOf(scored.outcome) == status) {
      doubt.shapes.push_back(WithStatus(fact, status));
    }
  }
  standing->doubts.push_back(std::move(doubt));
}

Standing Provisionals::At(const Call& sample, const Offsets& next) const {
  Standing standing;
  std::set<uint32_t> seen = {sample.payment};
  const Fact& fact = payments_[sample.payment].fact;
  for (const EntityType type : kEntityTypes) {
    const auto found = by_entity_.find({sample.life, type, EntityOf(fact, type)});
    if (found == by_entity_.end()) continue;
    for (const Scored* scored : found->second) {
      if (seen.insert(scored->payment).second) Judge(*scored, sample, next, &standing);
    }
  }
  return standing;
}

}  // namespace verdict::seam
