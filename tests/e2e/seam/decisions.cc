#include "e2e/seam/decisions.h"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "verdict/v1/decision.pb.h"

namespace verdict::seam {
namespace {

constexpr double kOnRecord = 0.99;

using Decision = std::pair<v1::Outcome, int64_t>;  // with its score

// What clients know of one payment.
struct Known {
  std::set<Decision> answers;
  bool call_lost = false;  // it may have been decided in a way that nobody heard of
};

}  // namespace

void CheckDecisions(const std::vector<Message>& decisions, const std::vector<Call>& calls,
                    const std::vector<PlannedPayment>& payments, Report* report) {
  std::map<std::string, Known> known;
  for (const Call& call : calls) {
    Known& one = known[payments[call.payment].fact.id];
    one.call_lost = one.call_lost || !call.answered;
    if (call.answered) one.answers.insert({call.response.decision(), call.response.score()});
  }
  std::set<std::pair<std::string, Decision>> recorded;
  uint64_t strange = 0;
  for (const Message& message : decisions) {
    v1::DecisionRecord record;
    const auto found =
        record.ParseFromString(message.value) ? known.find(record.transaction_id()) : known.end();
    const Decision decision = {record.outcome(), record.score()};
    const bool is_known = found != known.end() &&
                          (found->second.call_lost || found->second.answers.contains(decision));
    strange += is_known ? 0 : 1;
    if (is_known) recorded.insert({record.transaction_id(), decision});
  }
  uint64_t first_answers = 0, on_record = 0;
  for (const Call& call : calls) {
    if (!call.answered || call.response.replayed()) continue;
    ++first_answers;
    on_record += recorded.contains(
        {payments[call.payment].fact.id, {call.response.decision(), call.response.score()}});
  }
  report->Figure("decisions answered", first_answers);
  report->Figure("  of these on record", on_record);
  report->Figure("records of decisions, repeats included", decisions.size());
  report->Require(strange == 0, absl::StrCat(strange, " records are of no decision that was made"));
  report->Require(static_cast<double>(on_record) >= kOnRecord * static_cast<double>(first_answers),
                  "less than 99 % of the decisions are on record");
}

}  // namespace verdict::seam
