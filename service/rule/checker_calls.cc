// Functions and methods: overloads, patterns, getters of timestamps, and constant calls run at
// once.
#include <algorithm>
#include <array>

#include "absl/strings/str_format.h"
#include "rule/checker.h"
#include "rule/suggest.h"
#include "rule/text.h"

namespace verdict::rule {
namespace {

struct Unavailable {
  std::string_view name;
  std::string_view advice;
};
constexpr Unavailable kUnavailable[] = {
    {"exists", "to look for one item write `'x' in txn.skus`"},
    {"exists_one", "to look for one item write `'x' in txn.skus`"},
    {"all", "write out the items, as `txn.skus[0] == 'x'`"},
    {"map", "compare the items one by one"},
    {"filter", "to look for one item write `'x' in txn.skus`"},
    {"orValue", "write `has(card.count_1h) ? card.count_1h : 0`"},
    {"optional", "write `has(card.count_1h) ? card.count_1h : 0`"},
    {"hasValue", "write `has(card.count_1h)`"},
    {"containsIP", "compare with texts, as `txn.ip.startsWith('10.')`"},
    {"containsPrefixOf", "write `card.bin.startsWith('4111')`"},
    {"dyn", "types are known; leave `dyn( )` out"},
    {"type", "types are known; leave it out"}};

// Other languages' names for what we have.
constexpr Unavailable kForeignNames[] = {{"len", "size"},
                                         {"length", "size"},
                                         {"count", "size"},
                                         {"lower", "lowerAscii"},
                                         {"toLowerCase", "lowerAscii"},
                                         {"upper", "upperAscii"},
                                         {"toUpperCase", "upperAscii"},
                                         {"float", "double"},
                                         {"str", "string"},
                                         {"toString", "string"},
                                         {"starts_with", "startsWith"},
                                         {"ends_with", "endsWith"},
                                         {"includes", "contains"},
                                         {"match", "matches"},
                                         {"regex", "matches"},
                                         {"hour", "getHours"},
                                         {"exists", "has"}};

std::string DaysAsHours(std::string_view text) {
  // `7d` or `1d12h`: whole days in front.
  size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') ++digits;
  if (digits == 0 || digits > 5 || digits >= text.size() || text[digits] != 'd') return {};
  const int64_t hours = std::stoll(std::string(text.substr(0, digits))) * 24;
  const std::string fixed = std::to_string(hours) + "h" + std::string(text.substr(digits + 1));
  return ParseDuration(fixed).has_value() ? fixed : std::string();
}

std::string_view ErrorWords(ErrorCode code) {
  switch (code) {
    case ErrorCode::kOverflow:
      return "the number does not fit 64 bits";
    case ErrorCode::kDivideByZero:
      return "it divides by zero";
    case ErrorCode::kConversion:
      return "the value cannot be converted";
    case ErrorCode::kLimit:
      return "the result is too large";
    case ErrorCode::kNone:
    case ErrorCode::kIndex:
    case ErrorCode::kType:
    case ErrorCode::kRegex:
    case ErrorCode::kNotANumber:
      break;
  }
  return "it has no value";
}

}  // namespace

Type Checker::Call(NodeId id) {
  Type special;
  if (SpecialCall(id, &special)) return special;
  bool known_types = true;
  for (NodeId argument : node(id).children) known_types = !Visit(argument).unknown() && known_types;
  const Node& call = node(id);
  const bool method = call.kind == NodeKind::kMethod;
  if (call.text == "matches") return known_types ? Matches(id) : Type{Scalar::kBool};
  const std::optional<CalendarPart> part = FindCalendarPart(call.text);
  const bool of_time = method && part.has_value() && type(call.children[0]).is(Scalar::kTimestamp);
  if (of_time) return CalendarGetter(id, *part);
  if (!known_types) {
    const Overload* any = FindOverload(call, method);
    return any == nullptr ? Type{} : any->result;
  }
  const Overload* overload = FindOverload(call, method);
  if (overload == nullptr) return NoOverload(id);
  if (BadTimeLiteral(id)) return overload->result;
  meaning(id).run = overload->run;
  Fold(id);
  return overload->result;
}

// Names that are no overloads: macros, `now`, and what may not be written.
bool Checker::SpecialCall(NodeId id, Type* type) {
  const Node& call = node(id);
  const bool method = call.kind == NodeKind::kMethod;
  if (!method && call.text == "age") return *type = FeatureAspect(id, kAgeSuffix), true;
  if (!method && call.text == "provenance")
    return *type = FeatureAspect(id, kProvenanceSuffix), true;
  if (!method && (call.text == "now" || call.text == "today" || call.text == "current_timestamp")) {
    Finding* finding =
        Error("R104", call.span, "a rule has no clock, so that a replay gives the old answer",
              "the time of the payment is `txn.time`");
    finding->edits = {{call.span, "txn.time"}};
    return true;
  }
  for (const Unavailable& name : kUnavailable) {
    if (call.text != name.name || (name.name == "exists" && !method)) continue;
    Error("R106", call.mark,
          absl::StrFormat("`%s` is not part of the rule language yet", call.text),
          std::string(name.advice));
    return true;
  }
  const auto named = [&](const Overload& o) { return o.name == call.text; };
  const bool known = std::any_of(Overloads().begin(), Overloads().end(), named) ||
                     call.text == "matches" || FindCalendarPart(call.text).has_value();
  if (!known) *type = UnknownFunction(id);
  return !known;
}

const Overload* Checker::FindOverload(const Node& call, bool method) const {
  for (const Overload& overload : Overloads()) {
    if (overload.name != call.text || overload.method != method) continue;
    if (overload.parameters != call.children.size()) continue;
    bool fits = true;
    for (size_t i = 0; i < call.children.size(); ++i) {
      fits = fits && Fits(overload.types[i], type(call.children[i]));
    }
    if (fits) return &overload;
  }
  return nullptr;
}

Type Checker::UnknownFunction(NodeId id) {
  const Node& call = node(id);
  Finding* finding =
      Error("R103", call.mark, absl::StrFormat("unknown function `%s`", call.text), "");
  std::vector<std::string> names = {"has", "matches", "age", "provenance"};
  for (const Overload& o : Overloads()) {
    if (std::isalpha(static_cast<unsigned char>(o.name[0])) != 0) names.emplace_back(o.name);
  }
  std::string near = Nearest(call.text, names);
  for (const Unavailable& foreign : kForeignNames) {
    if (foreign.name == call.text) near = foreign.advice;
  }
  if (near.empty()) {
    finding->label =
        "there are size, startsWith, endsWith, contains, matches, int, double, string, timestamp, "
        "duration, has";
    return {};
  }
  finding->label = absl::StrFormat("did you mean `%s`?", near);
  finding->edits = {{call.mark, near}};
  return {};
}

Type Checker::NoOverload(NodeId id) {
  const Node& call = node(id);
  const bool method = call.kind == NodeKind::kMethod;
  if (FindOverload(call, !method) != nullptr) {
    std::string ours;
    for (size_t i = 0; i < call.children.size(); ++i) {
      if (i > (method ? 0 : 1)) ours += ", ";
      ours += Unparse(checked_->tree, call.children[i]);
      if (!method && i == 0) ours += "." + call.text + "(";
    }
    ours = method ? call.text + "(" + ours + ")" : ours + ")";
    Finding* finding = Error("R202", call.mark,
                             method ? absl::StrFormat("`%s` is a function, not a method", call.text)
                                    : absl::StrFormat("`%s` is a method", call.text),
                             "");
    finding->fix_label = absl::StrFormat("write `%s`", ours);
    finding->edits = {{call.span, ours}};
    return {};
  }
  std::string found;
  for (size_t i = 0; i < call.children.size(); ++i)
    found += (i > 0 ? ", " : "") + TypeName(type(call.children[i]));
  std::string takes;
  for (const Overload& o : Overloads()) {
    if (o.name != call.text) continue;
    takes += takes.empty() ? "" : " or ";
    std::string list;
    for (size_t i = o.method ? 1 : 0; i < o.parameters; ++i)
      list += (list.empty() ? "" : ", ") + TypeName(o.types[i]);
    takes += o.method ? absl::StrFormat("%s.%s(%s)", TypeName(o.types[0]), o.name, list)
                      : absl::StrFormat("%s(%s)", o.name, list);
  }
  Error("R202", call.mark,
        found.empty() ? absl::StrFormat("`%s` needs arguments", call.text)
                      : absl::StrFormat("`%s` does not take %s", call.text, found),
        takes.empty() ? "it reads timestamps, as `txn.time.getHours('UTC')`" : "it is " + takes);
  return {};
}

// duration('7d') and malformed times compile elsewhere and fail when they run.
bool Checker::BadTimeLiteral(NodeId id) {
  const Node& call = node(id);
  if (call.children.size() != 1 || node(call.children[0]).kind != NodeKind::kString) return false;
  const NodeId literal = call.children[0];
  const std::string& value = node(literal).text;
  const Span span = node(literal).span;
  if (call.text == "timestamp" && !ParseTimestamp(value).has_value()) {
    Finding* finding = Error("R302", span, absl::StrFormat("`%s` is not a time", value),
                             "a time is written `'2026-11-20T19:30:00Z'`");
    if (ParseTimestamp(value + "T00:00:00Z").has_value())
      finding->edits = {{span, "'" + value + "T00:00:00Z'"}};
    if (ParseTimestamp(value + "Z").has_value()) finding->edits = {{span, "'" + value + "Z'"}};
    if (!finding->edits.empty())
      finding->fix_label = absl::StrFormat("write `%s`", finding->edits[0].text);
    return true;
  }
  if (call.text != "duration" || ParseDuration(value).has_value()) return false;
  Finding* finding =
      Error("R302", span,
            absl::StrFormat("`%s` is not a duration; CEL has the units h, m, s, ms, us, ns", value),
            "a duration is written `'90m'` or `'1h30m'`");
  const std::string hours = DaysAsHours(value);
  if (hours.empty()) return true;
  const std::string days = value.substr(0, value.find('d'));
  finding->label = absl::StrFormat("%s days are %s hours", days, hours.substr(0, hours.find('h')));
  finding->fix_label = absl::StrFormat("write `'%s'`", hours);
  finding->edits = {{span, "'" + hours + "'"}};
  return true;
}

Type Checker::Matches(NodeId id) {
  const Node& call = node(id);
  const bool texts = call.children.size() == 2 && Fits(type(call.children[0]), {Scalar::kString}) &&
                     Fits(type(call.children[1]), {Scalar::kString});
  if (!texts) {
    Error("R202", call.mark, "`matches` takes a text and a pattern",
          "as `txn.email.matches('^[a-z]+@')`");
    return {Scalar::kBool};
  }
  const NodeId pattern = call.children[1];
  if (!meaning(pattern).constant) {
    Error("R310", node(pattern).span,
          "a pattern is written out, so that it is checked before it runs", "put a text in quotes");
    return {Scalar::kBool};
  }
  std::string error;
  std::unique_ptr<const Pattern> compiled =
      Pattern::Compile(meaning(pattern).value.string(), &error);
  if (compiled == nullptr) {
    const bool look = meaning(pattern).value.string().find("(?") != std::string_view::npos;
    Error("R310", node(pattern).span, absl::StrFormat("this is no pattern: %s", error),
          look ? "RE2 has no look-ahead and no look-behind" : "patterns are RE2's");
    return {Scalar::kBool};
  }
  meaning(id).pattern = compiled.get();
  checked_->patterns.push_back(std::move(compiled));
  return {Scalar::kBool};
}

Type Checker::CalendarGetter(NodeId id, CalendarPart part) {
  const Node& call = node(id);
  const Type result{Scalar::kInt};
  meaning(id).calendar = true;
  meaning(id).part = part;
  meaning(id).zone = absl::UTCTimeZone();
  if (call.children.size() == 1) return result;
  const NodeId zone = call.children[1];
  if (call.children.size() > 2 || !Fits(type(zone), {Scalar::kString}) || !meaning(zone).constant) {
    Error("R202", call.mark, absl::StrFormat("`%s` takes a time zone in quotes", call.text),
          absl::StrFormat("as `%s('Europe/Paris')`", call.text));
    return result;
  }
  const std::optional<absl::TimeZone> found = FindTimeZone(meaning(zone).value.string());
  if (!found.has_value()) {
    Error("R312", node(zone).span, absl::StrFormat("unknown time zone %s", text(zone)),
          "such as `'Europe/Paris'`, `'UTC'` or `'+05:30'`");
    return result;
  }
  meaning(id).zone = *found;
  return result;
}

void Checker::Fold(NodeId id) {
  const Node& call = node(id);
  std::array<Value, kMaxParameters> arguments;
  for (size_t i = 0; i < call.children.size(); ++i) {
    if (!meaning(call.children[i]).constant) return;
    arguments[i] = meaning(call.children[i]).value;
  }
  const Value value =
      meaning(id).run({arguments.data(), call.children.size()}, checked_->constants.get());
  if (value.is_error()) {
    Error("R304", call.span, "this always fails", std::string(ErrorWords(value.error())));
    return;
  }
  meaning(id).constant = true;
  meaning(id).value = value;
}

}  // namespace verdict::rule
