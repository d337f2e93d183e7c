// R0xx and R1xx: how conditions are written, and what they may name.
#include "cli/code_text.h"

namespace verdict::cli {
namespace {

using enum ExampleIn;
constexpr auto kError = rule::Severity::kError;
constexpr auto kHint = rule::Severity::kHint;

constexpr CodeText kTexts[] = {
    {"R001", kError, "a number or text that cannot be read",
     "A number is digits alone, with a point or an exponent where it has a fraction; a text stands "
     "between quotes on one line, its escapes are CEL's. Units and thousands separators have no "
     "meaning here, so they are refused rather than skipped.",
     kCondition, "txn.amount >= 500EUR", "txn.amount >= 500 && txn.currency == 'EUR'"},
    {"R002", kError, "a character that conditions do not have",
     "Conditions are CEL. A character that CEL has no use for is most often a slip, or came along "
     "when text was copied; outside quotes it is refused.",
     kCondition, "txn.amount > 500 # large", "txn.amount > 500 // large"},
    {"R003", kError, "a word or sign of another language",
     "SQL, Python and others write `and`, `or`, `not`, `=`, `<>`, `between`, `like`. CEL writes "
     "`&&`, "
     "`||`, `!`, `==`, `!=`. They are not taken as synonyms: a rule must mean the same in every "
     "engine that reads CEL.",
     kCondition, "txn.amount > 500 and card.country == 'FR'",
     "txn.amount > 500 && card.country == 'FR'"},
    {"R004", kError, "the condition does not go together",
     "Something is missing or one too many: an operand, a bracket, the sign that joins two "
     "conditions.",
     kCondition, "(txn.amount > 500 && card.count_1h > 3",
     "(txn.amount > 500 && card.count_1h > 3)"},
    {"R005", kHint, "double quotes within JSON",
     "A rule is a JSON string, in which a double quote needs a backslash. CEL takes single quotes "
     "as well; they are easier to read and to write.",
     kRule, R"("when": "txn.currency == \"EUR\"")", R"("when": "txn.currency == 'EUR'")"},
    {"R006", kError, "too long, or too deep",
     "An expression has at most 4,096 characters and is nested 64 deep at most; a loop may stand "
     "in "
     "a loop, not deeper. What is longer costs too much and is read by nobody: make two clauses or "
     "two rules of it, or a named list.",
     kCondition, "txn.skus.all(a, txn.skus.all(b, txn.skus.all(c, a == b || b == c)))",
     "txn.skus.all(a, txn.skus.all(b, a == b))"},
    {"R007", kError, "curved quotes",
     "Word processors turn quotes into curved ones. Texts stand in straight quotes.", kCondition,
     "txn.currency == \u2018EUR\u2019", "txn.currency == 'EUR'"},
    {"R008", kError, "a word that CEL has reserved",
     "`if`, `for`, `let`, `return` and some others may not be names, so that CEL can use them one "
     "day. A choice between two values is `condition ? this : that`.",
     kCondition, "if txn.amount > 500", "txn.amount > 500"},
    {"R101", kError, "a name that is nothing",
     "A condition reads fields of objects, such as `txn.amount`, named lists, such as "
     "`lists.NAME`, "
     "and the variables of its own macros. A text that is compared with stands in quotes.",
     kCondition, "txn.currency == EUR", "txn.currency == 'EUR'"},
    {"R102", kError, "a field that nothing declares",
     "Fields are the built-in ones, those that schema.json declares, and the features of "
     "features.json. A name that is not known is refused at once: were it taken as absent, the "
     "rule would silently never match. The same code stands at fields of tests and payments.",
     kCondition, "txn.amout > 500", "txn.amount > 500"},
    {"R103", kError, "a function that is not known",
     "There are CEL's standard functions, those for strings, math, networks, optionals and sets, "
     "and no others. Names are case-sensitive.",
     kCondition, "txn.email.endswith('.example')", "txn.email.endsWith('.example')"},
    {"R104", kError, "a rule has no clock",
     "The same payment must give the same answer when it is asked for again, replayed or tested, "
     "so "
     "a rule cannot ask for the time of day. The payment's own time is `txn.time`.",
     kCondition, "txn.time < now()", "txn.time < timestamp('2027-01-01T00:00:00Z')"},
    {"R105", kError, "a named list that nobody declares",
     "`lists.NAME` is declared under `lists` of some rule file; names are global to the folder.",
     kCondition, "merchant.mcc in lists.high_risk", "merchant.mcc in lists.high_risk_mcc"},
    {"R106", kError, "a function of CEL that rules do not have",
     "`dyn` and `type` exist to leave types open until the condition runs. The types of all fields "
     "are known here, so that mistakes are found when a rule is saved and not when it runs.",
     kCondition, "dyn(card.count_1h) == 5", "card.count_1h == 5"},
    {"R107", kError, "an object or a list used as a value",
     "`card` is an object: a rule reads its fields. A named list is asked, never compared or "
     "passed "
     "on: a set by `in`, networks by `containsIP`, prefixes by `containsPrefixOf`.",
     kCondition, "merchant.mcc in lists.datacentres", "lists.datacentres.containsIP(txn.ip)"},
    {"R108", kError, "a variable that hides something",
     "The variable of a macro may not be called like an object, or like a variable around it. CEL "
     "would take the inner one; a reader may take the other.",
     kCondition, "txn.skus.exists(card, card == 'GIFT')", "txn.skus.exists(sku, sku == 'GIFT')"},
    {"R110", kError, "a feature of an unknown entity",
     "A feature counts for an entity: merchant, card, customer or device, or one that schema.json "
     "declares with its `key`.",
     kFeature, R"("entity": "cards")", R"("entity": "card")"},
    {"R111", kError, "an unknown aggregate",
     "Known are sum, count, avg, min, max, variance, stddev, last, first_seen and last_seen.",
     kFeature, R"("aggregate": "mean")", R"("aggregate": "avg")"},
    {"R112", kError, "a name that is taken",
     "Each field has one declaration. Nothing may be called like a built-in field, and a money "
     "feature brings a second name along: `volume_30d` and the exact `volume_30d_minor`.",
     kSchema, R"("txn": { "currency": { "type": "string" } })",
     R"("txn": { "wallet_currency": { "type": "string" } })"},
    {"R114", kError, "not a window",
     "`1d` to `90d` are business days, today included; `1m` to `24h` slide, exact per payment.",
     kFeature, R"("window": "1w")", R"("window": "7d")"},
    {"R115", kError, "a window that this feature cannot have",
     "Windows in minutes and hours keep every payment of the window in memory, so they reach back "
     "24 hours at most, and serve sum, count, avg, min and max.",
     kFeature, R"("window": "48h")", R"("window": "2d")"},
    {"R116", kError, "`of` where nothing is added up",
     "`count`, `first_seen` and `last_seen` look at payments, not at a value of theirs. Which "
     "payments count is said by `where`.",
     kFeature, R"("aggregate": "count", "of": "txn.amount_base_minor")",
     R"("aggregate": "count", "where": "txn.amount_base_minor > 0")"},
    {"R117", kError, "a feature made of a feature",
     "`of` and `where` are asked of every payment as it arrives, in the stream and in the nightly "
     "batch, where no feature is computed. They read the payment's own fields alone.",
     kFeature, R"("where": "merchant.volume_30d > 100.0")",
     R"("where": "txn.amount_base > 100.0")"},
};

}  // namespace

std::span<const CodeText> SyntaxAndNameTexts() { return kTexts; }

}  // namespace verdict::cli
