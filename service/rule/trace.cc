// Walks the tree once more, by the reference evaluator, and spells what each part came to.
#include "rule/trace.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/thousands.h"
#include "rule/tagged_evaluation.h"
#include "rule/text.h"

namespace verdict::rule {
namespace {

constexpr int64_t kTraceMax = 160;  // code points of the whole
constexpr int64_t kTextMax = 40;    // of one string
constexpr size_t kItemsMax = 5;     // of one list or map

constexpr int kConditionalLevel = 0;
constexpr int kUnaryLevel = 6;
constexpr int kPostfixLevel = 7;

// The first `most` code points, and whether that is less than all.
std::string_view Cut(std::string_view text, int64_t most, bool* cut) {
  *cut = CodePointCount(text) > most;
  if (!*cut) return text;
  size_t end = 0;
  for (int64_t count = 0; end < text.size(); ++end) {
    const bool begins = (static_cast<unsigned char>(text[end]) & 0xC0) != 0x80;
    if (begins && ++count > most) break;
  }
  return text.substr(0, end);
}

std::string Shown(const Value& value, const Schema* schema);

// The first items, and how many there are.
template <typename Items, typename Show>
std::string ShownItems(std::string_view open, const Items& items, std::string_view close,
                       Show show) {
  std::string out(open);
  for (size_t i = 0; i < items.size() && i < kItemsMax; ++i) {
    out += (i > 0 ? ", " : "") + show(items[i]);
  }
  if (items.size() > kItemsMax) {
    absl::StrAppendFormat(&out, ", ... %s in all",
                          base::WithThousands(static_cast<int64_t>(items.size())));
  }
  return out.append(close);
}

// A value as rules write it, cut where it is long.
std::string Shown(const Value& value, const Schema* schema) {
  if (value.kind() == Kind::kString) {
    bool cut = false;
    const std::string_view text = Cut(value.string(), kTextMax, &cut);
    return QuotedText(text, '\'') + (cut ? "..." : "");
  }
  if (value.kind() == Kind::kList) {
    return ShownItems("[", value.list(), "]",
                      [&](const Value& item) { return Shown(item, schema); });
  }
  if (value.kind() == Kind::kMap) {
    return ShownItems("{", value.map(), "}", [&](const MapEntry& entry) {
      return Shown(entry.key, schema) + ": " + Shown(entry.value, schema);
    });
  }
  if (value.kind() == Kind::kOptional && value.held() != nullptr) {
    return "optional.of(" + Shown(*value.held(), schema) + ")";
  }
  return FormatValue(value, schema);
}

// What a part of the expression says; `level` is how tightly it binds, as in the grammar.
struct Statement {
  std::string text;
  int level = kPostfixLevel;
  bool fact = false;  // a sentence about how things are: `!` before it would turn it around
};

// Thread-compatible. One trace. Values live until the next Run, so they are spelled at once.
class Tracer {
 public:
  Tracer(const CheckedTree& checked, const Record& record, EvaluationArena* arena)
      : checked_(checked), record_(record), arena_(arena) {}

  Statement State(NodeId id) {
    const Node& node = checked_.tree.at(id);
    if (node.kind == NodeKind::kNot) return Not(node);
    if (IsChain(node)) return Chain(node);
    if (node.kind == NodeKind::kConditional) return Conditional(id);
    if (node.kind == NodeKind::kHas) return Presence(id);
    const Value value = Run(id);
    if (value.is_missing()) return Missing(value, id);
    if (value.is_error()) return Failure(id);
    if (const NamedList* list = ListOf(id)) return Question(*list, id, value.boolean());
    return {.text = Substituted(id),
            .level = node.kind == NodeKind::kBinary ? Precedence(node.op) : kPostfixLevel};
  }

 private:
  const Node& node(NodeId id) const { return checked_.tree.at(id); }
  std::string Written(NodeId id) const { return std::string(checked_.tree.text(node(id).span)); }
  Value Run(NodeId id) {
    arena_->Reset();
    return TaggedEvaluation(checked_, record_.slots, arena_).Run(id);
  }
  std::string FieldName(int32_t slot) const {
    return checked_.schema->fields()[static_cast<size_t>(slot)].visible_name();
  }

  static bool IsChain(const Node& node) {
    return node.kind == NodeKind::kBinary &&
           (node.op == TokenKind::kAnd || node.op == TokenKind::kOr);
  }
  static std::string Within(const Statement& part, int level) {
    return part.level < level ? "(" + part.text + ")" : part.text;
  }

  Statement Not(const Node& node) {
    Statement inner = State(node.children[0]);
    if (inner.fact) return inner;
    return {.text = "!" + Within(inner, kUnaryLevel), .level = kUnaryLevel};
  }

  // `a && b && c`, each once: `has(x) && x < 3` need not say twice that x is missing.
  Statement Chain(const Node& chain) {
    std::vector<Statement> parts;
    Flatten(chain, chain.op, &parts);
    if (parts.size() == 1) return parts[0];
    const int level = Precedence(chain.op);
    std::string text;
    for (const Statement& part : parts) {
      if (!text.empty()) text.append(" ").append(OperatorText(chain.op)).append(" ");
      text += Within(part, level + 1);
    }
    return {.text = std::move(text), .level = level};
  }

  void Flatten(const Node& chain, TokenKind op, std::vector<Statement>* parts) {
    for (NodeId side : chain.children) {
      if (IsChain(node(side)) && node(side).op == op) {
        Flatten(node(side), op, parts);
        continue;
      }
      Statement next = State(side);
      const bool said = std::any_of(parts->begin(), parts->end(),
                                    [&](const Statement& part) { return part.text == next.text; });
      if (!said) parts->push_back(std::move(next));
    }
  }

  // What was chosen, and by what.
  Statement Conditional(NodeId id) {
    const Node& n = node(id);
    Statement condition = State(n.children[0]);
    const Value value = Run(n.children[0]);
    if (value.stops()) return condition;
    const std::string asked = Within(condition, kConditionalLevel + 1) + " ? ";
    const Statement chosen = State(n.children[value.boolean() ? 1 : 2]);
    const std::string text = Within(chosen, kConditionalLevel + 1);
    return {.text = asked + (value.boolean() ? text + " : .." : ".. : " + text),
            .level = kConditionalLevel};
  }

  Statement Presence(NodeId id) {
    const NodeId select = node(id).children[0];
    int32_t slot = checked_.of(id).slot;
    if (slot == kNoSlot) slot = checked_.of(select).slot;
    const Value value = Run(id);
    if (value.is_missing()) return Missing(value, select);
    if (value.is_error()) return Failure(id);
    const std::string name = slot != kNoSlot ? FieldName(slot) : Written(select);
    return {.text = name + (value.boolean() ? " is present" : " is missing"), .fact = true};
  }

  // A field; else the innermost part that has no value: a key that a map does not have.
  Statement Missing(const Value& value, NodeId id) {
    const uint16_t slot = value.missing_slot();
    if (slot < checked_.schema->fields().size()) {
      return {.text = FieldName(slot) + " is missing", .fact = true};
    }
    for (NodeId child : Evaluated(id)) {
      const Value inner = Run(child);
      if (inner.is_missing()) return Missing(inner, child);
    }
    return {.text = Substituted(id) + " is missing", .fact = true};
  }

  // The innermost part that fails, with what it was given.
  Statement Failure(NodeId id) {
    const Value failed = Run(id);
    const std::string_view why = ErrorText(failed.error());
    for (NodeId child : Evaluated(id)) {
      if (Run(child).is_error()) return Failure(child);
    }
    return {.text = absl::StrFormat("%s fails: %s", Substituted(id), why), .fact = true};
  }

  // The children that have a value by themselves: not names, nor what macros do with each item.
  std::vector<NodeId> Evaluated(NodeId id) {
    const Node& n = node(id);
    if (n.kind == NodeKind::kConditional) {
      const Value chosen = Run(n.children[0]);
      return {n.children[0], n.children[chosen.stops() ? 0 : chosen.boolean() ? 1 : 2]};
    }
    if (n.kind == NodeKind::kMacro) return {n.children[n.macro == Macro::kBind ? 1 : 0]};
    if (checked_.of(id).slot != kNoSlot || n.kind == NodeKind::kHas) return {};
    if (ListOf(id) != nullptr) return {Asked(id)};
    std::vector<NodeId> children = n.children;
    if (checked_.of(id).qualified) children.erase(children.begin());
    return children;
  }

  // The named list that a node asks, and about what; null for other nodes.
  const NamedList* ListOf(NodeId id) const {
    const Node& n = node(id);
    if (n.kind == NodeKind::kMethod) return checked_.of(id).list;
    const bool in = n.kind == NodeKind::kBinary && n.op == TokenKind::kIn;
    return in ? checked_.of(n.children[1]).list : nullptr;
  }
  NodeId Asked(NodeId id) const {
    return node(id).children[node(id).kind == NodeKind::kMethod ? 1 : 0];
  }

  Statement Question(const NamedList& list, NodeId id, bool found) {
    const auto entries = static_cast<int64_t>(list.size());
    return {
        .text = absl::StrFormat("%s is %samong %s %s", Operand(Asked(id)), found ? "" : "not ",
                                base::WithThousands(entries), entries == 1 ? "entry" : "entries"),
        .fact = true};
  }

  // What an operand came to; a number stands as it was written.
  std::string Operand(NodeId id) {
    const Node& n = node(id);
    const bool number =
        n.kind == NodeKind::kInt || n.kind == NodeKind::kUint || n.kind == NodeKind::kDouble;
    if (number) return Written(id);
    std::string text = Shown(Run(id), checked_.schema);
    // `card.?count_1h.orValue(0)`: a 0 that nobody counted.
    const bool may_default = n.kind == NodeKind::kMethod && n.text == "orValue";
    const int32_t slot = may_default ? checked_.of(n.children[0]).slot : kNoSlot;
    if (slot != kNoSlot && record_.slots[static_cast<size_t>(slot)].is_missing()) {
      text += " (" + FieldName(slot) + " is missing)";
    }
    return text;
  }

  // The node with its operands' values. One kind a case.
  std::string Substituted(NodeId id) {
    const Node& n = node(id);
    if (checked_.of(id).slot != kNoSlot) return Operand(id);
    switch (n.kind) {
      case NodeKind::kBinary:
        return absl::StrFormat("%s %s %s", Operand(n.children[0]), OperatorText(n.op),
                               Operand(n.children[1]));
      case NodeKind::kNegate:
        return "-" + Operand(n.children[0]);
      case NodeKind::kIndex:
        return Operand(n.children[0]) + "[" + Operand(n.children[1]) + "]";
      case NodeKind::kSelect:
        return Operand(n.children[0]) + "." + n.text;
      case NodeKind::kCall:
        return n.text + "(" + Operands(n, 0) + ")";
      case NodeKind::kMethod: {
        const bool qualified = checked_.of(id).qualified;
        const std::string target = qualified ? Written(n.children[0]) : Operand(n.children[0]);
        return target + "." + n.text + "(" + Operands(n, 1) + ")";
      }
      case NodeKind::kMacro:
        return OfMacro(n);
      case NodeKind::kNull:
      case NodeKind::kBool:
      case NodeKind::kInt:
      case NodeKind::kUint:
      case NodeKind::kDouble:
      case NodeKind::kString:
      case NodeKind::kBytes:
      case NodeKind::kName:
      case NodeKind::kHas:
      case NodeKind::kList:
      case NodeKind::kMap:
      case NodeKind::kNot:
      case NodeKind::kConditional:
      case NodeKind::kOptionalSelect:
      case NodeKind::kOptionalIndex:
      case NodeKind::kOptionalItem:
        break;
    }
    return Operand(id);
  }

  std::string Operands(const Node& n, size_t from) {
    std::string text;
    for (size_t i = from; i < n.children.size(); ++i) {
      text += (i > from ? ", " : "") + Operand(n.children[i]);
    }
    return text;
  }

  // What it went through, and as written what it did with that.
  std::string OfMacro(const Node& n) {
    const bool bind = n.macro == Macro::kBind;
    std::string text = bind ? "cel.bind(" + Written(n.children[0]) + ", " + Operand(n.children[1])
                            : Operand(n.children[0]) + "." + n.text + "(" + Written(n.children[1]);
    for (size_t i = 2; i < n.children.size(); ++i) text += ", " + Written(n.children[i]);
    return text + ")";
  }

  const CheckedTree& checked_;
  const Record& record_;
  EvaluationArena* arena_;
};

}  // namespace

std::string Trace(const CheckedTree& checked, const Record& record, EvaluationArena* arena) {
  const std::string text = Tracer(checked, record, arena).State(checked.tree.root).text;
  bool cut = false;
  const std::string_view beginning = Cut(text, kTraceMax - 3, &cut);
  if (CodePointCount(text) <= kTraceMax) return text;
  return std::string(beginning) + "...";
}

}  // namespace verdict::rule
