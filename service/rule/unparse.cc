// A tree in its canonical spelling: one space around operators, single quotes, the fewest
// parentheses.
#include <algorithm>
#include <cstdint>

#include "rule/text.h"
#include "rule/tree.h"

namespace verdict::rule {
namespace {

constexpr int kConditionalLevel = 0;
constexpr int kUnaryLevel = 6;
constexpr int kPostfixLevel = 7;

class Unparser {
 public:
  explicit Unparser(const Tree& tree) : tree_(tree) {}

  // `level`: what the place binds at least as tightly as; looser nodes get parentheses.
  void Print(NodeId id, int level) {
    const Node& node = tree_.at(id);
    const bool parenthesise = LevelOf(node) < level;
    if (parenthesise) out_ += '(';
    PrintBare(node);
    if (parenthesise) out_ += ')';
  }
  std::string Take() { return std::move(out_); }

 private:
  static int LevelOf(const Node& node) {
    switch (node.kind) {
      case NodeKind::kConditional:
        return kConditionalLevel;
      case NodeKind::kBinary:
        return Precedence(node.op);
      case NodeKind::kNot:
      case NodeKind::kNegate:
        return kUnaryLevel;
      case NodeKind::kNull:
      case NodeKind::kBool:
      case NodeKind::kInt:
      case NodeKind::kUint:
      case NodeKind::kDouble:
      case NodeKind::kString:
      case NodeKind::kBytes:
      case NodeKind::kName:
      case NodeKind::kSelect:
      case NodeKind::kHas:
      case NodeKind::kIndex:
      case NodeKind::kCall:
      case NodeKind::kMethod:
      case NodeKind::kList:
      case NodeKind::kMap:
      case NodeKind::kMacro:
      case NodeKind::kOptionalSelect:
      case NodeKind::kOptionalIndex:
      case NodeKind::kOptionalItem:
        break;
    }
    return kPostfixLevel;
  }

  // One kind a case.
  void PrintBare(const Node& node) {
    switch (node.kind) {
      case NodeKind::kNull:
        out_ += "null";
        return;
      case NodeKind::kBool:
        out_ += node.number != 0 ? "true" : "false";
        return;
      case NodeKind::kInt:
        out_ += std::to_string(static_cast<int64_t>(node.number));
        return;
      case NodeKind::kUint:
        out_ += std::to_string(node.number) + "u";
        return;
      case NodeKind::kDouble:
        out_ += DoubleLiteral(node.real);
        return;
      case NodeKind::kString:
        out_ += QuotedText(node.text, '\'');
        return;
      case NodeKind::kBytes:
        out_ += "b" + QuotedBytes(node.text, '\'');
        return;
      case NodeKind::kName:
        PrintName(node);
        return;
      case NodeKind::kSelect:
        PrintField(node, ".");
        return;
      case NodeKind::kOptionalSelect:
        PrintField(node, ".?");
        return;
      case NodeKind::kHas:
        PrintAll("has(", node, 0, ")");
        return;
      case NodeKind::kIndex:
        Print(node.children[0], kPostfixLevel);
        PrintAll("[", node, 1, "]");
        return;
      case NodeKind::kOptionalIndex:
        Print(node.children[0], kPostfixLevel);
        PrintAll("[?", node, 1, "]");
        return;
      case NodeKind::kOptionalItem:
        out_ += '?';
        Print(node.children[0], kConditionalLevel);
        return;
      case NodeKind::kCall:
        PrintAll(node.text + "(", node, 0, ")");
        return;
      case NodeKind::kMacro:
        PrintMacro(node);
        return;
      case NodeKind::kMethod:
        Print(node.children[0], kPostfixLevel);
        PrintAll("." + node.text + "(", node, 1, ")");
        return;
      case NodeKind::kList:
        PrintAll("[", node, 0, "]");
        return;
      case NodeKind::kMap:
        PrintMap(node);
        return;
      case NodeKind::kNot:
        out_ += '!';
        Print(node.children[0], kUnaryLevel);
        return;
      case NodeKind::kNegate:
        PrintNegate(node);
        return;
      case NodeKind::kBinary:
        Print(node.children[0], Precedence(node.op));
        out_.append(" ").append(OperatorText(node.op)).append(" ");
        Print(node.children[1], Precedence(node.op) + 1);
        return;
      case NodeKind::kConditional:
        Print(node.children[0], kConditionalLevel + 1);
        out_ += " ? ";
        Print(node.children[1], kConditionalLevel + 1);
        out_ += " : ";
        Print(node.children[2], kConditionalLevel);
        return;
    }
  }

  void PrintAll(std::string_view open, const Node& node, size_t from, std::string_view close) {
    out_ += open;
    for (size_t i = from; i < node.children.size(); ++i) {
      if (i > from) out_ += ", ";
      Print(node.children[i], kConditionalLevel);
    }
    out_ += close;
  }

  // Without its dot a name may be a macro's variable.
  void PrintName(const Node& node) {
    const bool hidden = std::find(scope_.begin(), scope_.end(), node.text) != scope_.end();
    out_.append(node.absolute && hidden ? "." : "").append(node.text);
  }

  void PrintMacro(const Node& node) {
    const bool bind = node.macro == Macro::kBind;
    if (bind) {
      out_ += "cel.bind(";
    } else {
      Print(node.children[0], kPostfixLevel);
      out_ += "." + node.text + "(";
    }
    const Node& variable = tree_.at(node.children[bind ? 0 : 1]);
    out_ += variable.text;
    if (bind) out_ += ", ", Print(node.children[1], kConditionalLevel);
    scope_.push_back(variable.text);
    for (size_t i = 2; i < node.children.size(); ++i) {
      out_ += ", ";
      Print(node.children[i], kConditionalLevel);
    }
    scope_.pop_back();
    out_ += ')';
  }

  void PrintField(const Node& node, std::string_view dot) {
    Print(node.children[0], kPostfixLevel);
    const bool plain = IsName(node.text) && node.text != "in" && node.text != "true" &&
                       node.text != "false" && node.text != "null";
    out_.append(dot).append(plain ? "" : "`").append(node.text).append(plain ? "" : "`");
  }

  void PrintMap(const Node& node) {
    out_ += '{';
    for (size_t i = 0; i + 1 < node.children.size(); i += 2) {
      if (i > 0) out_ += ", ";
      const Node& value = tree_.at(node.children[i + 1]);
      const bool optional = value.kind == NodeKind::kOptionalItem;
      if (optional) out_ += '?';
      Print(node.children[i], kConditionalLevel);
      out_ += ": ";
      Print(optional ? value.children[0] : node.children[i + 1], kConditionalLevel);
    }
    out_ += '}';
  }

  // `-` before a number would be read as its sign, and before another `-` the two would cancel.
  void PrintNegate(const Node& node) {
    const size_t sign_at = out_.size();
    Print(node.children[0], kUnaryLevel);
    const char first = out_[sign_at];
    const bool apart = first == '-' || (first >= '0' && first <= '9');
    out_.insert(sign_at, apart ? "-(" : "-");
    if (apart) out_ += ')';
  }

  const Tree& tree_;
  std::string out_;
  std::vector<std::string_view> scope_;  // variables of macros around
};

}  // namespace

std::string Unparse(const Tree& tree, NodeId id) {
  Unparser unparser(tree);
  unparser.Print(id, kConditionalLevel);
  return unparser.Take();
}

std::string Unparse(const Tree& tree) { return Unparse(tree, tree.root); }

}  // namespace verdict::rule
