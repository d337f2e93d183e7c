// The strings library, without `format`. Places count code points, as cel-go's do.
#include <algorithm>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

#include "rule/builtins.h"
#include "rule/text.h"

namespace verdict::rule {
namespace {

using Arguments = std::span<const Value>;

Value OutOfRange() { return Value::Error(ErrorCode::kIndex); }

bool Begins(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }

// Where the code points begin, and the end.
std::vector<size_t> Places(std::string_view text) {
  std::vector<size_t> places;
  for (size_t i = 0; i < text.size(); ++i) {
    if (Begins(text[i])) places.push_back(i);
  }
  places.push_back(text.size());
  return places;
}

int64_t PlaceOf(const std::vector<size_t>& places, size_t byte) {
  return std::lower_bound(places.begin(), places.end(), byte) - places.begin();
}

Value CharAt(Arguments v, EvaluationArena*) {
  const std::string_view text = v[0].string();
  const std::vector<size_t> places = Places(text);
  const auto at = static_cast<uint64_t>(v[1].integer());
  if (at >= places.size()) return OutOfRange();
  if (at + 1 == places.size()) return Value::String("");
  return Value::String(text.substr(places[at], places[at + 1] - places[at]));
}

Value Find(std::string_view text, std::string_view part, int64_t from) {
  if (from < 0) return OutOfRange();
  if (part.empty()) return Value::Int(from);
  const std::vector<size_t> places = Places(text);
  if (static_cast<uint64_t>(from) >= places.size() - 1) return Value::Int(-1);
  const size_t found = text.find(part, places[static_cast<size_t>(from)]);
  return Value::Int(found == std::string_view::npos ? -1 : PlaceOf(places, found));
}

Value FindLast(std::string_view text, std::string_view part, int64_t from) {
  if (from < 0) return OutOfRange();
  if (part.empty()) return Value::Int(from);
  const std::vector<size_t> places = Places(text);
  if (static_cast<uint64_t>(from) >= places.size() - 1) return Value::Int(-1);
  const size_t found = text.rfind(part, places[static_cast<size_t>(from)]);
  return Value::Int(found == std::string_view::npos ? -1 : PlaceOf(places, found));
}

Value IndexOf(Arguments v, EvaluationArena*) { return Find(v[0].string(), v[1].string(), 0); }
Value IndexOfFrom(Arguments v, EvaluationArena*) {
  return Find(v[0].string(), v[1].string(), v[2].integer());
}
Value LastIndexOf(Arguments v, EvaluationArena*) {
  const std::string_view text = v[0].string();
  if (v[1].string().empty()) return Value::Int(CodePointCount(text));
  const size_t found = text.rfind(v[1].string());
  return Value::Int(found == std::string_view::npos ? -1 : PlaceOf(Places(text), found));
}
Value LastIndexOfFrom(Arguments v, EvaluationArena*) {
  return FindLast(v[0].string(), v[1].string(), v[2].integer());
}

Value Part(std::string_view text, int64_t begin, int64_t end) {
  const std::vector<size_t> places = Places(text);
  const auto size = static_cast<int64_t>(places.size()) - 1;
  if (begin < 0 || begin > end || end > size) return OutOfRange();
  const size_t from = places[static_cast<size_t>(begin)];
  return Value::String(text.substr(from, places[static_cast<size_t>(end)] - from));
}
Value Substring(Arguments v, EvaluationArena*) {
  return Part(v[0].string(), v[1].integer(), CodePointCount(v[0].string()));
}
Value SubstringTo(Arguments v, EvaluationArena*) {
  return Part(v[0].string(), v[1].integer(), v[2].integer());
}

// Room of the arena for a text; what was written there is the value.
class Writer {
 public:
  explicit Writer(EvaluationArena* arena) : arena_(arena) {}
  void Add(std::string_view text) {
    if (text_.size() + text.size() > EvaluationArena::kMaxBytes) too_large_ = true;
    if (!too_large_) text_ += text;
  }
  bool too_large() const { return too_large_; }
  Value Take() const {
    return too_large_ ? Value::Error(ErrorCode::kLimit) : arena_->CopyString(text_);
  }

 private:
  EvaluationArena* arena_;
  std::string text_;
  bool too_large_ = false;
};

// The first `count` of them, all where it is negative. An empty one stands before each code point
// and at the end.
Value ReplaceFirst(Arguments v, int64_t count, EvaluationArena* arena) {
  const std::string_view text = v[0].string(), part = v[1].string(), by = v[2].string();
  Writer out(arena);
  size_t at = 0;
  for (; count != 0 && !out.too_large(); --count) {
    const size_t found = text.find(part, at);
    if (found == std::string_view::npos) break;
    out.Add(text.substr(at, found - at));
    out.Add(by);
    at = found + part.size();
    if (!part.empty()) continue;
    if (at >= text.size()) break;
    size_t next = at + 1;
    while (next < text.size() && !Begins(text[next])) ++next;
    out.Add(text.substr(at, next - at));
    at = next;
  }
  out.Add(text.substr(std::min(at, text.size())));
  return out.Take();
}
Value Replace(Arguments v, EvaluationArena* arena) { return ReplaceFirst(v, -1, arena); }
Value ReplaceSome(Arguments v, EvaluationArena* arena) {
  return ReplaceFirst(v, std::max<int64_t>(v[3].integer(), -1), arena);
}

// At most `count` parts, the last with all the rest; any number where it is negative.
Value SplitInto(Arguments v, int64_t count, EvaluationArena* arena) {
  const std::string_view separator = v[1].string();
  std::string_view rest = v[0].string();
  std::vector<Value> parts;
  if (count == 0 || (separator.empty() && rest.empty())) return arena->CopyList(parts);
  while (count < 0 || static_cast<int64_t>(parts.size()) + 1 < count) {
    size_t length = rest.find(separator);
    if (separator.empty()) {
      length = 1;
      while (length < rest.size() && !Begins(rest[length])) ++length;
      if (length >= rest.size()) break;
    }
    if (length == std::string_view::npos) break;
    parts.push_back(Value::String(rest.substr(0, length)));
    rest.remove_prefix(length + separator.size());
  }
  parts.push_back(Value::String(rest));
  return arena->CopyList(parts);
}
Value Split(Arguments v, EvaluationArena* arena) { return SplitInto(v, -1, arena); }
Value SplitSome(Arguments v, EvaluationArena* arena) { return SplitInto(v, v[2].integer(), arena); }

// White_Space of Unicode, as Go's unicode.IsSpace.
bool IsSpace(std::string_view code_point) {
  constexpr std::string_view kSpaces[] = {
      "\t",     "\n",     "\v",     "\f",     "\r",     " ",      "\u0085", "\u00a0", "\u1680",
      "\u2000", "\u2001", "\u2002", "\u2003", "\u2004", "\u2005", "\u2006", "\u2007", "\u2008",
      "\u2009", "\u200a", "\u2028", "\u2029", "\u202f", "\u205f", "\u3000"};
  return std::find(std::begin(kSpaces), std::end(kSpaces), code_point) != std::end(kSpaces);
}
Value Trim(Arguments v, EvaluationArena*) {
  const std::string_view text = v[0].string();
  const std::vector<size_t> places = Places(text);
  size_t begin = 0, end = places.size() - 1;
  const auto is_space = [&](size_t i) {
    return IsSpace(text.substr(places[i], places[i + 1] - places[i]));
  };
  while (begin < end && is_space(begin)) ++begin;
  while (end > begin && is_space(end - 1)) --end;
  return Value::String(text.substr(places[begin], places[end] - places[begin]));
}

Value JoinBy(Arguments v, std::string_view separator, EvaluationArena* arena) {
  Writer out(arena);
  bool first = true;
  for (const Value& item : v[0].list()) {
    if (item.kind() != Kind::kString) return Value::Error(ErrorCode::kType);
    if (!first) out.Add(separator);
    first = false;
    out.Add(item.string());
  }
  return out.Take();
}
Value Join(Arguments v, EvaluationArena* arena) { return JoinBy(v, "", arena); }
Value JoinWith(Arguments v, EvaluationArena* arena) { return JoinBy(v, v[1].string(), arena); }

Value Reverse(Arguments v, EvaluationArena* arena) {
  const std::string_view text = v[0].string();
  const std::vector<size_t> places = Places(text);
  Writer out(arena);
  for (size_t i = places.size() - 1; i > 0; --i) {
    out.Add(text.substr(places[i - 1], places[i] - places[i - 1]));
  }
  return out.Take();
}

Value Quote(Arguments v, EvaluationArena* arena) {
  constexpr std::string_view kRaw = "\a\b\f\n\r\t\v\\\"";
  constexpr std::string_view kLetters = "abfnrtv\\\"";
  Writer out(arena);
  out.Add("\"");
  for (const char& c : v[0].string()) {
    const size_t escaped = kRaw.find(c);
    if (escaped == std::string_view::npos) {
      out.Add({&c, 1});
    } else {
      out.Add("\\");
      out.Add(kLetters.substr(escaped, 1));
    }
  }
  out.Add("\"");
  return out.Take();
}

using enum TypeKind;

constexpr Overload kOverloads[] = {
    {"charAt", true, 2, {kString, kInt}, kString, CharAt},
    {"indexOf", true, 2, {kString, kString}, kInt, IndexOf},
    {"indexOf", true, 3, {kString, kString, kInt}, kInt, IndexOfFrom},
    {"lastIndexOf", true, 2, {kString, kString}, kInt, LastIndexOf},
    {"lastIndexOf", true, 3, {kString, kString, kInt}, kInt, LastIndexOfFrom},
    {"substring", true, 2, {kString, kInt}, kString, Substring},
    {"substring", true, 3, {kString, kInt, kInt}, kString, SubstringTo},
    {"replace", true, 3, {kString, kString, kString}, kString, Replace},
    {"replace", true, 4, {kString, kString, kString, kInt}, kString, ReplaceSome},
    {"split", true, 2, {kString, kString}, kStringList, Split},
    {"split", true, 3, {kString, kString, kInt}, kStringList, SplitSome},
    {"trim", true, 1, {kString}, kString, Trim},
    {"join", true, 1, {kStringList}, kString, Join},
    {"join", true, 2, {kStringList, kString}, kString, JoinWith},
    {"reverse", true, 1, {kString}, kString, Reverse},
    {"strings.quote", false, 1, {kString}, kString, Quote},
};

}  // namespace

std::span<const Overload> StringOverloads() { return kOverloads; }

}  // namespace verdict::rule
