// R5xx: files, what stands around the conditions, and tests.
#include "cli/code_text.h"

namespace verdict::cli {
namespace {

using enum ExampleIn;
constexpr auto kError = rule::Severity::kError;
constexpr auto kWarning = rule::Severity::kWarning;

constexpr CodeText kTexts[] = {
    {"R500", kError, "a file that cannot be read",
     "The folder or a file of it is not there, may not be read, or is beyond a limit of the "
     "reader: "
     "size, depth, number of values. A folder needs schema.json, features.json and policy.json.",
     kRuleFile, R"("lists": { "stolen": { "file": "lists/none.txt" } })",
     R"("lists": { "stolen": { "entries": ["tok_1"] } })"},
    {"R501", kError, "a key that stands twice",
     "JSON readers take the last of two equal keys and say nothing, so that an edit at the first "
     "has no effect. Keep one.",
     kRule, R"("score": 40, "score": 60)", R"("score": 60)"},
    {"R502", kError, "not JSON",
     "Files are JSON with // comments, in UTF-8: strings stand in double quotes, there is a comma "
     "between members and none after the last.",
     kRule, R"('score': 60)", R"("score": 60)"},
    {"R503", kError, "thresholds in the wrong order",
     "`review_at` must be below `deny_at`, or no payment would ever be reviewed for its score.",
     kPolicy, R"("review_at": 100, "deny_at": 100)", R"("review_at": 50, "deny_at": 100)"},
    {"R504", kError, "an unknown key",
     "Each object has a closed set of keys. An unknown one is most often a slip, and what it was "
     "meant to say would be missing without a word.",
     kRule, R"("scores": 40)", R"("score": 40)"},
    {"R505", kError, "an allow rule that matches where data is missing",
     "`on_missing`: `match` lets a rule match where it cannot know. On an allow rule that would "
     "let "
     "the unknown through, and whoever leaves a field out would be allowed.",
     kRule, R"("action": "allow", "reason": "LISTED", "on_missing": "match")",
     R"("action": "allow", "reason": "LISTED", "on_missing": "skip")"},
    {"R506", kError, "`final` on what is no deny rule",
     "`final` sets a deny rule above allow rules: sanctions, blocklists. On other actions it has "
     "no "
     "meaning.",
     kRule, R"("action": "review", "reason": "LISTED", "final": true)",
     R"("action": "deny", "reason": "LISTED", "final": true)"},
    {"R507", kError, "a value of the wrong type",
     "The key is known, but its value is of another JSON type: a text where a number is needed, a "
     "single value where an array is. In tests and payments: a value that the field's type does "
     "not take.",
     kRule, R"("score": "40")", R"("score": 40)"},
    {"R508", kWarning, "an allow rule without an end",
     "An allow rule exists to overrule others, and does so until somebody remembers it. Give it "
     "`expires`; from that day on it only watches.",
     kRule,
     R"("mode": "live", "action": "allow", "reason": "LISTED",
"tests": [ { "name": "fires", "expect": "match", "given": { "card": { "count_1d": 6 } } },
           { "name": "calm", "expect": "no_match", "given": { "card": { "count_1d": 1 } } } ])",
     R"("mode": "live", "action": "allow", "reason": "LISTED", "expires": "2027-06-01",
"tests": [ { "name": "fires", "expect": "match", "given": { "card": { "count_1d": 6 } } },
           { "name": "calm", "expect": "no_match", "given": { "card": { "count_1d": 1 } } } ])"},
    {"R509", kWarning, "a rule that expires soon, or has",
     "From 00:00 UTC of the day `expires` a live rule only watches, by the payment's own time. It "
     "is told from 14 days before, so that somebody renews or removes it.",
     kRule, R"("mode": "live", "expires": "2026-01-01")",
     R"("mode": "live", "expires": "2027-06-01")"},
    {"R510", kError, "a live rule without tests",
     "A live deny or allow rule decides by itself, so it needs a test that expects `match` and one "
     "that expects `no_match`.",
     kRule, R"("mode": "live", "action": "deny", "reason": "VELOCITY")",
     R"("mode": "live", "action": "deny", "reason": "VELOCITY",
"tests": [ { "name": "fires", "expect": "match", "given": { "card": { "count_1d": 6 } } },
           { "name": "calm", "expect": "no_match", "given": { "card": { "count_1d": 1 } } } ])"},
    {"R511", kError, "a key that is needed",
     "The message names it. A rule needs `id`, `name`, `owner` and a condition, and `reason` where "
     "it has an action; a field needs `type`; a feature needs `name`, `entity`, `aggregate` and "
     "`window`.",
     kSchema, R"("txn": { "email": { "max_len": 254 } })",
     R"("txn": { "email": { "type": "string", "max_len": 254 } })"},
    {"R512", kError, "declared twice",
     "Ids of rules, names of lists and reasons stand once in all files together: a metric, a "
     "decision and `verdict rules off` name a rule by its id alone.",
     kPolicy, R"("reasons": ["VELOCITY", "LISTED", "VELOCITY"])",
     R"("reasons": ["VELOCITY", "LISTED"])"},
    {"R513", kError, "not a name",
     "Ids, names of fields, features and lists are small letters, digits and `_`, a letter first; "
     "reasons are capitals. They stand in metrics and conditions, so other characters are refused.",
     kPolicy, R"("reasons": ["VELOCITY", "LISTED", "new device"])",
     R"("reasons": ["VELOCITY", "LISTED", "NEW_DEVICE"])"},
    {"R514", kError, "a reason that policy.json does not declare",
     "A reason is what a merchant may be told. The list in policy.json is closed, so that no rule "
     "tells a threshold by accident.",
     kRule, R"("action": "review", "reason": "VELOCTY")",
     R"("action": "review", "reason": "VELOCITY")"},
    {"R515", kError, "no condition, or two",
     "A rule has `when_all`, a list of clauses, or `when`, one expression; not both. Without a "
     "clause it would match every payment.",
     kRule, R"("when_all": [])", R"("when_all": ["card.count_1d >= 5"])"},
    {"R516", kError, "written for another schema",
     "A rule file repeats the name that schema.json has. Removing or retyping a field needs a new "
     "name, because old rules would change their meaning: look through the file's rules, then "
     "change the name.",
     kRuleFile, R"("schema": "txn/2")", R"("schema": "txn/1")"},
    {"R517", kError, "a value that is not allowed",
     "The type is right, the value is not: a word that is none of those known, a number out of "
     "range, a date that does not exist.",
     kRule, R"("mode": "livee")", R"("mode": "live")"},
    {"R518", kError, "a list that cannot be used",
     "An entry is not what the list's `kind` holds, a csv file lacks the column, or a row is not "
     "csv. All entries are read when the set is loaded: one that is skipped would let somebody "
     "through.",
     kRuleFile, R"("lists": { "own": { "kind": "cidr", "entries": ["10.0.0.0/33"] } })",
     R"("lists": { "own": { "kind": "cidr", "entries": ["10.0.0.0/8"] } })"},
    {"R519", kError, "amounts that do not agree",
     "`txn.amount` and `txn.amount_minor` are one amount, in major and exact minor units of the "
     "currency. A test or a payment gives one of them, and the other follows.",
     kRule,
     R"("tests": [ { "name": "fires", "expect": "match",
    "given": { "txn": { "amount": 7.5, "amount_minor": 751 }, "card": { "count_1d": 6 } } } ])",
     R"("tests": [ { "name": "fires", "expect": "match",
    "given": { "txn": { "amount": 7.5 }, "card": { "count_1d": 6 } } } ])"},
    {"R520", kError, "a rule's own test fails",
     "The test expects another result than the rule gives. The message names the clause that "
     "decided and what it read. `missing` is a result of its own: what `given` leaves out is not "
     "0.",
     kRule,
     R"("when": "card.count_1d >= 5",
"tests": [ { "name": "fires", "expect": "match", "given": { "card": { "count_1d": 4 } } } ])",
     R"("when": "card.count_1d >= 5",
"tests": [ { "name": "fires", "expect": "match", "given": { "card": { "count_1d": 5 } } } ])"},
    {"R521", kError, "the two evaluators do not agree",
     "Each test is run by the evaluator that decides payments and by a slower reference. That they "
     "differ is a mistake of Verdict's, not of the rule: write the clause in another way, and "
     "report it.",
     kNowhere, "", ""},
    {"R522", kError, "too many",
     "Rules, clauses, tests, lists, fields, features, entities and reasons have limits, so that a "
     "folder loads in bounded time and memory; the message says which. A rule has at most 64 "
     "clauses and 100 tests, a set 10,000 rules.",
     kNowhere, "", ""},
};

}  // namespace

std::span<const CodeText> FileTexts() { return kTexts; }

}  // namespace verdict::cli
