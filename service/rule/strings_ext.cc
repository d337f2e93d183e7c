// The strings library, without `format`. Places count code points, as cel-go's do.
#include <algorithm>
#include <cstring>
#include <iterator>
#include <new>

#include "rule/builtins.h"
#include "rule/text.h"

namespace verdict::rule {
namespace {

using Arguments = std::span<const Value>;

Value OutOfRange() { return Value::Error(ErrorCode::kIndex); }

bool Begins(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }

constexpr size_t kNone = std::string_view::npos;

// Where the code point after the one at `at` begins, or the end.
size_t After(std::string_view text, size_t at) {
  do {
    ++at;
  } while (at < text.size() && !Begins(text[at]));
  return at;
}

// Where the last code point before `at` begins. REQUIRES: at > 0.
size_t Before(std::string_view text, size_t at) {
  do {
    --at;
  } while (at > 0 && !Begins(text[at]));
  return at;
}

// Where the code point of that place begins; the end for the first behind all, kNone beyond.
size_t ByteOf(std::string_view text, int64_t place) {
  if (place < 0) return kNone;
  size_t at = 0;
  for (; place > 0 && at < text.size(); --place) at = After(text, at);
  return place == 0 ? at : kNone;
}

Value PlaceOf(std::string_view text, size_t byte) {
  return Value::Int(byte == kNone ? -1 : CodePointCount(text.substr(0, byte)));
}

Value CharAt(Arguments v, EvaluationArena*) {
  const std::string_view text = v[0].string();
  const size_t at = ByteOf(text, v[1].integer());
  if (at == kNone) return OutOfRange();
  return Value::String(at == text.size() ? "" : text.substr(at, After(text, at) - at));
}

Value Find(std::string_view text, std::string_view part, int64_t from) {
  if (from < 0) return OutOfRange();
  if (part.empty()) return Value::Int(from);
  const size_t begin = ByteOf(text, from);
  return PlaceOf(text, begin == kNone ? kNone : text.find(part, begin));
}

Value FindLast(std::string_view text, std::string_view part, int64_t from) {
  if (from < 0) return OutOfRange();
  if (part.empty()) return Value::Int(from);
  const size_t begin = ByteOf(text, from);
  return PlaceOf(text, begin == kNone || begin == text.size() ? kNone : text.rfind(part, begin));
}

Value IndexOf(Arguments v, EvaluationArena*) { return Find(v[0].string(), v[1].string(), 0); }
Value IndexOfFrom(Arguments v, EvaluationArena*) {
  return Find(v[0].string(), v[1].string(), v[2].integer());
}
Value LastIndexOf(Arguments v, EvaluationArena*) {
  const std::string_view text = v[0].string();
  if (v[1].string().empty()) return Value::Int(CodePointCount(text));
  return PlaceOf(text, text.rfind(v[1].string()));
}
Value LastIndexOfFrom(Arguments v, EvaluationArena*) {
  return FindLast(v[0].string(), v[1].string(), v[2].integer());
}

Value Part(std::string_view text, int64_t begin, int64_t end) {
  const size_t from = ByteOf(text, begin);
  const size_t to = ByteOf(text, end);
  if (begin > end || from == kNone || to == kNone) return OutOfRange();
  return Value::String(text.substr(from, to - from));
}
Value Substring(Arguments v, EvaluationArena*) {
  return Part(v[0].string(), v[1].integer(), CodePointCount(v[0].string()));
}
Value SubstringTo(Arguments v, EvaluationArena*) {
  return Part(v[0].string(), v[1].integer(), v[2].integer());
}

// A text in the arena, written piece by piece.
class Writer {
 public:
  explicit Writer(EvaluationArena* arena) : arena_(arena) {}
  void Add(std::string_view text) {
    if (text.empty() || too_large_) return;
    if (size_ + text.size() > room_ && !Grow(size_ + text.size())) return;
    std::memcpy(begin_ + size_, text.data(), text.size());
    size_ += text.size();
  }
  bool too_large() const { return too_large_; }
  Value Take() const {
    return too_large_ ? Value::Error(ErrorCode::kLimit) : Value::String({begin_, size_});
  }

 private:
  static constexpr size_t kFirstRoom = 64;

  bool Grow(size_t needed) {
    const size_t room = std::max({needed, room_ * 2, kFirstRoom});
    char* begin = static_cast<char*>(arena_->Allocate(room));
    too_large_ = begin == nullptr;
    if (too_large_) return false;
    if (size_ > 0) std::memcpy(begin, begin_, size_);
    begin_ = begin;
    room_ = room;
    return true;
  }

  EvaluationArena* arena_;
  char* begin_ = nullptr;
  size_t size_ = 0;
  size_t room_ = 0;
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
    const size_t next = After(text, at);
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

// How long the next part is; kNone where the rest is the last.
size_t NextPart(std::string_view rest, std::string_view separator) {
  if (!separator.empty()) return rest.find(separator);
  const size_t length = rest.empty() ? 0 : After(rest, 0);
  return length >= rest.size() ? kNone : length;
}

// At most `count` parts, the last with all the rest; any number where it is negative.
Value SplitInto(Arguments v, int64_t count, EvaluationArena* arena) {
  const std::string_view separator = v[1].string();
  std::string_view rest = v[0].string();
  if (count == 0 || (separator.empty() && rest.empty())) return Value::List({});
  const auto limit = count < 0 ? SIZE_MAX : static_cast<size_t>(count);
  size_t parts = 1;
  for (std::string_view left = rest; parts < limit; ++parts) {
    const size_t length = NextPart(left, separator);
    if (length == kNone) break;
    left.remove_prefix(length + separator.size());
  }
  auto* items = static_cast<Value*>(arena->Allocate(parts * sizeof(Value)));
  if (items == nullptr) return Value::Error(ErrorCode::kLimit);
  for (size_t i = 0; i + 1 < parts; ++i) {
    const size_t length = NextPart(rest, separator);
    new (items + i) Value(Value::String(rest.substr(0, length)));
    rest.remove_prefix(length + separator.size());
  }
  new (items + parts - 1) Value(Value::String(rest));
  return Value::List({items, parts});
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
  size_t begin = 0, end = text.size();
  while (begin < end && IsSpace(text.substr(begin, After(text, begin) - begin))) {
    begin = After(text, begin);
  }
  while (end > begin && IsSpace(text.substr(Before(text, end), end - Before(text, end)))) {
    end = Before(text, end);
  }
  return Value::String(text.substr(begin, end - begin));
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
  Writer out(arena);
  for (size_t end = text.size(); end > 0;) {
    const size_t begin = Before(text, end);
    out.Add(text.substr(begin, end - begin));
    end = begin;
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
