// Names to slots, variables of macros, types and functions.
#include <algorithm>
#include <vector>

#include "rule/names.h"

namespace verdict::rule {
namespace {

class Linker {
 public:
  Linker(const Names& names, CheckedTree* checked) : names_(names), checked_(*checked) {}

  void Visit(NodeId id) {
    const Node& node = checked_.tree.at(id);
    switch (node.kind) {
      case NodeKind::kName:
      case NodeKind::kSelect:
        return Path(id);
      case NodeKind::kCall:
        FindFunction(id, node.text, node.absolute);
        break;
      case NodeKind::kMethod:
        return Method(id);
      case NodeKind::kOptionalSelect:
        if (OptionalField(id)) return;
        break;
      case NodeKind::kMacro:
        return VisitMacro(node);
      case NodeKind::kNegate:
        checked_.meanings[id].candidates = FindOverloads("-", /*method=*/false);
        break;
      case NodeKind::kBinary:
        if (Precedence(node.op) > kRelationPrecedence) {
          checked_.meanings[id].candidates = FindOverloads(OperatorText(node.op), /*method=*/false);
        }
        break;
      default:
        break;
    }
    for (NodeId child : node.children) Visit(child);
  }

 private:
  // A row of fields over a name, `a.b.c`; false where it begins otherwise.
  bool NameOfPath(NodeId id, std::string* path, bool* absolute) const {
    const Node& node = checked_.tree.at(id);
    if (node.kind == NodeKind::kName) {
      *absolute = node.absolute;
      *path = node.text;
      return node.absolute || !IsLocal(node.text);
    }
    if (node.kind != NodeKind::kSelect || !NameOfPath(node.children[0], path, absolute)) {
      return false;
    }
    path->append(".").append(node.text);
    return true;
  }

  bool IsLocal(std::string_view name) const {
    return std::find(scope_.begin(), scope_.end(), name) != scope_.end();
  }

  // Calls visit(name) for each name that `name` may stand for, until it says true.
  template <typename Visitor>
  bool Candidates(std::string_view name, bool absolute, Visitor visit) const {
    std::string_view container = absolute ? std::string_view() : names_.container();
    while (!container.empty()) {
      if (visit(std::string(container).append(".").append(name))) return true;
      const size_t dot = container.rfind('.');
      container = dot == std::string_view::npos ? std::string_view() : container.substr(0, dot);
    }
    return visit(std::string(name));
  }

  void Path(NodeId id) {
    const Node& node = checked_.tree.at(id);
    Meaning& meaning = checked_.meanings[id];
    std::string path;
    bool absolute = false;
    if (NameOfPath(id, &path, &absolute)) {
      const bool found = Candidates(path, absolute, [&](const std::string& name) {
        const std::optional<uint16_t> slot = names_.FindVariable(name);
        std::optional<Type> type;
        if (names_.types_are_values()) type = FindType(name);
        if (slot.has_value()) meaning.slot = *slot;
        if (!slot.has_value() && type.has_value()) meaning.names_type = *type;
        return slot.has_value() || type.has_value();
      });
      if (found) return;
    } else if (node.kind == NodeKind::kName) {
      const auto innermost = std::find(scope_.rbegin(), scope_.rend(), node.text);
      meaning.local = static_cast<int32_t>(scope_.rend() - innermost) - 1;
      return;
    }
    if (node.kind == NodeKind::kSelect) Visit(node.children[0]);
  }

  // `card.?count_1h`: of an object that is no value of its own, a field that may be absent.
  bool OptionalField(NodeId id) {
    const Node& node = checked_.tree.at(id);
    std::string path;
    bool absolute = false;
    if (!NameOfPath(node.children[0], &path, &absolute)) return false;
    const bool is_value = Candidates(path, absolute, [&](const std::string& name) {
      return names_.FindVariable(name).has_value();
    });
    if (is_value) return false;
    return Candidates(path + "." + node.text, absolute, [&](const std::string& name) {
      const std::optional<uint16_t> slot = names_.FindVariable(name);
      if (slot.has_value()) checked_.meanings[id].slot = *slot;
      return slot.has_value();
    });
  }

  bool FindFunction(NodeId id, std::string_view name, bool absolute) {
    return Candidates(name, absolute, [&](const std::string& candidate) {
      checked_.meanings[id].candidates = names_.FindFunction(candidate, /*method=*/false);
      return !checked_.meanings[id].candidates.empty();
    });
  }

  // `math.least(a, b)` is a function whose name has a dot.
  void Method(NodeId id) {
    const Node& node = checked_.tree.at(id);
    std::string path;
    bool absolute = false;
    const bool function = NameOfPath(node.children[0], &path, &absolute) &&
                          FindFunction(id, path + "." + node.text, absolute);
    checked_.meanings[id].qualified = function;
    if (!function) {
      checked_.meanings[id].candidates = names_.FindFunction(node.text, /*method=*/true);
    }
    for (size_t i = function ? 1 : 0; i < node.children.size(); ++i) Visit(node.children[i]);
  }

  void VisitMacro(const Node& node) {
    const bool bind = node.macro == Macro::kBind;
    const NodeId variable = node.children[bind ? 0 : 1];
    Visit(node.children[bind ? 1 : 0]);
    checked_.meanings[variable].local = static_cast<int32_t>(scope_.size());
    scope_.push_back(checked_.tree.at(variable).text);
    checked_.locals = std::max(checked_.locals, scope_.size());
    for (size_t i = 2; i < node.children.size(); ++i) Visit(node.children[i]);
    scope_.pop_back();
  }

  const Names& names_;
  CheckedTree& checked_;
  std::vector<std::string_view> scope_;
};

}  // namespace

void Link(const Names& names, CheckedTree* checked) {
  Linker(names, checked).Visit(checked->tree.root);
}

}  // namespace verdict::rule
