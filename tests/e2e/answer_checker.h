// Asks a verdictd for decisions, and recomputes each from the archived set that the answer names:
// an answer made by two sets at once is found.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "ruleset/rule_set.h"
#include "verdict/v1/fraud_decision.grpc.pb.h"

namespace verdict::testing {

// One thread of its own, one call after the other. The figures may be read once it is destroyed or
// stopped.
class AnswerChecker {
 public:
  // `archive` is verdictd's folder rule_sets.
  AnswerChecker(const std::string& address, std::string archive);
  ~AnswerChecker() { Stop(); }
  void Stop();

  uint64_t checked = 0;
  uint64_t failed = 0;         // calls without an answer
  std::string first_failure;   // and why
  uint64_t unexplained = 0;    // answers that their set does not give
  std::string first_mismatch;  // what it gives, and what was answered
  size_t sets_seen() const { return sets_.size(); }

 private:
  void Run();
  void Ask(int number);
  void Check(const v1::Transaction& payment, const v1::ScoreResponse& answer);
  // The archived set whose hash begins so.
  const ruleset::RuleSet* SetOf(const std::string& short_hash);

  const std::string archive_;
  std::unique_ptr<v1::FraudDecision::Stub> stub_;
  std::map<std::string, std::shared_ptr<const ruleset::RuleSet>> sets_;
  rule::EvaluationArenaPtr arena_ = rule::MakeEvaluationArena();
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace verdict::testing
