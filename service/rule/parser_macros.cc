// The functions that name a variable, recognised by name and number of arguments.
#include <algorithm>

#include "absl/strings/str_format.h"
#include "rule/parser.h"

namespace verdict::rule {
namespace {

struct KnownMacro {
  std::string_view name;
  size_t arguments;
  Macro macro;
};
constexpr KnownMacro kMacros[] = {
    {"exists", 2, Macro::kExists},
    {"all", 2, Macro::kAll},
    {"exists_one", 2, Macro::kExistsOne},
    {"existsOne", 2, Macro::kExistsOne},
    {"map", 2, Macro::kMap},
    {"map", 3, Macro::kMapFiltered},
    {"filter", 2, Macro::kFilter},
    {"optMap", 2, Macro::kOptMap},
    {"optFlatMap", 2, Macro::kOptFlatMap},
};

}  // namespace

bool IsMacro(std::string_view name) {
  return std::any_of(std::begin(kMacros), std::end(kMacros),
                     [name](const KnownMacro& known) { return known.name == name; });
}

std::string MacroExample(std::string_view name) {
  if (name == "bind") return "such as `cel.bind(n, card.count_1h, n * n > 30)`";
  if (name == "optMap") return "such as `card.?count_1h.optMap(n, n + 1)`";
  if (name == "optFlatMap") return "such as `card.?bin.optFlatMap(b, {'4': 1}[?b])`";
  return absl::StrFormat("such as `txn.skus.%s(sku, sku == 'x')`", name);
}

NodeId Parser::ExpandHas(Node call) {
  if (call.children.size() != 1 || tree_.at(call.children[0]).kind != NodeKind::kSelect) {
    return Fail("R204", call.span, "`has` takes one field", "such as `has(card.country)`");
  }
  call.kind = NodeKind::kHas;
  return Add(std::move(call));
}

// Another number of arguments: an ordinary method, which the checker does not find.
NodeId Parser::ExpandMacro(Node call) {
  const Node& target = tree_.at(call.children[0]);
  const bool bind = call.text == "bind" && target.kind == NodeKind::kName && target.text == "cel" &&
                    !target.absolute && call.children.size() == 4;
  if (bind) {
    call.children.erase(call.children.begin());
    call.macro = Macro::kBind;
    call.kind = NodeKind::kMacro;
  }
  for (const KnownMacro& known : kMacros) {
    if (known.name != call.text || known.arguments + 1 != call.children.size()) continue;
    call.macro = known.macro;
    call.kind = NodeKind::kMacro;
  }
  if (call.kind != NodeKind::kMacro) return Add(std::move(call));
  const Node& variable = tree_.at(call.children[bind ? 0 : 1]);
  if (variable.kind != NodeKind::kName || variable.absolute) {
    return Fail("R204", variable.span, absl::StrFormat("`%s` begins with a name", call.text),
                MacroExample(call.text));
  }
  return Add(std::move(call));
}

}  // namespace verdict::rule
