// Functions and methods: overloads, patterns, getters of timestamps, and constant calls run at
// once.
#include <algorithm>
#include <array>

#include "absl/strings/str_format.h"
#include "rule/checker.h"
#include "rule/extent.h"
#include "rule/text.h"

namespace verdict::rule {
namespace {

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
    case ErrorCode::kUnbound:
    case ErrorCode::kRepeatedKey:
    case ErrorCode::kNoValue:
      break;
  }
  return "it has no value";
}

}  // namespace

std::span<const NodeId> Checker::ArgumentsOf(NodeId id) const {
  const std::span<const NodeId> children = node(id).children;
  return checked_->meanings[id].qualified ? children.subspan(1) : children;
}

std::string Checker::FunctionName(NodeId id) const {
  const Node& call = node(id);
  if (!checked_->meanings[id].qualified) return call.text;
  return Unparse(checked_->tree, call.children[0]) + "." + call.text;
}

Type Checker::Call(NodeId id) {
  if (cel()) return PlainCall(id);
  Type special;
  if (SpecialCall(id, &special)) return special;
  bool known_types = true;
  for (NodeId argument : ArgumentsOf(id)) known_types = !Visit(argument).unknown() && known_types;
  const Node& call = node(id);
  const bool method = call.kind == NodeKind::kMethod && !meaning(id).qualified;
  if (call.text == "matches") return known_types ? Matches(id) : Type{TypeKind::kBool};
  const std::optional<CalendarPart> part = FindCalendarPart(call.text);
  const bool of_time =
      method && part.has_value() && type(call.children[0]).is(TypeKind::kTimestamp);
  if (of_time) return CalendarGetter(id, *part);
  Type result;
  const Overload* overload = FindOverload(meaning(id).candidates, ArgumentsOf(id), &result);
  if (!known_types) return AnyOpen(result) ? Type() : result;
  if (overload == nullptr) return NoOverload(id);
  if (ArgumentsOf(id).size() > kMaxArguments) {
    Error("R202", call.mark,
          absl::StrFormat("`%s` takes at most %d values", FunctionName(id), kMaxArguments),
          "put them into a list, as `math.greatest([1, 2, 3])`");
    return result;
  }
  if (BadTimeLiteral(id)) return result;
  Settle(id, *overload, ArgumentsOf(id));
  return result;
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
  if (meaning(id).qualified) return false;
  if (ListCall(id, type)) return true;
  if (method && IsMacro(call.text)) {
    Error("R204", call.mark,
          absl::StrFormat("`%s` takes a name, and what to do with it", call.text),
          MacroExample(call.text));
    return true;
  }
  if (method && UnknownOfLibrary(id)) return true;
  bool known = HasAdvice(call.text);
  bool ours = false;
  for (const Overload& overload : Overloads()) {
    if (overload.name != call.text) continue;
    known = true;
    ours = ours || !overload.cel_only;
  }
  if (!ours) *type = known ? NotInRules(id) : UnknownFunction(id);
  return !ours;
}

Type Checker::PlainCall(NodeId id) {
  const std::span<const NodeId> arguments = ArgumentsOf(id);
  bool known_types = true;
  for (NodeId argument : arguments) known_types = !Visit(argument).unknown() && known_types;
  Type result;
  const Overload* overload = FindOverload(meaning(id).candidates, arguments, &result);
  if (overload != nullptr) Settle(id, *overload, arguments);
  if (overload == nullptr && known_types) {
    Error("R202", node(id).mark, absl::StrFormat("no `%s` takes these arguments", node(id).text),
          "convert them, or see whether it is a method");
  }
  return result;
}

void Checker::Settle(NodeId id, const Overload& overload, std::span<const NodeId> arguments) {
  const bool open = std::any_of(arguments.begin(), arguments.end(),
                                [this](NodeId argument) { return AnyOpen(type(argument)); });
  if (open || arguments.size() > kMaxArguments) return;
  meaning(id).overload = &overload;
  Fold(id, arguments);
}

const Overload* Checker::FindOverload(std::span<const Overload> candidates,
                                      std::span<const NodeId> arguments, Type* result) {
  std::vector<Type> found;
  for (NodeId argument : arguments) found.push_back(type(argument));
  const Overload* first = nullptr;
  for (const Overload& overload : candidates) {
    if (!overload.takes(arguments.size()) || (overload.cel_only && !cel())) continue;
    Substitution::Renaming renaming;
    std::vector<Type> wanted;
    for (size_t i = 0; i < arguments.size(); ++i) {
      wanted.push_back(types_.Rename(overload.parameter(i), &renaming));
    }
    const auto before = types_.Save();
    if (!types_.AssignAll(wanted, found)) continue;
    const Type yields = types_.Resolve(types_.Rename(overload.result, &renaming));
    // Several fit where a type is known only when it runs.
    if (first != nullptr) {
      if (yields != *result) *result = TypeKind::kDyn;
      types_.Restore(before);
      continue;
    }
    *result = yields;
    first = &overload;
    if (std::none_of(found.begin(), found.end(), [this](Type t) { return AnyOpen(t); })) break;
  }
  return first;
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
  const bool texts = call.children.size() == 2 &&
                     Fits(type(call.children[0]), {TypeKind::kString}) &&
                     Fits(type(call.children[1]), {TypeKind::kString});
  if (!texts) {
    Error("R202", call.mark, "`matches` takes a text and a pattern",
          "as `txn.email.matches('^[a-z]+@')`");
    return {TypeKind::kBool};
  }
  const NodeId pattern = call.children[1];
  if (!meaning(pattern).constant) {
    Error("R310", node(pattern).span,
          "a pattern is written out, so that it is checked before it runs", "put a text in quotes");
    return {TypeKind::kBool};
  }
  std::string error;
  std::unique_ptr<const Pattern> compiled =
      Pattern::Compile(meaning(pattern).value.string(), &error);
  if (compiled == nullptr) {
    const bool look = meaning(pattern).value.string().find("(?") != std::string_view::npos;
    Error("R310", node(pattern).span, absl::StrFormat("this is no pattern: %s", error),
          look ? "RE2 has no look-ahead and no look-behind" : "patterns are RE2's");
    return {TypeKind::kBool};
  }
  meaning(id).pattern = compiled.get();
  checked_->patterns.push_back(std::move(compiled));
  return {TypeKind::kBool};
}

Type Checker::CalendarGetter(NodeId id, CalendarPart part) {
  const Node& call = node(id);
  const Type result{TypeKind::kInt};
  meaning(id).calendar = true;
  meaning(id).part = part;
  meaning(id).zone = absl::UTCTimeZone();
  if (call.children.size() == 1) return result;
  const NodeId zone = call.children[1];
  if (call.children.size() > 2 || !Fits(type(zone), {TypeKind::kString}) ||
      !meaning(zone).constant) {
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

void Checker::Fold(NodeId id, std::span<const NodeId> arguments) {
  if (cel()) return;  // where a constant part fails, the suite asks what it yields
  const Node& call = node(id);
  std::vector<Extent> extents;
  std::array<Value, kMaxArguments> values;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (!meaning(arguments[i]).constant) return;
    values[i] = meaning(arguments[i]).value;
    extents.push_back(ExtentOf(values[i]));
  }
  // What is dear is left to when it runs, where its cost counts.
  constexpr uint64_t kFoldUnits = 10'000;
  const Type yields = meaning(id).overload->result;
  if (CostOfCall(call.text, extents, yields).units > kFoldUnits) return;
  const Value value =
      meaning(id).overload->run({values.data(), arguments.size()}, checked_->constants.get());
  if (value.is_error()) {
    Error("R304", call.span, "this always fails", std::string(ErrorWords(value.error())));
    return;
  }
  meaning(id).constant = true;
  meaning(id).value = value;
}

}  // namespace verdict::rule
