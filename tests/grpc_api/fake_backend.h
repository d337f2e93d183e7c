// A backend that answers as a test tells it: at once, later from another thread, or not at all
// until told.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/published.h"
#include "grpc_api/server.h"

namespace verdict::grpc_api {

// **Thread-safe.**
class FakeBackend : public eventlog::EventAppender {
 public:
  static constexpr int64_t kNowMs = 1'750'000'000'000;

  FakeBackend() {
    auto set = std::make_shared<ruleset::RuleSet>();
    set->short_hash = "0123456789ab";
    set->schema = std::make_unique<rule::Schema>();
    std::vector<rule::Diagnostic> diagnostics;
    set->features = feature::FeatureSet::Compile({}, {}, feature::FeatureOptions(),
                                                 set->schema.get(), &diagnostics);
    ruleset::Rule rule;
    rule.id = "big-amount";
    rule.mode = ruleset::Mode::kLive;
    rule.action = ruleset::Action::kDeny;
    rule.clause_texts = {"txn.amount > 100.0"};
    set->rules.push_back(std::move(rule));
    rules_.Publish(std::move(set));
  }

  Backend backend() {
    Backend backend;
    backend.score = [this](decide::ScoreCall* call) { Score(call); };
    backend.get_decision = [](const std::string& id) -> absl::StatusOr<model::Decision> {
      if (id != "kept") return absl::NotFoundError("no decision is kept for this id");
      model::Decision decision;
      decision.transaction_id = id;
      decision.outcome = model::Outcome::kDeny;
      return decision;
    };
    backend.appender = this;
    backend.rules = &rules_;
    backend.clock = &clock_;
    backend.last_refusal = [] { return std::vector<std::string>{"rules/a.json:1:1: error R001"}; };
    return backend;
  }

  // Calls are kept until Release(): a decision that waits for something.
  void Hold(bool hold) {
    base::MutexLock lock(mutex_);
    hold_ = hold;
  }
  size_t held() {
    base::MutexLock lock(mutex_);
    return held_.size();
  }
  void AwaitHeld(size_t calls) {
    base::MutexLock lock(mutex_);
    while (held_.size() < calls) arrived_.Wait(mutex_);
  }
  // Ends all held calls, on this thread.
  void Release() {
    std::deque<decide::ScoreCall*> calls;
    {
      base::MutexLock lock(mutex_);
      calls.swap(held_);
    }
    for (decide::ScoreCall* call : calls) Decide(call);
  }

  // Events are refused with `status` from now on.
  void RefuseEvents(absl::Status status) {
    base::MutexLock lock(mutex_);
    append_status_ = std::move(status);
  }
  std::vector<model::Event> events() {
    base::MutexLock lock(mutex_);
    return events_;
  }
  void Append(const model::Event& event, const model::Decision* decision,
              eventlog::OnAppended done) override {
    eventlog::AppendRequest request{event, std::nullopt, std::move(done)};
    if (decision != nullptr) request.decision = *decision;
    absl::Status status;
    {
      base::MutexLock lock(mutex_);
      status = append_status_;
      if (status.ok()) events_.push_back(request.event);
    }
    // As the real one: on another thread.
    std::thread([status, done = std::move(request.done)] { done(status); }).detach();
  }

  std::chrono::steady_clock::time_point last_deadline() {
    base::MutexLock lock(mutex_);
    return last_deadline_;
  }
  void ForgetRules() { rules_.Publish(nullptr); }

 private:
  void Score(decide::ScoreCall* call) {
    {
      base::MutexLock lock(mutex_);
      last_deadline_ = call->deadline;
      if (hold_) {
        held_.push_back(call);
        arrived_.NotifyAll();
        return;
      }
    }
    Decide(call);
  }

  // One feature of one live tile and the payment's own, for Explain; and one whose window slides.
  static void ShowFeatures(decide::ScoreCall* call) {
    static const auto named = [](const char* name, int64_t window_ms) {
      feature::Feature one;
      one.full_name = name;
      one.window_ms = window_ms;
      return one;
    };
    static const feature::Feature feature = named("merchant.count_1d", 0);
    static const feature::Feature slides = named("card.count_1h", 3'600'000);
    feature::Part live;
    live.source = feature::Part::Source::kLive;
    live.day = 20'000;
    live.tile.count = 2;
    feature::DayTile current;
    current.day = 20'001;
    current.tile.count = 1;
    decide::FeatureAnswer answer;
    answer.feature = &feature;
    answer.parts = {live};
    answer.current = current;
    answer.cut = 20'000;
    answer.rev = 3;
    call->next_offsets = {7, 0, 9};
    call->lag_ms = 12;
    decide::FeatureAnswer sliding;
    sliding.feature = &slides;
    feature::Part hour = live;
    hour.day = 0;
    hour.window = {.after_ms = 1'000, .until_ms = 3'601'000};
    sliding.parts = {hour};
    call->features = {answer, sliding};
  }

  // DENY above 100 major units, an error for the id "conflict", a replay for "again".
  void Decide(decide::ScoreCall* call) {
    call->status = call->txn.id == "conflict"
                       ? absl::AlreadyExistsError("id: another payment has it")
                       : absl::OkStatus();
    call->replayed = call->txn.id == "again";
    call->rule_set = rules_.Load();
    if (call->dry_run) ShowFeatures(call);
    model::Decision& decision = call->decision;
    decision = model::Decision();
    decision.transaction_id = call->txn.id;
    decision.rule_set = "0123456789ab";
    decision.provenance = model::Provenance::kPartial;
    decision.partial_reasons = model::kPartialBatch | model::kPartialFx;
    decision.outcome =
        call->txn.amount_minor > 10000 ? model::Outcome::kDeny : model::Outcome::kAllow;
    if (decision.outcome == model::Outcome::kDeny) {
      decision.reasons = {"amount"};
      decision.rule_ids = {"big-amount"};
      decision.score = 100;
    }
    if (call->dry_run) {
      call->evaluation.results = {ruleset::RuleResult::kNoMatch};
      call->evaluation.acting = {true};
      call->clause_results = {{"false"}};
    }
    call->Done();
  }

  base::Published<ruleset::RuleSet> rules_;
  base::ManualClock clock_{kNowMs};
  base::Mutex mutex_;
  base::CondVar arrived_;
  bool hold_ GUARDED_BY(mutex_) = false;
  std::deque<decide::ScoreCall*> held_ GUARDED_BY(mutex_);
  absl::Status append_status_ GUARDED_BY(mutex_);
  std::vector<model::Event> events_ GUARDED_BY(mutex_);
  std::chrono::steady_clock::time_point last_deadline_ GUARDED_BY(mutex_);
};

}  // namespace verdict::grpc_api
