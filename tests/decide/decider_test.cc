// One decision: what it is made of, when it leaves, and that it counts once.
#include "decide/decider.h"

#include <chrono>
#include <memory>
#include <string>

#include "decide/world.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "support/status_matchers.h"

namespace verdict::decide {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOk;
using testing::StatusIs;
using testing::TestCall;
using testing::World;

constexpr const char* kVolume = "merchant.volume_30d";
constexpr const char* kCount = "card.count_1d";

std::chrono::steady_clock::time_point In(std::chrono::milliseconds wait) {
  return std::chrono::steady_clock::now() + wait;
}

TEST(Decider, AddsBatchLiveOthersAndItself) {
  World world;
  world.PutBlob(World::kToday, World::kToday - 3, 10'000, 5);
  model::Transaction late = world.Payment("log-1", 500);
  late.event_time_ms -= World::kDayMs;
  world.Log(late);
  world.Log(world.Payment("log-2", 70));
  world.Pump();
  auto other = world.Start(world.Payment("other", 8));
  auto call = world.Start(world.Payment("t", 1));
  ASSERT_EQ(call->done, 1);
  ASSERT_THAT(call->status, IsOk());
  EXPECT_EQ(call->result(kVolume).integer, 10'000 + 500 + 70 + 8 + 1);
  EXPECT_DOUBLE_EQ(call->result(kVolume).real, 105.79);
  EXPECT_EQ(call->result(kCount).integer, 3);
  EXPECT_EQ(call->decision.provenance, model::Provenance::kFull);
  EXPECT_EQ(call->decision.outcome, model::Outcome::kAllow);
  EXPECT_EQ(call->decision.transaction_id, "t");
  EXPECT_EQ(call->decision.rule_set, world.set->short_hash);
  EXPECT_EQ(call->decision.decided_at_ms, World::kNoonMs);
  EXPECT_EQ(call->rule_set, world.set);
}

TEST(Decider, CountsAPaymentOnceBeforeDuringAndAfterItsEvent) {
  World world;
  auto first = world.Start(world.Payment("t", 100));
  EXPECT_EQ(first->result(kVolume).integer, 100);
  auto before = world.Start(world.Payment("u", 1));
  EXPECT_EQ(before->result(kVolume).integer, 101);
  EXPECT_EQ(world.Pump(), 2u);  // both events replace their provisionals
  auto after = world.Start(world.Payment("v", 1));
  EXPECT_EQ(after->result(kVolume).integer, 102);
  EXPECT_EQ(after->result(kCount).integer, 3);
}

TEST(Decider, CountsAPaymentThatTheLogHoldsAlreadyByItsEventAlone) {
  World world;
  world.Log(world.Payment("t", 70));
  world.Pump();
  auto call = world.Start(world.Payment("t", 100));
  EXPECT_EQ(call->result(kVolume).integer, 70);
  EXPECT_EQ(call->decision.provenance, model::Provenance::kFull);
  EXPECT_EQ(world.LogSize(), 1)
      << "its PAYMENT stands in the log; a second one would be a duplicate";
}

TEST(Decider, RecordsThePaymentWithItsOutcomeAndDecision) {
  World world;
  auto denied = world.Start(world.Payment("t", 2'000'000));
  EXPECT_EQ(denied->decision.outcome, model::Outcome::kDeny);
  EXPECT_THAT(denied->decision.reasons, ElementsAre("AMOUNT"));
  const eventlog::Partition p = eventlog::PartitionOf("m", testing::kPartitions);
  const auto record = world.log.At(p, 0);
  ASSERT_TRUE(record.has_value());
  EXPECT_EQ(record->event.kind, model::EventKind::kPayment);
  EXPECT_EQ(record->event.txn.status, "declined");
  EXPECT_EQ(record->event.txn.id, "t");
  ASSERT_TRUE(record->decision.has_value());
  EXPECT_EQ(*record->decision, denied->decision);
}

TEST(Decider, LetsOthersSeeTheRealOutcomeNotTheAssumedOne) {
  World world;
  auto denied = world.Start(world.Payment("t", 2'000'000));
  EXPECT_EQ(denied->result(kVolume).integer, 2'000'000) << "assumed approved while it is decided";
  auto next = world.Start(world.Payment("u", 1));
  EXPECT_EQ(next->result(kVolume).integer, 1);
  EXPECT_EQ(next->result(kCount).integer, 2)
      << "a measure without `where` counts declined ones too";
}

TEST(Decider, LetsOthersSeeAnOutcomeOfWhichNothingWasAssumed) {
  testing::RuleTexts texts = World::DefaultRules();
  texts.features = R"({ "features": [
      { "name": "declined_1d", "entity": "merchant", "aggregate": "count", "window": "1d",
        "where": "txn.status == 'declined'" } ] })";
  texts.rules = R"({ "schema": "txn/1", "rules": [
      { "id": "huge", "name": "Huge", "owner": "t", "mode": "live", "action": "deny", "reason": "AMOUNT",
        "when": "txn.amount_minor > 1000000",
        "tests": [ { "name": "y", "expect": "match", "given": { "txn": { "amount_minor": 1000001 } } },
                   { "name": "n", "expect": "no_match", "given": { "txn": { "amount_minor": 1 } } } ] } ] })";
  World world(texts);
  world.appender.SetMode(testing::FakeAppender::Mode::kHold);
  auto denied = world.Start(world.Payment("t", 2'000'000));
  auto allowed = world.Start(world.Payment("u", 1));
  EXPECT_EQ(allowed->result("merchant.declined_1d").integer, 1);
  auto next = world.Start(world.Payment("v", 1));
  EXPECT_EQ(next->result("merchant.declined_1d").integer, 1) << "the allowed one is no decline";
  world.appender.Release();
}

TEST(Decider, ReplaysTheStoredDecisionToARetryAndCountsNothing) {
  World world;
  auto first = world.Start(world.Payment("t", 100));
  model::Transaction again = world.Payment("t", 100);
  again.ip = "10.0.0.9";
  again.event_time_ms -= 5'000;
  auto retry = world.Start(again);
  EXPECT_EQ(retry->done, 1);
  EXPECT_TRUE(retry->replayed);
  EXPECT_EQ(retry->decision, first->decision);
  EXPECT_THAT(retry->features, IsEmpty());
  EXPECT_EQ(world.Start(world.Payment("u", 1))->result(kVolume).integer, 101);
}

TEST(Decider, RefusesTheSameIdWithOtherContent) {
  World world;
  world.Start(world.Payment("t", 100));
  for (auto change : {+[](model::Transaction* t) { t->amount_minor = 10'000; },
                      +[](model::Transaction* t) { t->currency = "USD"; },
                      +[](model::Transaction* t) { t->merchant_id = "m2"; },
                      +[](model::Transaction* t) { t->card_id = "c2"; }}) {
    model::Transaction other = world.Payment("t", 100);
    change(&other);
    auto call = world.Start(other);
    EXPECT_EQ(call->done, 1);
    EXPECT_THAT(call->status, StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr("id: ")));
    EXPECT_FALSE(call->replayed);
  }
  EXPECT_EQ(world.LogSize(), 1);
}

TEST(Decider, KeepsDecisionsForGetDecision) {
  World world;
  auto call = world.Start(world.Payment("t", 100));
  const auto found = world.decider->GetDecision("t");
  ASSERT_THAT(found, IsOk());
  EXPECT_EQ(*found, call->decision);
  EXPECT_THAT(world.decider->GetDecision("u"), StatusIs(absl::StatusCode::kNotFound));
}

TEST(Decider, RefusesABadPaymentAndCountsNothing) {
  World world;
  model::Transaction bad = world.Payment("t", -1);
  auto call = world.Start(bad);
  EXPECT_EQ(call->done, 1);
  EXPECT_THAT(call->status,
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("amount_minor")));
  EXPECT_EQ(world.live->sizes().provisionals, 0u);
  EXPECT_EQ(world.LogSize(), 0);
}

TEST(Decider, IsUnavailableBeforeTheFirstRuleSet) {
  World world;
  const base::Published<ruleset::RuleSet> none;
  Decider decider({.rules = &none,
                   .live = &*world.live,
                   .blobs = &world.cache,
                   .appender = &world.appender,
                   .clock = &world.clock,
                   .hasher = &world.hasher,
                   .timer = &world.timer},
                  {});
  auto call = world.Call(world.Payment("t"));
  decider.Score(call.get());
  EXPECT_EQ(call->done, 1);
  EXPECT_THAT(call->status, StatusIs(absl::StatusCode::kUnavailable));
}

// --- the store ---

TEST(Decider, WaitsForTheStoreOnAMissAndGoesOnWhenItAnswers) {
  World world;
  world.PutBlob(World::kToday, World::kToday - 3, 10'000, 5);
  world.store.SetReads(testing::FakeAggregateStore::Reads::kHold);
  auto call = world.Start(world.Payment("t", 1));
  EXPECT_EQ(call->done, 0);
  EXPECT_EQ(world.store.held_reads(), 1u) << "all misses in one fetch";
  world.store.ReleaseReads();
  EXPECT_EQ(call->done, 1);
  EXPECT_EQ(call->result(kVolume).integer, 10'001);
  EXPECT_EQ(call->decision.provenance, model::Provenance::kFull);
  world.timer.RingAll();
  EXPECT_EQ(call->done, 1);
}

TEST(Decider, AnswersFromLiveTilesWhenTheStoreTimesOut) {
  World world;
  world.PutBlob(World::kToday, World::kToday - 3, 10'000, 5);
  world.Log(world.Payment("log", 70));
  world.Pump();
  world.store.SetReads(testing::FakeAggregateStore::Reads::kHold);
  auto call = world.Start(world.Payment("t", 1));
  world.timer.RingAll();
  ASSERT_EQ(call->done, 1);
  ASSERT_THAT(call->status, IsOk());
  EXPECT_EQ(call->decision.provenance, model::Provenance::kDefault);
  EXPECT_EQ(call->decision.partial_reasons, model::kPartialBatch);
  EXPECT_EQ(call->result(kVolume).provenance, model::Provenance::kPartial);
  EXPECT_EQ(call->result(kVolume).integer, 71);
  EXPECT_TRUE(call->result(kVolume).reads_as_missing) << "a cold cache is not a quiet merchant";
  EXPECT_THAT(call->decision.missing_rule_ids, ElementsAre("busy"));
  EXPECT_EQ(world.store.ReleaseReads(), 1u);  // too late: finds nothing to go on with
  EXPECT_EQ(call->done, 1);
}

TEST(Decider, IsPartialWhenTheStoreFails) {
  World world;
  world.store.SetReads(testing::FakeAggregateStore::Reads::kFail);
  auto call = world.Start(world.Payment("t", 1));
  ASSERT_EQ(call->done, 1);
  EXPECT_EQ(call->decision.partial_reasons, model::kPartialBatch);
}

TEST(Decider, TakesNoPaymentThatTheLogWouldQuarantine) {
  testing::RuleTexts texts = World::DefaultRules();
  texts.features.replace(texts.features.find("{"), 1, R"({ "defaults": { "future_skew": "1m" }, )");
  World world(texts);
  model::Transaction ahead = world.Payment("t", 100);
  ahead.event_time_ms += 60'000;
  EXPECT_THAT(world.Start(ahead)->status, IsOk());
  ahead.id = "u";
  ahead.event_time_ms += 1;
  EXPECT_THAT(world.Start(ahead)->status, StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(Decider, SaysDefaultWhereRulesGotNoFeatureAtAllAndPartialWhereTheyGotOne) {
  testing::RuleTexts texts = World::DefaultRules();
  texts.policy =
      R"({ "review_at": 50, "deny_at": 100, "default": "allow", "on": { "DEFAULT": "review" },
                      "reasons": ["AMOUNT", "VELOCITY"] })";
  World none(texts);
  none.store.SetReads(testing::FakeAggregateStore::Reads::kFail);
  auto call = none.Start(none.Payment("t", 1));
  EXPECT_EQ(call->decision.provenance, model::Provenance::kDefault);
  EXPECT_EQ(call->decision.outcome, model::Outcome::kReview) << "the policy's own word for it";
  model::Transaction without_card = none.Payment("u", 1);
  without_card.card_id.clear();
  EXPECT_EQ(none.Start(without_card)->decision.provenance, model::Provenance::kDefault)
      << "a card that is not there is no value either";

  const size_t at = texts.features.find("\"window\": \"1d\"");
  texts.features.insert(at, "\"partial\": \"use\", ");
  World one(texts);
  one.store.SetReads(testing::FakeAggregateStore::Reads::kFail);
  call = one.Start(one.Payment("t", 1));
  EXPECT_EQ(call->decision.provenance, model::Provenance::kPartial);
  EXPECT_EQ(call->decision.outcome, model::Outcome::kAllow);
}

TEST(Decider, DoesNotAskTheStoreWhenTheDeadlineIsNear) {
  World world;
  world.store.SetReads(testing::FakeAggregateStore::Reads::kHold);
  auto call = world.Call(world.Payment("t", 1));
  DeciderOptions options;
  options.answer_time = std::chrono::seconds(1);
  Decider decider({.rules = &world.rules,
                   .live = &*world.live,
                   .blobs = &world.cache,
                   .appender = &world.appender,
                   .clock = &world.clock,
                   .hasher = &world.hasher,
                   .timer = &world.timer},
                  options);
  call->deadline = In(std::chrono::milliseconds(1'900));  // time for an answer, not for a fetch
  decider.Score(call.get());
  ASSERT_EQ(call->done, 1);
  EXPECT_THAT(call->status, IsOk());
  EXPECT_EQ(call->decision.partial_reasons, model::kPartialBatch);
  EXPECT_EQ(world.store.held_reads(), 0u);
}

TEST(Decider, ExceedsADeadlineThatLeavesNoTimeAndCountsNothing) {
  World world;
  auto call = world.Call(world.Payment("t", 1));
  call->deadline = In(std::chrono::milliseconds(0));
  world.decider->Score(call.get());
  ASSERT_EQ(call->done, 1);
  EXPECT_THAT(call->status, StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_EQ(world.live->sizes().provisionals, 0u);
  EXPECT_EQ(world.LogSize(), 0);
}

// --- the log ---

TEST(Decider, AnswersOnceTheLogHasThePayment) {
  World world;
  world.appender.SetMode(testing::FakeAppender::Mode::kHold);
  auto call = world.Start(world.Payment("t", 1));
  EXPECT_EQ(call->done, 0);
  world.appender.Release();
  EXPECT_EQ(call->done, 1);
  EXPECT_EQ(call->decision.provenance, model::Provenance::kFull);
  world.timer.RingAll();
  EXPECT_EQ(call->done, 1);
}

TEST(Decider, AnswersWithPartialLogWhenTheLogStalls) {
  World world;
  world.appender.SetMode(testing::FakeAppender::Mode::kHold);
  auto call = world.Start(world.Payment("t", 1));
  world.timer.RingAll();
  ASSERT_EQ(call->done, 1);
  ASSERT_THAT(call->status, IsOk());
  EXPECT_EQ(call->decision.provenance, model::Provenance::kPartial);
  EXPECT_EQ(call->decision.partial_reasons, model::kPartialLog);
  EXPECT_EQ(call->result(kVolume).integer, 1);
  EXPECT_EQ(world.appender.Release(), 1u);  // the append stays queued and arrives
  EXPECT_EQ(call->done, 1);
  EXPECT_EQ(world.Pump(), 1u);
  world.appender.SetMode(testing::FakeAppender::Mode::kAtOnce);
  EXPECT_EQ(world.Start(world.Payment("u", 1))->result(kVolume).integer, 2);
}

TEST(Decider, WaitsForTheLogNoLongerThanTheDeadline) {
  World world;
  world.appender.SetMode(testing::FakeAppender::Mode::kHold);
  DeciderOptions options;
  options.append_wait = std::chrono::hours(1);
  Decider decider({.rules = &world.rules,
                   .live = &*world.live,
                   .blobs = &world.cache,
                   .appender = &world.appender,
                   .clock = &world.clock,
                   .hasher = &world.hasher,
                   .timer = &world.timer},
                  options);
  auto call = world.Call(world.Payment("t", 1));
  call->deadline = In(std::chrono::seconds(60));
  decider.Score(call.get());
  ASSERT_EQ(call->done, 0);
  EXPECT_EQ(world.timer.newest(), call->deadline - options.answer_time);
  world.timer.RingAll();
  EXPECT_EQ(call->done, 1);
  world.appender.Release();
}

TEST(Decider, AnswersWithPartialLogWhenTheLogRefuses) {
  World world;
  world.appender.SetMode(testing::FakeAppender::Mode::kRefuse);
  auto call = world.Start(world.Payment("t", 1));
  ASSERT_EQ(call->done, 1);
  EXPECT_THAT(call->status, IsOk());
  EXPECT_EQ(call->decision.partial_reasons, model::kPartialLog);
}

TEST(Decider, AnswersAtOnceAndAppendsNothingWhenAskedNotToRecord) {
  World world;
  world.appender.SetMode(testing::FakeAppender::Mode::kHold);
  auto call = world.Call(world.Payment("t", 5));
  call->record = false;
  world.decider->Score(call.get());
  EXPECT_EQ(call->done, 1);
  EXPECT_EQ(call->decision.provenance, model::Provenance::kFull);
  EXPECT_EQ(world.appender.held(), 0u);
  world.decider->Score(call.get());
  EXPECT_EQ(call->done, 2);
  EXPECT_TRUE(call->replayed);
  EXPECT_EQ(world.appender.held(), 0u);
}

TEST(Decider, RecordsNothingWithoutAnAppender) {
  World world;
  world.MakeDecider(nullptr, /*with_appender=*/false);
  EXPECT_EQ(world.Start(world.Payment("t", 5))->done, 1);
  EXPECT_EQ(world.LogSize(), 0);
}

// --- retries in flight ---

TEST(Decider, ParksADuplicateOnTheOpenDecision) {
  World world;
  world.store.SetReads(testing::FakeAggregateStore::Reads::kHold);
  world.appender.SetMode(testing::FakeAppender::Mode::kHold);
  auto first = world.Start(world.Payment("t", 5));
  auto second = world.Start(world.Payment("t", 5));  // both wait for the store
  world.store.ReleaseReads();  // the first opens the slot and waits for the log
  EXPECT_EQ(first->done + second->done, 0) << "both answers wait for the log";
  world.appender.Release();
  EXPECT_EQ(first->done, 1);
  EXPECT_EQ(second->done, 1);
  EXPECT_FALSE(first->replayed);
  EXPECT_TRUE(second->replayed);
  EXPECT_EQ(second->decision, first->decision);
  world.Pump();
  world.appender.SetMode(testing::FakeAppender::Mode::kAtOnce);
  EXPECT_EQ(world.Start(world.Payment("u", 1))->result(kCount).integer, 2);
}

// --- days, lateness, staleness ---

TEST(Decider, MovesToTheNextDayAtMidnightByArithmeticAlone) {
  World world;
  const int64_t midnight_ms = (World::kToday + 1) * World::kDayMs;
  world.clock.Set(midnight_ms - 1);
  world.Start(world.Payment("t1", 10));
  world.Pump();
  auto last = world.Start(world.Payment("t2", 10));
  EXPECT_EQ(last->result(kCount).integer, 2);
  world.clock.Set(midnight_ms);
  world.NoteComplete();
  auto first = world.Start(world.Payment("t3", 10));
  EXPECT_EQ(first->result(kCount).integer, 1);
  EXPECT_EQ(first->result(kVolume).integer, 30);
  model::Transaction yesterday = world.Payment("t4", 10);
  yesterday.event_time_ms = midnight_ms - 1;
  EXPECT_EQ(world.Start(yesterday)->result(kCount).integer, 3)
      << "windows are anchored at its time";
}

TEST(Decider, DropsTheThirtyFirstDayBack) {
  World world;
  world.PutBlob(World::kToday, World::kToday - 29, 1'000, 1);
  EXPECT_EQ(world.Start(world.Payment("t", 1))->result(kVolume).integer, 1'001);
  world.Pump();  // the event takes the place of the provisional, which would not last a day
  world.clock.Set(World::kNoonMs + World::kDayMs);
  world.NoteComplete();
  EXPECT_EQ(world.Start(world.Payment("u", 1))->result(kVolume).integer, 2);
}

TEST(Decider, SaysPartialCurrentBeyondTheDedupHorizonAndDoesNotCountIt) {
  World world;
  world.Log(world.Payment("old", 1));
  world.Pump();
  world.clock.Set(World::kNoonMs + 3 * 3'600'000);
  world.Log(world.Payment("new", 2));
  world.Pump();  // forgets the ids of noon
  model::Transaction late = world.Payment("t", 100);
  late.event_time_ms = World::kNoonMs;
  auto call = world.Start(late);
  EXPECT_EQ(call->decision.partial_reasons, model::kPartialCurrent);
  EXPECT_EQ(call->result(kVolume).integer, 3) << "the log may hold it: not added";
  EXPECT_EQ(world.live->sizes().provisionals, 0u);
}

TEST(Decider, KnowsNoTotalForAPaymentInAnotherCurrency) {
  World world;
  model::Transaction foreign = world.Payment("t", 100);
  foreign.currency = "USD";
  auto call = world.Start(foreign);
  EXPECT_EQ(call->decision.partial_reasons, model::kPartialFx);
  EXPECT_TRUE(call->result(kVolume).reads_as_missing);
  EXPECT_EQ(call->result(kCount).integer, 1);
  auto next = world.Start(world.Payment("u", 7));
  EXPECT_EQ(next->result(kVolume).integer, 7);
  EXPECT_EQ(next->result(kVolume).reasons, model::kPartialFx);
  foreign.id = "v";
  foreign.amount_base_minor = 90;
  EXPECT_EQ(world.Start(foreign)->result(kVolume).integer, 97);
}

TEST(Decider, LeavesFeaturesOfAnAbsentEntityMissing) {
  World world;
  model::Transaction no_card = world.Payment("t", 100);
  no_card.card_id.clear();
  auto call = world.Start(no_card);
  EXPECT_FALSE(call->result(kCount).known);
  EXPECT_EQ(call->decision.provenance, model::Provenance::kFull);
  EXPECT_THAT(call->decision.missing_rule_ids, ElementsAre("busy"));
}

TEST(Decider, TakesProvenanceFromTheFeaturesThatLiveRulesRead) {
  testing::RuleTexts texts = World::DefaultRules();
  texts.rules = R"({ "schema": "txn/1", "rules": [
      { "id": "busy", "name": "Busy", "owner": "t", "mode": "live", "action": "review", "reason": "VELOCITY",
        "when": "card.count_1d >= 4" },
      { "id": "watch", "name": "Watch", "owner": "t", "mode": "shadow", "action": "review", "reason": "VELOCITY",
        "when": "merchant.volume_30d > 0.0" } ] })";
  World world(texts);
  model::Transaction foreign = world.Payment("t", 100);
  foreign.currency = "USD";
  auto call = world.Start(foreign);
  EXPECT_EQ(call->result(kVolume).provenance, model::Provenance::kPartial);
  EXPECT_EQ(call->decision.provenance, model::Provenance::kFull);
  EXPECT_EQ(call->decision.partial_reasons, 0);
}

TEST(Decider, SaysPartialLimitWhenTheOverlayIsFull) {
  counters::LiveOptions options;
  options.overlay_bytes_max = 1;
  World world(World::DefaultRules(), options);
  auto call = world.Start(world.Payment("t", 100));
  EXPECT_EQ(call->decision.partial_reasons, model::kPartialLimit);
  EXPECT_EQ(call->result(kVolume).integer, 100) << "its own answer counts it";
}

// --- rule sets ---

TEST(Decider, DecidesByTheNewestRuleSet) {
  World world;
  world.Start(world.Payment("t", 100));
  testing::RuleTexts texts = World::DefaultRules();
  texts.policy =
      R"({ "review_at": 50, "deny_at": 100, "default": "review", "reasons": ["AMOUNT", "VELOCITY"] })";
  world.Publish(texts);
  auto call = world.Start(world.Payment("u", 100));
  EXPECT_EQ(call->decision.outcome, model::Outcome::kReview);
  EXPECT_EQ(call->rule_set, world.set);
}

// As many hold the set as where nothing was prepared: the Score made no plan of its own beside it.
TEST(Decider, TakesUpWhatWasPreparedForARuleSet) {
  World world;
  world.Start(world.Payment("t", 100));
  const auto holders = [&](bool prepared) {
    const auto set = testing::LoadRules(World::DefaultRules(), {});
    if (prepared) world.decider->Prepare(set);
    world.rules.Publish(set);
    EXPECT_EQ(world.Start(world.Payment(prepared ? "u" : "v", 100))->rule_set, set);
    return set.use_count();
  };
  EXPECT_EQ(holders(/*prepared=*/true), holders(/*prepared=*/false));
}

// --- dry runs ---

TEST(Decider, ExplainsWithPartsAndClausesAndLeavesNoTrace) {
  World world;
  world.PutBlob(World::kToday, World::kToday - 3, 10'000, 5);
  world.Log(world.Payment("log", 70));
  world.Pump();
  auto explain = world.Call(world.Payment("t", 6));
  explain->dry_run = true;
  world.decider->Score(explain.get());
  ASSERT_EQ(explain->done, 1);
  EXPECT_EQ(explain->result(kVolume).integer, 10'076);
  const FeatureAnswer& volume = explain->features[0];
  ASSERT_EQ(volume.feature->full_name, kVolume);
  ASSERT_EQ(volume.parts.size(), 2u);
  EXPECT_EQ(volume.parts[0].source, feature::Part::Source::kBatch);
  EXPECT_EQ(volume.parts[1].source, feature::Part::Source::kLive);
  ASSERT_TRUE(volume.current.has_value());
  EXPECT_EQ(static_cast<int64_t>(volume.current->tile.sum), 6);
  ASSERT_EQ(explain->clause_results.size(), 2u);  // by rule, sorted by id
  EXPECT_THAT(explain->clause_results[0], ElementsAre("false"));
  EXPECT_THAT(explain->clause_results[1], ElementsAre("false"));
  EXPECT_EQ(world.live->sizes().provisionals, 0u);
  EXPECT_EQ(world.live->sizes().decisions, 0u);
  EXPECT_EQ(world.LogSize(), 1);
  EXPECT_EQ(world.Start(world.Payment("t", 6))->result(kVolume).integer, 10'076);
}

TEST(Decider, ExplainsAScoredPaymentWithoutCountingItTwice) {
  World world;
  world.Start(world.Payment("t", 6));
  auto explain = world.Call(world.Payment("t", 6));
  explain->dry_run = true;
  world.decider->Score(explain.get());
  EXPECT_EQ(explain->result(kVolume).integer, 6);
  EXPECT_FALSE(explain->replayed);
  world.Pump();
  world.decider->Score(explain.get());
  EXPECT_EQ(explain->done, 2);
  EXPECT_EQ(explain->result(kVolume).integer, 6);
}

TEST(Decider, ReusesACallWithoutMixingItsAnswers) {
  World world;
  TestCall call;
  call.include_features = true;
  call.txn = world.Payment("t1", 2'000'000);
  world.decider->Score(&call);
  EXPECT_EQ(call.decision.outcome, model::Outcome::kDeny);
  call.txn = world.Payment("t2", 1);
  world.decider->Score(&call);
  EXPECT_EQ(call.decision.outcome, model::Outcome::kAllow);
  EXPECT_THAT(call.decision.reasons, IsEmpty());
  call.txn = world.Payment("t2", -1);
  world.decider->Score(&call);
  EXPECT_EQ(call.done, 3);
  EXPECT_THAT(call.decision.transaction_id, IsEmpty());
  EXPECT_THAT(call.features, IsEmpty());
}

}  // namespace
}  // namespace verdict::decide
