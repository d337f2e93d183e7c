#include "e2e/answer_checker.h"

#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/thread_role.h"
#include "feature/merge.h"
#include "wire/decision_proto.h"
#include "wire/event_proto.h"

namespace verdict::testing {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds kDeadline{5000};  // it waits until all others had their turn

// As the service says that rules saw it.
feature::FeatureResult ResultOf(const v1::FeatureValue& value) {
  feature::FeatureResult result;
  result.known = value.has_int_value() || value.has_double_value();
  result.integer = value.int_value();
  result.real = value.double_value();
  result.reads_as_missing = value.reads_as_missing();
  return result;
}

std::string Text(v1::Outcome outcome, int64_t score, const std::string& reasons,
                 const std::string& rules) {
  return absl::StrFormat("%s, score %d, reasons %s, rules %s", v1::Outcome_Name(outcome), score,
                         reasons, rules);
}

}  // namespace

AnswerChecker::AnswerChecker(const std::string& address, std::string archive)
    : archive_(std::move(archive)),
      stub_(v1::FraudDecision::NewStub(
          grpc::CreateChannel(address, grpc::InsecureChannelCredentials()))),
      thread_([this] { Run(); }) {}

void AnswerChecker::Stop() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
}

void AnswerChecker::Run() {
  base::TakeRole(base::ThreadRole::kLast);
  for (int number = 0; !stop_; ++number) {
    Ask(number);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

void AnswerChecker::Ask(int number) {
  v1::ScoreRequest request;
  request.set_include_features(true);
  v1::Transaction* txn = request.mutable_transaction();
  txn->set_id(absl::StrFormat("check-%d-%d", ::getpid(), number));
  txn->set_event_time_ms(std::chrono::duration_cast<std::chrono::milliseconds>(
                             std::chrono::system_clock::now().time_since_epoch())
                             .count());
  txn->set_amount_minor(1 + number * 37 % 20'000);
  txn->set_currency("EUR");
  txn->set_merchant_id(absl::StrFormat("check-m%d", number % 50));
  txn->set_card_id(absl::StrFormat("check-c%d", number % 400));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kDeadline);
  v1::ScoreResponse answer;
  const grpc::Status status = stub_->Score(&context, request, &answer);
  if (!status.ok()) {
    if (failed++ == 0) first_failure = status.error_message();
    return;
  }
  ++checked;
  Check(*txn, answer);
}

void AnswerChecker::Check(const v1::Transaction& payment, const v1::ScoreResponse& answer) {
  const ruleset::RuleSet* set = SetOf(answer.rule_set());
  std::string expected = "no such set is archived";
  const std::string answered =
      Text(answer.decision(), answer.score(), absl::StrJoin(answer.reasons(), ","),
           absl::StrJoin(answer.rule_ids(), ","));
  model::Transaction txn;
  if (set != nullptr && wire::FromProto(payment, &txn).ok()) {
    rule::Record record;
    set->features->FillRecord(txn, &record);
    for (const v1::FeatureValue& value : answer.features()) {
      for (const feature::Feature& feature : set->features->features()) {
        if (feature.full_name != value.name()) continue;
        feature::StoreResult(feature, ResultOf(value), answer.as_of().lag_ms(), &record);
      }
    }
    ruleset::Evaluation evaluation;
    ruleset::EvaluateRules(*set, record, arena_.get(), &evaluation);
    model::Decision decision;
    const model::Provenance provenance =
        static_cast<model::Provenance>(answer.provenance() - v1::PROVENANCE_FULL);
    ruleset::Decide(*set, evaluation, provenance, &decision);
    expected = Text(wire::ToProto(decision.outcome), decision.score,
                    absl::StrJoin(decision.reasons, ","), absl::StrJoin(decision.rule_ids, ","));
  }
  if (expected == answered) return;
  if (unexplained++ == 0) {
    first_mismatch =
        absl::StrFormat("%s by set %s: %s; its archived files say: %s", answer.transaction_id(),
                        answer.rule_set(), answered, expected);
  }
}

const ruleset::RuleSet* AnswerChecker::SetOf(const std::string& short_hash) {
  const auto known = sets_.find(short_hash);
  if (known != sets_.end()) return known->second.get();
  std::error_code error;
  for (fs::directory_iterator at(archive_ + "/files", error), end; !error && at != end;
       at.increment(error)) {
    if (!at->path().filename().string().starts_with(short_hash)) continue;
    auto set = ruleset::LoadRuleSet(at->path().string(), {}).set;
    if (set == nullptr || set->short_hash != short_hash) return nullptr;
    return (sets_[short_hash] = std::move(set)).get();
  }
  return nullptr;
}

}  // namespace verdict::testing
