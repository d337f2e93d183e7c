// Calls of what is not there, or does not take what it is given: what their authors may have meant.
#include <algorithm>
#include <cctype>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "rule/checker.h"
#include "rule/suggest.h"

namespace verdict::rule {
namespace {

struct Unavailable {
  std::string_view name;
  std::string_view advice;
};
constexpr Unavailable kUnavailable[] = {
    {"type", "types are known; leave it out"},
    {"containsPrefixOf",
     "it asks a list of kind `prefix`, as `lists.bins.containsPrefixOf(card.bin)`"},
    {"dyn", "types are known; leave `dyn( )` out"}};

constexpr std::string_view kFunctionsOfRules =
    "there are size, startsWith, endsWith, contains, matches, exists, all, int, double, string, "
    "timestamp, duration, has and others";

// What a table's parameter stands for is any type.
std::string ParameterName(Type type) {
  return type.is(TypeKind::kParameter) ? "any" : TypeName(type);
}

// Null where there is none.
const Unavailable* FindAdvice(std::string_view name) {
  for (const Unavailable& known : kUnavailable) {
    if (known.name == name) return &known;
  }
  return nullptr;
}

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
                                         {"max", "math.greatest"},
                                         {"min", "math.least"},
                                         {"any", "exists"},
                                         {"some", "exists"},
                                         {"every", "all"},
                                         {"substr", "substring"},
                                         {"strip", "trim"},
                                         {"find", "indexOf"},
                                         {"exists", "has"}};

}  // namespace

bool Checker::HasAdvice(std::string_view name) { return FindAdvice(name) != nullptr; }

// `math.max`: the library is there, the function is not.
bool Checker::UnknownOfLibrary(NodeId id) {
  const Node& call = node(id);
  const Node& library = node(call.children[0]);
  const bool linked = meaning(call.children[0]).local != kNoSlot;
  if (library.kind != NodeKind::kName || linked || options_.schema->HasObject(library.text)) {
    return false;
  }
  std::vector<std::string> names;
  if (library.text == "cel") names.emplace_back("bind");
  const std::string prefix = library.text + ".";
  for (const Overload& overload : Overloads()) {
    if (!overload.name.starts_with(prefix)) continue;
    std::string name(overload.name.substr(prefix.size()));
    if (names.empty() || names.back() != name) names.push_back(std::move(name));
  }
  if (names.empty()) return false;
  std::string near = Nearest(call.text, names);
  for (const Unavailable& foreign : kForeignNames) {
    std::string_view ours = foreign.advice;
    if (ours.starts_with(prefix)) ours.remove_prefix(prefix.size());
    const bool there = std::find(names.begin(), names.end(), ours) != names.end();
    if (foreign.name == call.text && there) near = ours;
  }
  Finding* finding =
      Error("R103", call.mark, absl::StrFormat("unknown function `%s%s`", prefix, call.text), "");
  if (near == call.text) {  // of another number of arguments
    finding->label = "it is `cel.bind(name, value, expression)`";
  } else if (near.empty()) {
    finding->label = absl::StrFormat("`%s` has %s", library.text, absl::StrJoin(names, ", "));
  } else {
    finding->label = absl::StrFormat("did you mean `%s%s`?", prefix, near);
    finding->edits = {{call.mark, near}};
  }
  return true;
}

Type Checker::NotInRules(NodeId id) {
  const Node& call = node(id);
  const Unavailable* known = FindAdvice(call.text);
  Error("R106", call.mark, absl::StrFormat("`%s` is not part of the rule language", call.text),
        std::string(known == nullptr ? kFunctionsOfRules : known->advice));
  return {};
}

Type Checker::UnknownFunction(NodeId id) {
  const Node& call = node(id);
  if (call.kind == NodeKind::kMethod && (call.text == "age" || call.text == "provenance")) {
    const std::string ours =
        absl::StrFormat("%s(%s)", call.text, Unparse(checked_->tree, call.children[0]));
    Finding* finding = Error("R202", call.mark,
                             absl::StrFormat("`%s` is a function, not a method", call.text), "");
    finding->fix_label = absl::StrFormat("write `%s`", ours);
    finding->edits = {{call.span, ours}};
    return {};
  }
  Finding* finding =
      Error("R103", call.mark, absl::StrFormat("unknown function `%s`", call.text), "");
  std::vector<std::string> names = {"has", "matches", "age", "provenance"};
  for (const Overload& o : Overloads()) {
    const bool word = std::isalpha(static_cast<unsigned char>(o.name[0])) != 0;
    const bool plain = o.name.find('.') == std::string_view::npos;
    if (word && plain && !o.cel_only) names.emplace_back(o.name);
  }
  std::string near = Nearest(call.text, names);
  for (const Unavailable& foreign : kForeignNames) {
    if (foreign.name == call.text) near = foreign.advice;
  }
  if (near.empty()) {
    finding->label = std::string(kFunctionsOfRules);
    return {};
  }
  finding->label = absl::StrFormat("did you mean `%s`?", near);
  finding->edits = {{call.mark, near}};
  return {};
}

Type Checker::NoOverload(NodeId id) {
  const Node& call = node(id);
  const bool qualified = meaning(id).qualified;
  const bool method = call.kind == NodeKind::kMethod && !qualified;
  Type ignored;
  if (!qualified &&
      FindOverload(FindOverloads(call.text, !method), call.children, &ignored) != nullptr) {
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
  for (NodeId argument : ArgumentsOf(id))
    found += (found.empty() ? "" : ", ") + TypeName(type(argument));
  const std::string name = FunctionName(id);
  std::string takes;
  for (const Overload& o : Overloads()) {
    if (o.name != name || o.cel_only) continue;
    takes += takes.empty() ? "" : " or ";
    std::string list;
    for (size_t i = o.method ? 1 : 0; i < o.parameters; ++i)
      list += (list.empty() ? "" : ", ") + ParameterName(o.types[i]);
    takes += o.method ? absl::StrFormat("%s.%s(%s)", ParameterName(o.types[0]), o.name, list)
                      : absl::StrFormat("%s(%s)", o.name, list);
  }
  Error("R202", call.mark,
        found.empty() ? absl::StrFormat("`%s` needs arguments", name)
                      : absl::StrFormat("`%s` does not take %s", name, found),
        takes.empty() ? "it reads timestamps, as `txn.time.getHours('UTC')`" : "it is " + takes);
  return {};
}

}  // namespace verdict::rule
