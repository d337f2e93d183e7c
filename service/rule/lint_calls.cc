// Lint of calls: patterns without anchors, getters of timestamps, ASCII-only case.
#include "absl/strings/str_format.h"
#include "rule/lint.h"

namespace verdict::rule {
namespace {

// What depends on the time zone of who reads it.
bool DependsOnZone(CalendarPart part) {
  return part != CalendarPart::kMinutes && part != CalendarPart::kSeconds &&
         part != CalendarPart::kMilliseconds;
}

// Whether `getter op limit` can be true for some of 0..range-1.
bool CanHold(TokenKind op, int64_t limit, int range) {
  if (op == TokenKind::kEqual) return limit >= 0 && limit < range;
  if (op == TokenKind::kGreater) return limit < range - 1;
  if (op == TokenKind::kGreaterEqual) return limit < range;
  if (op == TokenKind::kLess) return limit > 0;
  if (op == TokenKind::kLessEqual) return limit >= 0;
  return true;
}

}  // namespace

int ZeroBasedRange(CalendarPart part) {
  if (part == CalendarPart::kMonth) return 12;
  if (part == CalendarPart::kDayOfMonth) return 31;
  return part == CalendarPart::kDayOfYear ? 366 : 0;
}

void Linter::Call(NodeId id) {
  const Node& n = node(id);
  if (of(id).pattern != nullptr) UnanchoredPattern(id);
  if (of(id).calendar) Calendar(id);
  if (n.text == "lowerAscii" || n.text == "upperAscii") {
    Add("R323", Severity::kHint, n.mark,
        absl::StrFormat("`%s` leaves letters such as \u00c9 alone", n.text),
        "normalise the text before the call");
  }
}

void Linter::UnanchoredPattern(NodeId id) {
  const Node& n = node(id);
  const std::string_view pattern = of(n.children[1]).value.string();
  if (pattern.find('^') != std::string_view::npos || pattern.find('$') != std::string_view::npos ||
      pattern.find("\\A") != std::string_view::npos) {
    return;
  }
  Finding* finding = Add("R311", Severity::kHint, node(n.children[1]).span,
                         "`matches` is true where any part of the text matches",
                         "begin with `^` and end with `$` to match the whole");
  if (pattern.find_first_of("\\.+*?()|[]{}") != std::string_view::npos) return;
  const std::string ours =
      absl::StrFormat("%s.contains(%s)", text(n.children[0]), text(n.children[1]));
  finding->fix_label = absl::StrFormat("for a part write `%s`", ours);
  finding->edits = {{n.span, ours}};
}

void Linter::Calendar(NodeId id) {
  const Node& n = node(id);
  const CalendarPart part = of(id).part;
  if (n.children.size() == 1 && DependsOnZone(part)) {
    Add("R322", Severity::kWarning, n.mark,
        absl::StrFormat("`%s()` is of UTC, not of where the payment was made", n.text),
        absl::StrFormat("give a zone, as `%s('Europe/Paris')`, or say `%s('UTC')`", n.text,
                        n.text));
  }
  if (ZeroBasedRange(part) == 0 || id == told_getter_) return;
  const bool day = part == CalendarPart::kDayOfMonth;
  Add("R321", Severity::kHint, n.mark, absl::StrFormat("`%s` counts from 0", n.text),
      day ? "the first of a month is 0; `getDate` counts from 1"
          : (part == CalendarPart::kMonth ? "January is 0, December is 11" : "1 January is 0"));
}

void Linter::NeverTrueDates(NodeId id) {
  const Node& n = node(id);
  const NodeId getter = n.children[0];
  const NodeId limit = n.children[1];
  if (!of(getter).calendar || !of(limit).constant || of(limit).value.kind() != Kind::kInt) return;
  const int range = ZeroBasedRange(of(getter).part);
  if (range == 0 || CanHold(n.op, of(limit).value.integer(), range)) return;
  told_getter_ = getter;
  const bool day = of(getter).part == CalendarPart::kDayOfMonth;
  Finding* finding = Add(
      "R320", Severity::kError, n.span,
      absl::StrFormat("this is never true: `%s` counts from 0 to %d", node(getter).text, range - 1),
      day ? "`getDate` counts from 1" : "January is 0, December is 11");
  if (day) {
    finding->edits = {{node(getter).mark, "getDate"}};
  } else if (n.op == TokenKind::kEqual && of(limit).value.integer() == range) {
    finding->edits = {{node(limit).span, std::to_string(range - 1)}};
    finding->fix_label = absl::StrFormat("write `%d`", range - 1);
  }
}

}  // namespace verdict::rule
