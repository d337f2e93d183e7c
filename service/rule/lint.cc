// Lint of logic and division, and the walk over the tree.
#include "rule/lint.h"

#include <algorithm>
#include <utility>

namespace verdict::rule {
namespace {

double NumberOf(const Value& v) {
  if (v.kind() == Kind::kInt) return static_cast<double>(v.integer());
  if (v.kind() == Kind::kUint) return static_cast<double>(v.unsigned_integer());
  return v.real();
}

TokenKind Mirrored(TokenKind op) {
  if (op == TokenKind::kLess) return TokenKind::kGreater;
  if (op == TokenKind::kLessEqual) return TokenKind::kGreaterEqual;
  if (op == TokenKind::kGreater) return TokenKind::kLess;
  if (op == TokenKind::kGreaterEqual) return TokenKind::kLessEqual;
  return op;
}

// Where `y op limit` is true, y is not zero.
bool ExcludesZero(TokenKind op, double limit) {
  if (op == TokenKind::kGreater) return limit >= 0;
  if (op == TokenKind::kGreaterEqual) return limit > 0;
  if (op == TokenKind::kLess) return limit <= 0;
  if (op == TokenKind::kLessEqual) return limit < 0;
  if (op == TokenKind::kEqual) return limit != 0;
  return op == TokenKind::kNotEqual && limit == 0;
}

// The comparison that is true where `op` is false.
TokenKind Denied(TokenKind op) {
  if (op == TokenKind::kLess) return TokenKind::kGreaterEqual;
  if (op == TokenKind::kLessEqual) return TokenKind::kGreater;
  if (op == TokenKind::kGreater) return TokenKind::kLessEqual;
  if (op == TokenKind::kGreaterEqual) return TokenKind::kLess;
  return op == TokenKind::kEqual ? TokenKind::kNotEqual : TokenKind::kEqual;
}

}  // namespace

void Lint(const CheckedTree& checked, const Source& source, const std::vector<std::string>& guards,
          Findings* findings) {
  Linter linter(checked, findings);
  linter.Run(guards);
  if (!source.pointer.empty()) linter.DoubleQuotes();
}

std::vector<std::string> GuardsOf(const CheckedTree& checked) {
  std::vector<std::string> guards;
  Linter(checked, nullptr).Guards(checked.tree.root, &guards);
  return guards;
}

Finding* Linter::Add(std::string_view code, Severity severity, Span span, std::string message,
                     std::string label) {
  findings_->push_back({.code = code,
                        .severity = severity,
                        .span = span,
                        .message = std::move(message),
                        .label = std::move(label)});
  return &findings_->back();
}

void Linter::Run(std::vector<std::string> guards) {
  guards_ = std::move(guards);
  Visit(checked_.tree.root);
}

void Linter::DoubleQuotes() {
  for (const Node& n : checked_.tree.nodes) {
    const std::string_view written = checked_.tree.text(n.span);
    if (n.kind != NodeKind::kString || !written.starts_with('"') || written.starts_with("\"\"\""))
      continue;
    Finding* finding =
        Add("R005", Severity::kHint, n.span, "in a JSON file single quotes need no backslash", "");
    std::string ours(written.substr(1, written.size() - 2));
    if (ours.find_first_of("'\\") != std::string::npos) continue;
    ours = "'" + ours + "'";
    finding->fix_label = "write `" + ours + "`";
    finding->edits = {{n.span, ours}};
  }
}

void Linter::Visit(NodeId id) {
  const Node& n = node(id);
  if (n.kind == NodeKind::kBinary && (n.op == TokenKind::kAnd || n.op == TokenKind::kOr))
    return VisitLogic(id);
  if (n.kind == NodeKind::kConditional) return VisitConditional(id);
  if (n.kind == NodeKind::kHas) return;
  if (n.kind == NodeKind::kBinary) {
    if (Precedence(n.op) == kRelationPrecedence) Comparison(id);
    if (n.op == TokenKind::kSlash) Division(id);
  }
  if (n.kind == NodeKind::kCall || n.kind == NodeKind::kMethod) Call(id);
  if (n.kind == NodeKind::kMacro) return VisitMacro(n);
  for (NodeId child : n.children) Visit(child);
}

// Its value or list stands outside of its variable.
void Linter::VisitMacro(const Node& macro) {
  const bool bind = macro.macro == Macro::kBind;
  const NodeId outside = macro.children[bind ? 1 : 0];
  Visit(outside);
  const int32_t local = of(macro.children[bind ? 0 : 1]).local;
  if (local != kNoSlot) {
    const auto place = static_cast<size_t>(local);
    if (bound_.size() <= place) bound_.resize(place + 1, kNoNode);
    bound_[place] = bind ? outside : kNoNode;
  }
  for (const NodeId child : macro.children) {
    if (child != outside) Visit(child);
  }
}

NodeId Linter::Bound(NodeId id) const {
  while (of(id).local != kNoSlot) {
    const auto place = static_cast<size_t>(of(id).local);
    if (place >= bound_.size() || bound_[place] == kNoNode) break;
    id = bound_[place];
  }
  return id;
}

// What one side of && guards is guarded on the other, whichever runs first: the tables are
// symmetric.
void Linter::VisitLogic(NodeId id) {
  const size_t before = guards_.size();
  if (node(id).op == TokenKind::kAnd) {
    Guards(id, &guards_);
  } else {
    Alternatives(id, &guards_);
  }
  VisitChain(id, node(id).op);
  guards_.resize(before);
}

// The sides of a && (b && c), whose guards are known.
void Linter::VisitChain(NodeId id, TokenKind op) {
  for (NodeId side : node(id).children) {
    ConstantCondition(side);
    const Node& n = node(side);
    if (n.kind == NodeKind::kBinary && n.op == op) {
      VisitChain(side, op);
    } else {
      Visit(side);
    }
  }
}

void Linter::VisitConditional(NodeId id) {
  const std::vector<NodeId>& parts = node(id).children;
  ConstantCondition(parts[0]);
  Visit(parts[0]);
  const size_t before = guards_.size();
  Guards(parts[0], &guards_);
  Visit(parts[1]);
  guards_.resize(before);
  Alternatives(parts[0], &guards_);
  Visit(parts[2]);
  guards_.resize(before);
}

// `own`: the first of the variables that macros within bring along.
bool Linter::ReadsNothing(NodeId id, int32_t own) const {
  const Node& n = node(id);
  if (of(id).slot != kNoSlot || (of(id).local != kNoSlot && of(id).local < own)) return false;
  if (n.kind == NodeKind::kMacro) {
    const NodeId variable = n.children[n.macro == Macro::kBind ? 0 : 1];
    own = std::min(own, of(variable).local);
  }
  return std::all_of(n.children.begin(), n.children.end(),
                     [this, own](NodeId child) { return ReadsNothing(child, own); });
}

void Linter::ConstantCondition(NodeId id) {
  // The sides of a nested && or || are looked at by themselves.
  const Node& n = node(id);
  const bool logic =
      n.kind == NodeKind::kBinary && (n.op == TokenKind::kAnd || n.op == TokenKind::kOr);
  if (logic || !ReadsNothing(id)) return;
  Add("R240", Severity::kWarning, n.span,
      "this part is the same for every payment, and may hide the other parts",
      "it reads no field; remove it");
}

bool Linter::GuardedText(NodeId id, bool where_true, std::string* out) const {
  const Node& n = node(id);
  if (n.kind == NodeKind::kNot) return GuardedText(n.children[0], !where_true, out);
  if (n.kind != NodeKind::kBinary || Precedence(n.op) != kRelationPrecedence ||
      n.op == TokenKind::kIn)
    return false;
  NodeId what = n.children[0];
  NodeId limit = n.children[1];
  TokenKind op = where_true ? n.op : Denied(n.op);
  if (of(what).constant) {
    std::swap(what, limit);
    op = Mirrored(op);
  }
  if (!of(limit).constant || !of(limit).type.numeric() ||
      !ExcludesZero(op, NumberOf(of(limit).value)))
    return false;
  *out = text(what);
  return true;
}

void Linter::Guards(NodeId id, std::vector<std::string>* guards) const {
  const Node& n = node(id);
  if (n.kind == NodeKind::kBinary && n.op == TokenKind::kAnd) {
    for (NodeId side : n.children) Guards(side, guards);
    return;
  }
  std::string guarded;
  if (GuardedText(id, true, &guarded)) guards->push_back(std::move(guarded));
}

// The same where `id` is false.
void Linter::Alternatives(NodeId id, std::vector<std::string>* guards) const {
  const Node& n = node(id);
  if (n.kind == NodeKind::kBinary && n.op == TokenKind::kOr) {
    for (NodeId side : n.children) Alternatives(side, guards);
    return;
  }
  std::string guarded;
  if (GuardedText(id, false, &guarded)) guards->push_back(std::move(guarded));
}

// x / 0.0 is infinite, so that `> 8.0` is true.
void Linter::Division(NodeId id) {
  const NodeId divisor = node(id).children[1];
  if (!of(divisor).type.is(TypeKind::kDouble)) return;
  if (of(divisor).constant && of(divisor).value.real() != 0) return;
  std::string wanted = text(divisor);
  // double(n) is zero where n is.
  const Node& d = node(divisor);
  const bool converted = d.kind == NodeKind::kCall && d.text == "double";
  if (converted) wanted = text(d.children[0]);
  const std::string written = text(divisor);
  for (const std::string& guard : guards_) {
    if (guard == wanted || guard == written) return;
  }
  const bool as_int = converted && of(d.children[0]).type.is(TypeKind::kInt);
  Add("R231", Severity::kWarning, node(divisor).span,
      "a division by 0.0 is infinite, which is above every limit",
      "guard it: `" + wanted + (as_int ? " > 0 && ..`" : " > 0.0 && ..`"));
}

}  // namespace verdict::rule
