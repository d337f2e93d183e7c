// The tree of an expression: nodes in one vector, children by index, spans into the text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rule/finding.h"
#include "rule/token.h"

namespace verdict::rule {

using NodeId = uint32_t;

enum class NodeKind : uint8_t {
  kNull,
  kBool,            // number
  kInt,             // number
  kUint,            // number
  kDouble,          // real
  kString,          // text
  kBytes,           // text
  kName,            // text
  kSelect,          // object; text is the field
  kHas,             // the macro over one kSelect
  kIndex,           // what, index
  kCall,            // text is the function; arguments
  kMethod,          // text is the method; target, arguments
  kList,            // items
  kMap,             // key, value, key, value
  kNot,             // operand
  kNegate,          // operand
  kBinary,          // left, right; op
  kConditional,     // condition, then, else
  kMacro,           // macro; as a method of its range, or of what it binds: see Macro
  kOptionalSelect,  // `object.?field`
  kOptionalIndex,   // `what[?index]`
  kOptionalItem     // `?item` of a list, `?key: value` of a map: around the item, or the value
};

// The functions that name a variable and have an expression run for it. The children of their
// nodes, as written: the range, the variable (a kName), the body and what else is named here.
enum class Macro : uint8_t {
  kExists,
  kAll,
  kExistsOne,
  kMap,          // body: the new item
  kMapFiltered,  // body: which items; then the new item
  kFilter,
  kBind,        // `cel.bind(variable, value, body)`: variable, value, body
  kOptMap,      // of an optional: variable, body
  kOptFlatMap,  // the same, the body yields an optional
};

// May a method of that name be a macro, given its arguments?
bool IsMacro(std::string_view name);
std::string MacroExample(std::string_view name);  // for people

// The sign of a binary operator: "&&", "in".
std::string_view OperatorText(TokenKind op);
// 1 `||`, 2 `&&`, 3 comparisons and `in`, 4 `+ -`, 5 `* / %`; 0 for what is no binary operator.
int Precedence(TokenKind op);
inline constexpr int kRelationPrecedence = 3;

struct Node {
  NodeKind kind = NodeKind::kNull;
  TokenKind op = TokenKind::kEnd;  // kBinary
  Macro macro = Macro::kExists;    // kMacro
  bool absolute = false;           // kName, kCall: with a dot in front, so of no container
  Span span = {};                  // without enclosing parentheses
  Span mark = {};                  // the operator, or the name of field, function or method
  uint64_t number = 0;             // an int as its two's complement
  double real = 0;
  std::string text = {};
  std::vector<NodeId> children = {};
};

struct Tree {
  std::string source;
  std::vector<Node> nodes;
  NodeId root = 0;
  const Node& at(NodeId id) const { return nodes[id]; }
  std::string_view text(Span span) const {
    return std::string_view(source).substr(span.begin, span.end - span.begin);
  }
};

// Rules may be less than CEL; `kCel` is the standard as cel-go has it.
enum class Profile : uint8_t { kRule, kCel };

// What a profile allows of an expression.
struct Limits {
  size_t code_points = 0;
  int nesting = 0;
};
constexpr Limits LimitsOf(Profile profile) {
  return profile == Profile::kRule ? Limits{4096, 64} : Limits{100'000, 250};
}

// Reports at most a handful of findings; the tree is whole where none of them is an error that
// stopped the parser. `whole` tells.
struct ParsedTree {
  Tree tree;
  bool whole = false;
};
ParsedTree Parse(std::string source, Findings* findings, Profile profile = Profile::kRule);

// The tree in one canonical spelling. Parsing that again gives the same spelling.
std::string Unparse(const Tree& tree);
std::string Unparse(const Tree& tree, NodeId id);

}  // namespace verdict::rule
