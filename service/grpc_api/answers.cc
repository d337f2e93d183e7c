// What a decision's values are called in the contract.
#include "grpc_api/answers.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_format.h"
#include "base/hash.h"
#include "base/metrics.h"
#include "base/status.h"
#include "wire/decision_proto.h"
#include "wire/event_proto.h"

namespace verdict::grpc_api {
namespace {

// Offsets are listed up to so many partitions (AGGREGATES R35).
constexpr size_t kOffsetsShown = 16;
constexpr base::SipKey kAsOfKey{};  // no secret: a digest to compare by

using Strings = google::protobuf::RepeatedPtrField<std::string>;

void Copy(const std::vector<std::string>& from, Strings* to) {
  for (const std::string& text : from) to->Add()->assign(text);
}

std::string_view SourceName(feature::Part::Source source) {
  switch (source) {
    case feature::Part::Source::kBatch:
      return "batch";
    case feature::Part::Source::kLive:
      return "live";
    case feature::Part::Source::kProvisional:
      return "provisional";
  }
  return "";
}

// What does not fit the contract's int64 is shown at its edge.
int64_t Saturated(feature::Int128 value) {
  return static_cast<int64_t>(std::clamp<feature::Int128>(value, INT64_MIN, INT64_MAX));
}

void WritePart(std::string_view source, model::DayNumber day, const feature::Tile& tile,
               feature::CutId cut, v1::FeaturePart* out) {
  out->set_source(std::string(source));
  out->set_day(model::FormatDay(day));
  out->set_sum(tile.has_last() ? tile.last_value() : Saturated(tile.sum));
  out->set_count(tile.count);
  out->set_cut(static_cast<uint32_t>(cut));
}

void WriteFeature(const decide::FeatureAnswer& answer, v1::FeatureValue* out) {
  const feature::Feature& feature = *answer.feature;
  const feature::FeatureResult& result = answer.result;
  const bool is_real = feature::IsRealAlone(feature.aggregate);
  out->set_name(feature.full_name);
  if (result.known && !is_real) out->set_int_value(result.integer);
  if (result.known && (is_real || feature.money)) out->set_double_value(result.real);
  out->set_provenance(wire::ToProto(result.provenance));
  wire::ToProto(result.reasons, out->mutable_partial_reasons());
  out->set_reads_as_missing(result.reads_as_missing);
  out->set_hash(absl::StrFormat("%016x", feature.hash));
  if (answer.cut.has_value()) out->set_cut(static_cast<uint32_t>(*answer.cut));
  out->set_rev(answer.rev);
  if (!feature.slides()) out->set_mode(answer.by_days ? "DAY" : "CUT");
  for (const feature::Part& part : answer.parts) {
    v1::FeaturePart* written = out->add_parts();
    WritePart(SourceName(part.source), part.day, part.tile, part.cut, written);
    if (!feature.slides()) continue;
    written->clear_day();
    written->set_after_ms(part.window.after_ms);
    written->set_until_ms(part.window.until_ms);
  }
  if (answer.current.has_value()) {
    WritePart("current", answer.current->day, answer.current->tile, 0, out->add_parts());
  }
}

void WriteAsOf(const decide::ScoreCall& call, v1::AsOf* out) {
  const std::vector<eventlog::Offset>& next = call.next_offsets;
  if (next.size() <= kOffsetsShown) out->mutable_next_offsets()->Add(next.begin(), next.end());
  const std::string_view bytes(reinterpret_cast<const char*>(next.data()),
                               next.size() * sizeof next[0]);
  out->set_digest(base::SipHash128(kAsOfKey, bytes).high);
  out->set_lag_ms(call.lag_ms);
}

void WriteTrace(const decide::ScoreCall& call, size_t index, v1::RuleTrace* out) {
  const ruleset::Rule& rule = call.rule_set->rules[index];
  out->set_rule_id(rule.id);
  out->set_mode(call.evaluation.acting[index] ? "live" : "shadow");
  out->set_result(std::string(ruleset::RuleResultName(call.evaluation.results[index])));
  for (size_t i = 0; i < rule.clause_texts.size(); ++i) {
    v1::ClauseTrace* clause = out->add_clauses();
    clause->set_expression(rule.clause_texts[i]);
    if (index < call.clause_results.size() && i < call.clause_results[index].size()) {
      clause->set_result(call.clause_results[index][i]);
    }
  }
}

int64_t Hits(const std::string& rule, ruleset::RuleResult result) {
  return static_cast<int64_t>(base::Metrics().CounterValue(
      "verdict_rule_hits_total",
      {{"rule", rule}, {"result", std::string(ruleset::RuleResultName(result))}}));
}

void WriteRule(const ruleset::Rule& rule, v1::RuleDescription* out) {
  out->set_id(rule.id);
  out->set_name(rule.name);
  out->set_owner(rule.owner);
  out->set_mode(std::string(ruleset::ModeName(rule.mode)));
  out->set_action(std::string(ruleset::ActionName(rule.action)));
  out->set_matched(Hits(rule.id, ruleset::RuleResult::kMatch));
  out->set_not_matched(Hits(rule.id, ruleset::RuleResult::kNoMatch));
  out->set_missing(Hits(rule.id, ruleset::RuleResult::kMissing));
  out->set_errors(Hits(rule.id, ruleset::RuleResult::kError));
}

}  // namespace

absl::Status ReadRequest(const v1::ScoreRequest& request, decide::ScoreCall* call) {
  RETURN_IF_ERROR(wire::FromProto(request.transaction(), &call->txn));
  call->record = !request.has_record() || request.record();
  call->include_features = request.include_features();
  call->dry_run = false;
  return absl::OkStatus();
}

void WriteScore(const decide::ScoreCall& call, v1::ScoreResponse* out) {
  const model::Decision& decision = call.decision;
  out->Clear();
  out->set_transaction_id(decision.transaction_id);
  out->set_decision(wire::ToProto(decision.outcome));
  out->set_score(decision.score);
  Copy(decision.reasons, out->mutable_reasons());
  Copy(decision.rule_ids, out->mutable_rule_ids());
  out->set_rule_set(decision.rule_set);
  out->set_provenance(wire::ToProto(decision.provenance));
  if (decision.partial_reasons != 0)
    wire::ToProto(decision.partial_reasons, out->mutable_partial_reasons());
  out->set_replayed(call.replayed);
  for (const decide::FeatureAnswer& answer : call.features)
    WriteFeature(answer, out->add_features());
  if (!call.features.empty()) WriteAsOf(call, out->mutable_as_of());
}

void WriteExplain(const decide::ScoreCall& call, v1::ExplainResponse* out) {
  out->Clear();
  wire::ToProto(call.decision, out->mutable_decision());
  for (const decide::FeatureAnswer& answer : call.features)
    WriteFeature(answer, out->add_features());
  WriteAsOf(call, out->mutable_as_of());
  for (size_t i = 0; i < call.evaluation.results.size(); ++i) {
    if (call.rule_set->rules[i].mode != ruleset::Mode::kOff) WriteTrace(call, i, out->add_rules());
  }
}

void WriteRules(const ruleset::RuleSet* set, const std::vector<std::string>& last_refusal,
                v1::DescribeRulesResponse* out) {
  out->Clear();
  Copy(last_refusal, out->mutable_last_refusal());
  if (set == nullptr) return;
  out->set_rule_set(set->short_hash);
  out->set_loaded_at_ms(set->loaded_at_ms);
  for (const ruleset::Rule& rule : set->rules) WriteRule(rule, out->add_rules());
  for (const feature::Feature& feature : set->features->features())
    out->add_features(feature.full_name);
}

void WriteError(const absl::Status& status, v1::Error* out) {
  out->set_code(static_cast<int>(status.code()));
  out->set_message(std::string(status.message()));
}

std::chrono::steady_clock::time_point SteadyDeadline(
    std::chrono::system_clock::time_point deadline) {
  // A day ahead is as good as none, and keeps the sum below far from overflow.
  const auto left = deadline - std::chrono::system_clock::now();
  if (left > std::chrono::hours(24)) return std::chrono::steady_clock::time_point::max();
  return std::chrono::steady_clock::now() +
         std::chrono::duration_cast<std::chrono::steady_clock::duration>(left);
}

}  // namespace verdict::grpc_api
