// The policy's keys, each with its default and its range.
#include "ruleset/policy_file.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "ruleset/object_reader.h"

namespace verdict::ruleset {
namespace {

constexpr int64_t kThresholdMax = 1'000'000;
constexpr size_t kReasonsMax = 256;
constexpr size_t kReasonBytesMax = 64;

bool IsReason(std::string_view text) {
  if (text.empty() || text.size() > kReasonBytesMax || text[0] < 'A' || text[0] > 'Z') return false;
  return text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == std::string_view::npos;
}

std::vector<std::string> ReadReasons(const JsonDocument& document, const JsonValue& list,
                                     Findings* findings) {
  std::vector<std::string> reasons;
  for (const JsonValue* item : StringItems(document, list, findings)) {
    if (!IsReason(item->text)) {
      findings->ErrorAt("R513", document, *item,
                        absl::StrFormat("`%s` is not a reason code: capitals, digits and `_`, at "
                                        "most %d, a capital first",
                                        item->text, kReasonBytesMax));
    } else if (std::find(reasons.begin(), reasons.end(), item->text) != reasons.end()) {
      findings->ErrorAt("R512", document, *item,
                        absl::StrFormat("reason `%s` is declared twice", item->text));
    } else {
      reasons.push_back(item->text);
    }
  }
  if (reasons.size() > kReasonsMax) {
    findings->ErrorAt(
        "R522", document, list,
        absl::StrFormat("%d reasons; there may be at most %d", reasons.size(), kReasonsMax));
  }
  return reasons;
}

void ReadOn(const JsonDocument& document, const JsonValue& value, Findings* findings,
            Policy* policy) {
  ObjectReader reader(document, value, "`on`", findings);
  const std::vector<std::string> words = {"decide", "review", "deny"};
  auto read = [&](std::string_view key, OnProvenance* on) {
    if (auto choice = reader.Choice(key, Need::kOptional, words)) {
      *on = static_cast<OnProvenance>(*choice);
    }
  };
  read("STALE", &policy->on_stale);
  read("PARTIAL", &policy->on_partial);
  read("DEFAULT", &policy->on_default);
  reader.Finish();
}

void ReadGuard(const JsonDocument& document, const JsonValue& value, Findings* findings,
               Policy* policy) {
  ObjectReader reader(document, value, "`guard`", findings);
  if (auto shift = reader.Number("max_deny_shift", Need::kOptional)) {
    policy->guard_max_deny_shift = *shift;
    if (*shift < 0 || *shift > 100) {
      reader.Error("R517", *reader.object().Find("max_deny_shift"),
                   "`max_deny_shift` is in points of a percentage: 0 to 100");
    }
  }
  reader.Finish();
}

void ReadCost(const JsonDocument& document, const JsonValue& value, Findings* findings,
              Policy* policy) {
  ObjectReader reader(document, value, "`cost`", findings);
  const IntRange range = {1, 1'000'000'000};
  auto read = [&](std::string_view key, int64_t* target) {
    *target = reader.Int(key, Need::kOptional, range).value_or(*target);
  };
  read("rule_units", &policy->cost_rule_units);
  read("set_units", &policy->cost_set_units);
  read("ns_per_unit", &policy->cost_ns_per_unit);
  reader.Finish();
}

void ReadThresholds(ObjectReader& root, Policy* policy) {
  const IntRange range = {-kThresholdMax, kThresholdMax};
  policy->review_at =
      static_cast<int>(root.Int("review_at", Need::kOptional, range).value_or(policy->review_at));
  policy->deny_at =
      static_cast<int>(root.Int("deny_at", Need::kOptional, range).value_or(policy->deny_at));
  if (policy->review_at < policy->deny_at) return;
  const JsonValue* at = root.object().Find("review_at");
  root.Error("R503", at != nullptr ? *at : root.object(),
             absl::StrFormat("`review_at` (%d) must be below `deny_at` (%d), or nothing would be "
                             "reviewed by score",
                             policy->review_at, policy->deny_at));
}

}  // namespace

Policy ReadPolicyFile(const JsonDocument* document, Findings* findings) {
  Policy policy;
  if (document == nullptr) return policy;
  if (document->root().kind != JsonKind::kObject) {
    findings->ErrorAt("R507", *document, document->root(), "policy.json must be one object");
    return policy;
  }
  ObjectReader root(*document, document->root(), "policy.json", findings);
  root.String("$schema", Need::kOptional);  // for editors: rules/editor
  ReadThresholds(root, &policy);
  if (auto outcome = root.Choice("default", Need::kOptional, {"allow", "review", "deny"})) {
    constexpr model::Outcome kOutcomes[] = {model::Outcome::kAllow, model::Outcome::kReview,
                                            model::Outcome::kDeny};
    policy.default_outcome = kOutcomes[*outcome];
  }
  auto object = [&](std::string_view key) {
    return root.Value(key, JsonKind::kObject, Need::kOptional);
  };
  if (const JsonValue* on = object("on")) ReadOn(*document, *on, findings, &policy);
  if (const JsonValue* guard = object("guard")) ReadGuard(*document, *guard, findings, &policy);
  if (const JsonValue* cost = object("cost")) ReadCost(*document, *cost, findings, &policy);
  if (const JsonValue* reasons = root.Value("reasons", JsonKind::kArray, Need::kRequired)) {
    policy.reasons = ReadReasons(*document, *reasons, findings);
  }
  root.Finish();
  return policy;
}

}  // namespace verdict::ruleset
