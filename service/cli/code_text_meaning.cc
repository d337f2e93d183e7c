// R2xx to R4xx: types, constants and calls, cost.
#include "cli/code_text.h"

namespace verdict::cli {
namespace {

using enum ExampleIn;
constexpr auto kError = rule::Severity::kError;
constexpr auto kWarning = rule::Severity::kWarning;
constexpr auto kHint = rule::Severity::kHint;

constexpr CodeText kTexts[] = {
    {"R201", kError, "an operator that does not work on these types",
     "Each operator takes operands of certain types; nothing is converted by itself. A text is "
     "compared with a text, a condition is true or false, what `.?field` yields says first what an "
     "absent one is.",
     kCondition, "merchant.mcc == 5999", "merchant.mcc == '5999'"},
    {"R202", kError, "a function that does not take these arguments",
     "The function is known, but not with arguments of these types, or not with so many.",
     kCondition, "txn.email.startsWith(5)", "txn.email.startsWith('5')"},
    {"R203", kError, "not a condition",
     "A clause, and a feature's `where`, must be true or false. CEL takes neither 0 nor an empty "
     "text for false, so a number or a text is compared with something.",
     kCondition, "card.count_1h", "card.count_1h > 0"},
    {"R204", kError, "a macro is given something else than it takes",
     "`has` takes a field. `exists`, `all`, `filter` and `map` take a name for the item and what "
     "to "
     "do with it. `cel.bind` takes a name, a value and an expression.",
     kCondition, "txn.skus.exists(sku)", "txn.skus.exists(sku, sku == 'GIFT')"},
    {"R205", kError, "a list or map of several types, or of none",
     "The items of a list have one type, so do the keys and the values of a map, and an empty one "
     "has none. Otherwise what is read from it has no type before it is read.",
     kCondition, "txn.currency in ['EUR', 978]", "txn.currency in ['EUR', '978']"},
    {"R210", kError, "whole numbers beside numbers with a fraction",
     "`< <= > >=` compare an int with a double. `==`, arithmetic and `?:` want one type on both "
     "sides, as CEL does, because mixing hides mistakes: is 500 an amount or a count? Write the "
     "number with a point, or convert by `double( )`.",
     kCondition, "txn.amount * 2 > 500", "txn.amount * 2.0 > 500"},
    {"R211", kError, "a list with whole numbers and fractions",
     "CEL would leave the type of such a list open and compare each item anew. Write all items "
     "alike; amounts are exact in minor units.",
     kCondition, "txn.amount in [99.5, 500]", "txn.amount_minor in [9950, 50000]"},
    {"R212", kWarning, "equality of numbers with a fraction",
     "0.1 + 0.2 is not 0.3 in any language with binary fractions, so `==` on amounts is true by "
     "chance. Amounts are exact in minor units.",
     kCondition, "txn.amount == 500.0", "txn.amount_minor == 50000"},
    {"R213", kWarning, "an order of texts that look like numbers",
     "Texts are ordered byte by byte: '10' < '9'. For numbers convert them, or ask a list.",
     kCondition, "merchant.mcc < '6000'", "int(merchant.mcc) < 6000"},
    {"R214", kError, "a total of many currencies",
     "`txn.amount_minor` is in the payment's own currency, and the sum of yen and euros means "
     "nothing. Add `txn.amount_base_minor`, the amount in the base currency, or pin one currency.",
     kFeature, R"("aggregate": "sum", "of": "txn.amount_minor")",
     R"("aggregate": "sum", "of": "txn.amount_minor", "where": "txn.currency == 'EUR'")"},
    {"R215", kError, "`of` is not a whole number",
     "Totals are exact, so they add ints: amounts in minor units, counts, points.", kFeature,
     R"("aggregate": "sum", "of": "txn.amount_base")",
     R"("aggregate": "sum", "of": "txn.amount_base_minor")"},
    {"R230", kError, "a division that loses its fraction",
     "An int divided by an int is an int: 3 / 4 is 0, so a comparison of it with a fraction is "
     "almost never true. Convert both, or compare by multiplying.",
     kCondition, "card.declines_24h / card.count_24h > 0.5",
     "card.declines_24h * 2 > card.count_24h"},
    {"R231", kWarning, "a division by what may be 0.0",
     "A double divided by 0.0 is infinite, which is above every limit: the rule would match where "
     "nothing is known. Ask first whether the divisor is above zero.",
     kCondition, "txn.amount / card.avg_30d > 8.0",
     "card.avg_30d > 0.0 && txn.amount / card.avg_30d > 8.0"},
    {"R240", kWarning, "a part that is always the same",
     "A part of `&&` or `||` reads no field, so it is always true or always false: it does "
     "nothing, "
     "or the rest does nothing.",
     kCondition, "true && txn.amount > 5", "txn.amount > 5"},
    {"R301", kError, "a number beyond what fits",
     "Ints have 64 bits, at most 9223372036854775807; doubles end at about 1.8e308.", kCondition,
     "card.count_1h < 9223372036854775808", "card.count_1h < 9223372036854775807"},
    {"R302", kError, "not a duration, or not a time",
     "Durations have the units h, m, s, ms, us and ns, as '1h30m'; a day is '24h', since days have "
     "no fixed length. Times are RFC 3339, as '2026-11-20T00:00:00Z'. In plain CEL such a text "
     "fails each time the rule runs; here it is read when the rule is saved.",
     kCondition, "txn.time - card.first_seen < duration('7d')",
     "txn.time - card.first_seen < duration('168h')"},
    {"R304", kError, "this can only fail",
     "A part that reads no field is computed when the rule is saved, and this one ends in an "
     "error: "
     "an overflow, a division by zero, a conversion of something unreadable, a key that stands "
     "twice in a map.",
     kCondition, "card.count_1h > 10 / 0", "card.count_1h > 10 / 2"},
    {"R310", kError, "a pattern that cannot be used",
     "Patterns are RE2, which runs in linear time and so has neither look-ahead nor "
     "back-references. They stand in quotes, are compiled when the rule is saved and have a "
     "bounded size.",
     kCondition, "txn.email.matches('^(?!test).*@')",
     "!txn.email.startsWith('test') && txn.email.matches('^.*@')"},
    {"R311", kHint, "a pattern without an end",
     "`matches` is true where any part of the text matches. Begin with `^` and end with `$` where "
     "the whole is meant; for a part `contains` says so and costs less.",
     kCondition, "txn.email.matches('vip')", "txn.email.contains('vip')"},
    {"R312", kError, "an unknown time zone",
     "Zones have the names of the IANA database, as 'Europe/Paris', or an offset, as '+01:00'.",
     kCondition, "txn.time.getHours('Paris') < 6", "txn.time.getHours('Europe/Paris') < 6"},
    {"R320", kError, "a date that never comes",
     "`getMonth`, `getDayOfMonth` and `getDayOfYear` count from 0, so month 12 is never reached. "
     "`getDate` is the day of the month that counts from 1.",
     kCondition, "txn.time.getMonth('UTC') == 12", "txn.time.getMonth('UTC') == 11"},
    {"R321", kHint, "a count that begins at 0",
     "`getMonth` says 0 for January and 11 for December, `getDayOfMonth` 0 for the first. This may "
     "be meant; it is told since it so often is not.",
     kCondition, "txn.time.getDayOfMonth('UTC') == 1", "txn.time.getDate('UTC') == 1"},
    {"R322", kWarning, "hours without a zone",
     "`getHours()` and its like are of UTC. Night at the shop needs the shop's zone; where UTC is "
     "meant, say so.",
     kCondition, "txn.time.getHours() < 6", "txn.time.getHours('Europe/Paris') < 6"},
    {"R323", kHint, "letters that do not change their case",
     "`lowerAscii` and `upperAscii` know the letters a to z alone and leave \u00c9 as it is. Where "
     "others may come, normalise the text before the payment is sent.",
     kCondition, "txn.email.lowerAscii() == 'ann@example.org'", "txn.email == 'ann@example.org'"},
    {"R324", kError, "a text that never comes",
     "`provenance(f)` is FULL, STALE or PARTIAL, in capitals; where the feature is missing, so is "
     "its provenance. Compared with another text a rule would never match, or always.",
     kRule, R"~("when": "'stale' == provenance(card.count_1d)")~",
     R"~("when": "'STALE' == provenance(card.count_1d)")~"},
    {"R401", kError, "a rule that may cost too much",
     "What a rule may cost at worst follows from its text and from `max_len` and `max_items` of "
     "the "
     "fields it reads. A rule must not be why a payment times out, so one beyond `cost.rule_units` "
     "of policy.json (2,000) is refused. Mostly a loop is to blame: bound its list, or ask "
     "something cheaper of each item.",
     kRule, R"~("when": "txn.email.split('').exists(a, txn.email.split('').exists(b, a == b))")~",
     R"~("when": "txn.email.contains('+')")~"},
    {"R402", kError, "a set that may cost too much",
     "All rules together may cost `cost.set_units` of policy.json. The message names the files and "
     "rules that cost most. Switch rules off that nobody needs, bound their lists, or raise the "
     "budget where the service has the time.",
     kPolicy, R"("cost": { "set_units": 1 })", R"("cost": { "set_units": 100000 })"},
};

}  // namespace

std::span<const CodeText> MeaningTexts() { return kTexts; }

}  // namespace verdict::cli
