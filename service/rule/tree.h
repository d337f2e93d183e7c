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
  kBool,        // number
  kInt,         // number
  kUint,        // number
  kDouble,      // real
  kString,      // text
  kBytes,       // text
  kName,        // text
  kSelect,      // object; text is the field
  kHas,         // the macro over one kSelect
  kIndex,       // what, index
  kCall,        // text is the function; arguments
  kMethod,      // text is the method; target, arguments
  kList,        // items
  kMap,         // key, value, key, value
  kNot,         // operand
  kNegate,      // operand
  kBinary,      // left, right; op
  kConditional  // condition, then, else
};

// The sign of a binary operator: "&&", "in".
std::string_view OperatorText(TokenKind op);
// 1 `||`, 2 `&&`, 3 comparisons and `in`, 4 `+ -`, 5 `* / %`; 0 for what is no binary operator.
int Precedence(TokenKind op);
inline constexpr int kRelationPrecedence = 3;

struct Node {
  NodeKind kind = NodeKind::kNull;
  TokenKind op = TokenKind::kEnd;  // kBinary
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

// What the rule profile allows.
inline constexpr size_t kMaxCodePoints = 4096;
inline constexpr int kMaxNesting = 64;

// Reports at most a handful of findings; the tree is whole where none of them is an error that
// stopped the parser. `whole` tells.
struct ParsedTree {
  Tree tree;
  bool whole = false;
};
ParsedTree Parse(std::string source, Findings* findings);

// The tree in one canonical spelling. Parsing that again gives the same spelling.
std::string Unparse(const Tree& tree);
std::string Unparse(const Tree& tree, NodeId id);

}  // namespace verdict::rule
