// The keys of a rule in the order of the language page's table, then the checks across them.
#include "ruleset/rule_reader.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "absl/time/civil_time.h"
#include "model/business_day.h"

namespace verdict::ruleset {
namespace {

constexpr int64_t kDayMs = 86'400'000;
constexpr int64_t kScoreMax = 1'000;
constexpr int64_t kPriorityMax = 1'000'000;

// Thread-compatible. One use: reads one rule into a draft.
class RuleReader {
 public:
  RuleReader(const JsonDocument& document, const JsonValue& value, const RuleFileContext& context,
             Findings* findings)
      : reader_(document, value, "a rule", findings), context_(context), findings_(findings) {
    draft_.document = &document;
    draft_.value = &value;
    draft_.rule.file = document.file();
  }

  DraftRule Read() {
    ReadNames();
    ReadEffect();
    ReadReason();
    ReadExpiry();
    ReadClauses();
    ReadTests();
    reader_.Finish();
    CheckTogether();
    return std::move(draft_);
  }

 private:
  const JsonValue* At(std::string_view key) const { return reader_.object().Find(key); }
  const JsonDocument& document() const { return reader_.document(); }
  void Warn(std::string code, const JsonValue& value, std::string message) {
    findings_->ErrorAt(std::move(code), document(), value, std::move(message)).severity =
        rule::Severity::kWarning;
  }

  void ReadNames();
  void ReadEffect();
  void ReadReason();
  void ReadExpiry();
  void ReadClauses();
  void ReadTests();
  void ReadTest(const JsonValue& value);
  void CheckTogether();
  void CheckTestsSuffice();

  ObjectReader reader_;
  const RuleFileContext& context_;
  Findings* findings_;
  DraftRule draft_;
};

void RuleReader::ReadNames() {
  Rule& rule = draft_.rule;
  std::optional<std::string> id = reader_.String("id", Need::kRequired);
  if (id && !IsRuleId(*id)) {
    reader_.Error("R513", *At("id"),
                  absl::StrFormat("`%s` is not a rule's id: a small letter, then small letters, "
                                  "digits and `_`, 2 to 64 in all",
                                  *id));
    id.reset();
  }
  rule.id = id.value_or("");
  findings_->set_rule_id(rule.id);
  rule.name = reader_.String("name", Need::kRequired).value_or("");
  rule.owner = reader_.String("owner", Need::kRequired).value_or("");
  rule.description = reader_.String("description", Need::kOptional).value_or("");
}

void RuleReader::ReadEffect() {
  Rule& rule = draft_.rule;
  constexpr Mode kModes[] = {Mode::kLive, Mode::kShadow, Mode::kOff};
  constexpr Action kActions[] = {Action::kDeny, Action::kReview, Action::kAllow, Action::kNone};
  auto mode = reader_.Choice("mode", Need::kOptional, {"live", "shadow", "off"});
  auto action = reader_.Choice("action", Need::kOptional, {"deny", "review", "allow", "none"});
  auto on_missing = reader_.Choice("on_missing", Need::kOptional, {"skip", "match"});
  if (mode) rule.mode = kModes[*mode];
  if (action) rule.action = kActions[*action];
  rule.match_on_missing = on_missing == size_t{1};
  rule.score =
      static_cast<int>(reader_.Int("score", Need::kOptional, {-kScoreMax, kScoreMax}).value_or(0));
  rule.priority = static_cast<int>(
      reader_.Int("priority", Need::kOptional, {-kPriorityMax, kPriorityMax}).value_or(0));
  rule.final = reader_.Bool("final", Need::kOptional).value_or(false);
}

void RuleReader::ReadReason() {
  Rule& rule = draft_.rule;
  std::optional<std::string> reason = reader_.String("reason", Need::kOptional);
  rule.reason = reason.value_or("");
  bool mistyped =
      At("action") != nullptr && rule.action == Action::kNone && At("action")->text != "none";
  if (At("reason") == nullptr && rule.action != Action::kNone && !mistyped) {
    reader_.Error("R511", reader_.object(),
                  absl::StrFormat("a rule with action `%s` needs `reason`, one of the codes that "
                                  "policy.json declares",
                                  ActionName(rule.action)));
  }
  if (!reason || !context_.policy_read) return;
  const std::vector<std::string>& declared = context_.policy->reasons;
  if (std::find(declared.begin(), declared.end(), *reason) == declared.end()) {
    reader_.Error("R514", *At("reason"),
                  absl::StrFormat("reason `%s` is not declared in policy.json%s", *reason,
                                  NameAdvice(*reason, declared)));
  }
}

void RuleReader::ReadExpiry() {
  std::optional<std::string> text = reader_.String("expires", Need::kOptional);
  if (!text) return;
  absl::CivilDay day;
  bool shaped = text->size() == 10 && (*text)[4] == '-' && (*text)[7] == '-';
  if (!shaped || !absl::ParseCivilTime(*text, &day) || absl::FormatCivilTime(day) != *text) {
    reader_.Error(
        "R517", *At("expires"),
        absl::StrFormat("`expires` must be a date such as `2027-03-01`, found `%s`", *text));
    return;
  }
  int64_t expires_ms = (day - absl::CivilDay(1970, 1, 1)) * kDayMs;
  draft_.rule.expires_ms = expires_ms;
  if (draft_.rule.mode != Mode::kLive) return;
  if (context_.now_ms >= expires_ms) {
    Warn("R509", *At("expires"),
         absl::StrFormat("this rule expired on %s and only shadows; renew or remove it", *text));
  } else if (context_.now_ms >= expires_ms - kExpiresSoonDays * kDayMs) {
    int64_t days = (expires_ms - context_.now_ms + kDayMs - 1) / kDayMs;
    Warn("R509", *At("expires"),
         absl::StrFormat("this rule expires on %s, in %d %s; renew or remove it", *text, days,
                         days == 1 ? "day" : "days"));
  }
}

void RuleReader::ReadClauses() {
  const JsonValue* when = reader_.Member("when");
  const JsonValue* when_all = reader_.Member("when_all");
  if (when == nullptr && when_all == nullptr) {
    reader_.Error("R515", reader_.object(),
                  "a rule needs `when_all`, a list of clauses, or `when`, one expression");
    return;
  }
  if (when != nullptr && when_all != nullptr) {
    findings_->ErrorAtKey("R515", document(), *when,
                          "a rule has either `when` or `when_all`, not both");
    return;
  }
  if (when != nullptr) {
    when = reader_.Value("when", JsonKind::kString, Need::kRequired);
    if (when != nullptr) draft_.clauses.push_back(when);
  } else {
    when_all = reader_.Value("when_all", JsonKind::kArray, Need::kRequired);
    if (when_all == nullptr) return;
    draft_.clauses = StringItems(document(), *when_all, findings_);
    if (when_all->children.empty()) {
      reader_.Error("R515", *when_all, "`when_all` has no clause; such a rule would always match");
    }
    if (draft_.clauses.size() > kClausesMax) {
      reader_.Error("R522", *when_all,
                    absl::StrFormat("%d clauses; a rule may have at most %d", draft_.clauses.size(),
                                    kClausesMax));
      draft_.clauses.clear();
    }
  }
  for (const JsonValue* clause : draft_.clauses) draft_.rule.clause_texts.push_back(clause->text);
}

void RuleReader::ReadTests() {
  const JsonValue* tests = reader_.Value("tests", JsonKind::kArray, Need::kOptional);
  if (tests == nullptr) return;
  if (tests->children.size() > kTestsMax) {
    reader_.Error(
        "R522", *tests,
        absl::StrFormat("%d tests; a rule may have at most %d", tests->children.size(), kTestsMax));
    return;
  }
  for (const JsonValue* test : tests->children) {
    if (test->kind == JsonKind::kObject) {
      ReadTest(*test);
    } else {
      reader_.Error("R507", *test, "a test must be an object with `name`, `given` and `expect`");
    }
  }
}

void RuleReader::ReadTest(const JsonValue& value) {
  ObjectReader reader(document(), value, "a test", findings_);
  DraftRule::Test test;
  test.value = &value;
  test.name = reader.String("name", Need::kRequired).value_or("");
  constexpr RuleResult kResults[] = {RuleResult::kMatch, RuleResult::kNoMatch, RuleResult::kMissing,
                                     RuleResult::kError};
  auto expect = reader.Choice("expect", Need::kRequired, {"match", "no_match", "missing", "error"});
  if (expect) test.expect = kResults[*expect];
  test.given = reader.Value("given", JsonKind::kObject, Need::kRequired);
  reader.Finish();
  if (expect && test.given != nullptr) draft_.tests.push_back(std::move(test));
}

void RuleReader::CheckTogether() {
  const Rule& rule = draft_.rule;
  if (rule.final && rule.action != Action::kDeny) {
    reader_.Error(
        "R506", *At("final"),
        absl::StrFormat("`final` sets a deny rule above allow; this rule's action is `%s`",
                        ActionName(rule.action)));
  }
  if (rule.match_on_missing && rule.action == Action::kAllow) {
    reader_.Error("R505", *At("on_missing"),
                  "`on_missing`: `match` on an allow rule would let the unknown through; write "
                  "`skip`");
  }
  if (rule.action == Action::kAllow && rule.mode == Mode::kLive && At("expires") == nullptr) {
    Warn("R508", reader_.object(),
         "a live allow rule overrules others until somebody remembers it; give it `expires`");
  }
  CheckTestsSuffice();
}

void RuleReader::CheckTestsSuffice() {
  const Rule& rule = draft_.rule;
  bool needs_tests =
      rule.mode == Mode::kLive && (rule.action == Action::kDeny || rule.action == Action::kAllow);
  if (!needs_tests) return;
  auto has = [&](RuleResult expect) {
    return std::any_of(draft_.tests.begin(), draft_.tests.end(),
                       [&](const DraftRule::Test& test) { return test.expect == expect; });
  };
  std::string lacking;
  if (!has(RuleResult::kMatch)) lacking = "one that expects `match`";
  if (!has(RuleResult::kNoMatch)) {
    lacking += std::string(lacking.empty() ? "" : " and ") + "one that expects `no_match`";
  }
  if (lacking.empty()) return;
  reader_.Error("R510", reader_.object(),
                absl::StrFormat("a live %s rule needs tests: %s is missing",
                                ActionName(rule.action), lacking));
}

}  // namespace

bool IsRuleId(std::string_view text) {
  if (text.size() < 2 || text.size() > 64 || text[0] < 'a' || text[0] > 'z') return false;
  return text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
}

DraftRule ReadRule(const JsonDocument& document, const JsonValue& value,
                   const RuleFileContext& context, Findings* findings) {
  DraftRule draft = RuleReader(document, value, context, findings).Read();
  findings->set_rule_id("");
  return draft;
}

}  // namespace verdict::ruleset
