// The walk over the tree: units of each node, and how large its value may be.
#include "rule/cost.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "base/thousands.h"
#include "rule/extent.h"

namespace verdict::rule {
namespace {

constexpr uint64_t kNewList = 10;
constexpr uint64_t kNewMap = 30;
constexpr size_t kTermsShown = 4;

std::string Thousands(uint64_t units) { return base::WithThousands(static_cast<int64_t>(units)); }

// Thread-compatible. One use.
class Bounder {
 public:
  explicit Bounder(const CheckedTree& checked) : checked_(checked), locals_(checked.locals) {}

  CostBound Run() {
    Visit(checked_.tree.root);
    CostBound bound;
    for (const LoopCost::Term& term : terms_) bound.units = Sum(bound.units, term.units);
    bound.loop = loop_;
    bound.place = loop_.has_value() ? loop_place_ : node(checked_.tree.root).span;
    return bound;
  }

 private:
  const Node& node(NodeId id) const { return checked_.tree.at(id); }
  const Meaning& of(NodeId id) const { return checked_.of(id); }

  void Charge(uint64_t units, std::string what) {
    if (units > 0) terms_.push_back({std::min(units, kCostMax), std::move(what)});
  }
  std::string Quoted(NodeId id) const {
    const Node& n = node(id);
    const bool operation = n.kind == NodeKind::kBinary;
    if (operation) return absl::StrFormat("`%s`", OperatorText(n.op));
    if (n.kind == NodeKind::kMethod || n.kind == NodeKind::kMacro) {
      return absl::StrFormat("`%s`", n.text);
    }
    return absl::StrFormat("`%s`", checked_.tree.text(n.span));
  }

  // One kind a case.
  Extent Visit(NodeId id) {
    const Node& n = node(id);
    const Meaning& m = of(id);
    if (m.constant) return ExtentOf(m.value);
    if (m.slot != kNoSlot) return Field(id);
    switch (n.kind) {
      case NodeKind::kName:
        Charge(1, Quoted(id));
        return m.local == kNoSlot ? Extent() : locals_[static_cast<size_t>(m.local)];
      case NodeKind::kSelect:
      case NodeKind::kOptionalSelect:
        return Part(id, Visit(n.children[0]), Extent::Text(n.text.size()));
      case NodeKind::kHas:
        Part(id, Visit(node(n.children[0]).children[0]),
             Extent::Text(node(n.children[0]).text.size()));
        return {};
      case NodeKind::kIndex:
      case NodeKind::kOptionalIndex: {
        const Extent object = Visit(n.children[0]);
        return Part(id, object, Visit(n.children[1]));
      }
      case NodeKind::kList:
        return List(n);
      case NodeKind::kMap:
        return Map(n);
      case NodeKind::kOptionalItem: {
        const Extent optional = Visit(n.children[0]);
        return optional.first();
      }
      case NodeKind::kConditional:
        return Conditional(n);
      case NodeKind::kBinary:
        return Binary(id);
      case NodeKind::kNot:
      case NodeKind::kNegate:
        Charge(1, n.kind == NodeKind::kNot ? "`!`" : "`-`");
        return Visit(n.children[0]);
      case NodeKind::kCall:
      case NodeKind::kMethod:
        return Call(id);
      case NodeKind::kMacro:
        return Loop(id);
      default:
        return {};  // constants
    }
  }

  Extent Field(NodeId id) {
    Charge(1, Quoted(id));
    const Node& n = node(id);
    if (n.kind == NodeKind::kHas) return {};
    const rule::Field& field = checked_.schema->fields()[static_cast<size_t>(of(id).slot)];
    const Extent found = ExtentOf(field);
    return n.kind == NodeKind::kOptionalSelect ? Extent::Optional(found) : found;
  }

  Extent Part(NodeId id, const Extent& object, const Extent& key) {
    const bool optional = object.shape() == Extent::Shape::kOptional;
    const Extent whole = optional ? object.first() : object;
    const bool map = whole.shape() == Extent::Shape::kMap;
    Charge(Sum(1, map ? Product(whole.size(), Sum(1, ReadingBoth(whole.first(), key))) : 0),
           Quoted(id));
    const Extent part = map ? whole.second() : whole.first();
    const NodeKind kind = node(id).kind;
    const bool yields_optional =
        optional || kind == NodeKind::kOptionalSelect || kind == NodeKind::kOptionalIndex;
    return yields_optional ? Extent::Optional(part) : part;
  }

  Extent List(const Node& n) {
    Charge(Sum(kNewList, n.children.size()), "a new list");
    Extent item;
    for (NodeId child : n.children) item = Extent::Larger(item, Visit(child));
    return Extent::List(n.children.size(), item);
  }

  Extent Map(const Node& n) {
    Extent key;
    Extent value;
    for (size_t i = 0; i + 1 < n.children.size(); i += 2) {
      key = Extent::Larger(key, Visit(n.children[i]));
      value = Extent::Larger(value, Visit(n.children[i + 1]));
    }
    // Each key is compared with those before it.
    const uint64_t count = n.children.size() / 2;
    Charge(Sum(kNewMap, Product(count * count / 2, Sum(1, Reading(key)))), "a new map");
    return Extent::Map(count, key, value);
  }

  // One of the two runs.
  Extent Conditional(const Node& n) {
    Charge(1, "`? :`");
    Visit(n.children[0]);
    const size_t before = terms_.size();
    const Extent then = Visit(n.children[1]);
    const size_t middle = terms_.size();
    const Extent otherwise = Visit(n.children[2]);
    const bool first = UnitsOf(before, middle) >= UnitsOf(middle, terms_.size());
    const auto begin = terms_.begin();
    if (first) terms_.erase(begin + static_cast<std::ptrdiff_t>(middle), terms_.end());
    if (!first) {
      terms_.erase(begin + static_cast<std::ptrdiff_t>(before),
                   begin + static_cast<std::ptrdiff_t>(middle));
    }
    return Extent::Larger(then, otherwise);
  }

  Extent Binary(NodeId id) {
    const Node& n = node(id);
    const bool logic = n.op == TokenKind::kAnd || n.op == TokenKind::kOr;
    const Extent a = Visit(n.children[0]);
    if (n.op == TokenKind::kIn) return Membership(id, a);
    const Extent b = Visit(n.children[1]);
    if (logic || Precedence(n.op) == kRelationPrecedence) {
      Charge(Sum(1, logic ? 0 : ReadingBoth(a, b)), Quoted(id));
      return {};
    }
    const std::vector<Extent> arguments = {a, b};
    const CallCost cost = CostOfCall(OperatorText(n.op), arguments, of(id).type);
    Charge(cost.units, Quoted(id));
    return cost.result;
  }

  // A set is asked by one hash.
  Extent Membership(NodeId id, const Extent& item) {
    const NodeId list = node(id).children[1];
    const TypeKind kind = of(node(id).children[0]).type.kind();
    const bool hashed = kind == TypeKind::kString || kind == TypeKind::kInt;
    const bool set =
        of(list).list != nullptr || (hashed && of(list).constant && of(list).type.is_list());
    if (set) {
      Charge(Sum(1, Reading(item)), "`in`");
      return {};
    }
    const Extent whole = Visit(list);
    Charge(Sum(1, Product(whole.size(), Sum(1, ReadingBoth(item, whole.first())))), "`in`");
    return {};
  }

  // A set and each length of prefixes is asked by one hash, networks by a binary search.
  static uint64_t ListUnits(const NamedList& list, const Extent& asked) {
    constexpr uint64_t kSearch = 5;
    const uint64_t search = list.kind() == ListKind::kCidr ? kSearch : 0;
    return Sum(1 + search, Product(list.lookups(), Reading(asked)));
  }

  // For each tenth of a text. A long program may have to be walked step by step.
  uint64_t PatternUnits(NodeId id) const {
    constexpr int kShortProgram = 24;
    const uint64_t letters = of(node(id).children[1]).value.string().size();
    const int program = of(id).pattern->program();
    const uint64_t steps = program > kShortProgram ? static_cast<uint64_t>(program) : 0;
    return std::max({uint64_t{1}, (letters + 3) / 4, steps});
  }

  Extent Call(NodeId id) {
    const Node& n = node(id);
    std::vector<Extent> arguments;
    const std::span<const NodeId> children =
        std::span<const NodeId>(n.children).subspan(of(id).qualified ? 1 : 0);
    const bool of_list = of(id).list != nullptr;  // whose name is no value
    for (NodeId child : of_list ? children.subspan(1) : children) arguments.push_back(Visit(child));
    if (const NamedList* list = of(id).list; list != nullptr) {
      Charge(ListUnits(*list, arguments.back()), Quoted(id));
      return {};
    }
    if (of(id).pattern != nullptr) {
      Charge(Product(PatternUnits(id), std::max<uint64_t>(1, Reading(arguments[0]))), Quoted(id));
      return {};
    }
    const CallCost cost = CostOfCall(n.text, arguments, of(id).type);
    const uint64_t many = arguments.size() > 2 ? arguments.size() - 2 : 0;
    Charge(Sum(cost.units, many), Quoted(id));
    return cost.result;
  }

  Extent Loop(NodeId id) {
    const Node& n = node(id);
    const bool bind = n.macro == Macro::kBind;
    const bool once = bind || n.macro == Macro::kOptMap || n.macro == Macro::kOptFlatMap;
    const NodeId range_id = n.children[bind ? 1 : 0];
    Charge(1, Quoted(id));
    const Extent range = Visit(range_id);
    const NodeId variable = n.children[bind ? 0 : 1];
    locals_[static_cast<size_t>(of(variable).local)] = bind ? range : range.first();
    const size_t before = terms_.size();
    Extent body;
    for (size_t i = 2; i < n.children.size(); ++i) body = Visit(n.children[i]);
    if (!once) CloseLoop(id, range, before);
    switch (n.macro) {
      case Macro::kFilter:
        return Extent::List(range.size(), range.first());
      case Macro::kMap:
      case Macro::kMapFiltered:
        return Extent::List(range.size(), body);
      case Macro::kOptMap:
        return Extent::Optional(body);
      case Macro::kBind:
      case Macro::kOptFlatMap:
        return body;
      default:
        return {};
    }
  }

  // What stands in `terms_` from `before` on is the body: it becomes one term.
  void CloseLoop(NodeId id, const Extent& range, size_t before) {
    LoopCost loop;
    loop.items = range.size();
    loop.body = UnitsOf(before, terms_.size());
    const auto begin = terms_.begin() + static_cast<std::ptrdiff_t>(before);
    if (terms_.size() - before <= kTermsShown) loop.terms.assign(begin, terms_.end());
    terms_.erase(begin, terms_.end());
    const NodeId over = node(id).children[0];
    if (of(over).slot != kNoSlot) loop.field = static_cast<uint16_t>(of(over).slot);
    Charge(loop.units(), Quoted(id));
    if (loop_.has_value() && loop_->units() >= loop.units()) return;
    loop_ = std::move(loop);
    loop_place_ = node(over).span;
  }

  uint64_t UnitsOf(size_t from, size_t to) const {
    uint64_t units = 0;
    for (size_t i = from; i < to; ++i) units = Sum(units, terms_[i].units);
    return units;
  }

  const CheckedTree& checked_;
  std::vector<Extent> locals_;
  std::vector<LoopCost::Term> terms_;
  std::optional<LoopCost> loop_;
  Span loop_place_;
};

}  // namespace

uint64_t LoopCost::units() const { return Product(items, Sum(body, 1)); }

CostBound BoundCost(const CheckedTree& checked) { return Bounder(checked).Run(); }

std::string ExplainCost(const CostBound& bound, uint64_t limit, const Schema& schema) {
  if (!bound.loop.has_value()) return "make it shorter, or `max_len` in schema.json smaller";
  const LoopCost& loop = *bound.loop;
  std::string body;
  for (const LoopCost::Term& term : loop.terms) {
    body += absl::StrFormat("%s %s + ", Thousands(term.units), term.what);
  }
  if (loop.terms.empty()) body = Thousands(loop.body) + " of the body + ";
  const uint64_t rest = bound.units - std::min(bound.units, loop.units());
  std::string text = absl::StrFormat("up to %s items: %s x (%s1 step)", Thousands(loop.items),
                                     Thousands(loop.items), body);
  if (rest > 0) text += " + " + Thousands(rest);
  text += bound.units < kCostMax ? " = " + Thousands(bound.units)
                                 : ", which is " + Thousands(kCostMax) + " or more";
  const uint64_t fits = limit > rest ? (limit - rest) / Sum(loop.body, 1) : 0;
  if (!loop.field.has_value() || fits == 0 || fits >= loop.items) return text;
  return text + absl::StrFormat("; `max_items` of `%s` in schema.json may be at most %s",
                                schema.fields()[*loop.field].full_name(), Thousands(fits));
}

}  // namespace verdict::rule
