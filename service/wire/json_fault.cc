// A reader of JSON along a message's descriptors, for errors alone: it keeps no values.
#include "wire/json_fault.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <set>
#include <utility>

#include "absl/strings/str_format.h"

namespace verdict::wire {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

constexpr size_t kNameShownMax = 64;

// Thread-compatible, of one use.
class FaultFinder {
 public:
  explicit FaultFinder(std::string_view text) : text_(text) {}

  // True where there is one: what() and at() say which.
  bool Find(const Descriptor& message) {
    if (Next() != '{') return !Expected("`{`");
    if (!Message(message, "")) return true;
    return Next() != '\0' && !Expected("the end of the text");
  }
  const std::string& what() const { return what_; }
  size_t at() const { return fault_at_; }

 private:
  // Each reader ends behind what it read; false once there is a fault. They recurse no deeper than
  // our messages nest: what no field takes is a fault at once.
  bool Message(const Descriptor& message, const std::string& path) {
    std::set<const google::protobuf::OneofDescriptor*> chosen;
    return Members([&](std::string_view name, size_t name_at) -> bool {
      const FieldDescriptor* field = FieldOf(message, name);
      if (field == nullptr) return Unknown(message, path, name, name_at);
      const auto* oneof = field->real_containing_oneof();
      if (oneof != nullptr && !chosen.insert(oneof).second) {
        return Fail(name_at, path + ": holds more than one value; keep one of them");
      }
      const std::string inner = path.empty() ? field->name() : path + "." + field->name();
      if (!field->is_repeated()) return Value(*field, inner);
      return field->is_map() ? Map(*field, inner) : List(*field, inner);
    });
  }

  bool Map(const FieldDescriptor& field, const std::string& path) {
    if (Null()) return true;
    if (Next() != '{') return Mistyped(path, "an object { }", KindHere());
    const FieldDescriptor& value = *field.message_type()->map_value();
    std::set<std::string_view> names;
    return Members([&](std::string_view name, size_t name_at) -> bool {
      const std::string inner = absl::StrFormat("%s[\"%s\"]", path, Shown(name));
      if (!names.insert(name).second) return Fail(name_at, inner + ": stands twice; keep one");
      return Value(value, inner);
    });
  }

  bool List(const FieldDescriptor& field, const std::string& path) {
    if (Null()) return true;
    if (Next() != '[') return Mistyped(path, "a list [ ]", KindHere());
    ++at_;
    for (int i = 0; i > 0 || Next() != ']'; ++i) {
      if (!Value(field, absl::StrFormat("%s[%d]", path, i))) return false;
      if (Next() != ',') break;
      ++at_;
    }
    return Close(']');
  }

  // One value of the field's type; of a list or map, one of its items.
  bool Value(const FieldDescriptor& field, const std::string& path) {
    if (Null()) return true;
    const size_t start = at_;
    const std::string kind = KindHere();
    if (kind.empty()) return Expected("a value");
    if (field.message_type() != nullptr) {
      return Next() == '{' ? Message(*field.message_type(), path)
                           : Mistyped(path, "an object { }", kind);
    }
    std::string_view raw;
    if (kind == "a string" && !String(&raw)) return false;
    if (kind == "a number" && !Number(&raw)) return false;
    if (kind == "a boolean") at_ += Next() == 't' ? 4 : 5;
    if (Fits(field, kind, raw)) return true;
    at_ = start;
    // A whole number, say, may be a number or a string, but not each of them.
    const bool of_a_kind = kind == "a boolean" ||
                           field.cpp_type() == FieldDescriptor::CPPTYPE_STRING ||
                           field.cpp_type() == FieldDescriptor::CPPTYPE_BOOL;
    return Mistyped(path, TypeOf(field), of_a_kind ? kind : "this" + kind.substr(1));
  }

  template <typename Member>
  bool Members(const Member& member) {
    ++at_;
    for (bool first = true; !first || Next() != '}'; first = false) {
      if (Next() != '"') return Expected("a field's name in double quotes");
      const size_t name_at = at_;
      std::string_view name;
      if (!String(&name)) return false;
      if (Next() != ':') return Expected("`:` between name and value");
      ++at_;
      if (!member(name, name_at)) return false;
      if (Next() != ',') break;
      ++at_;
    }
    return Close('}');
  }

  bool Close(char bracket) {
    if (Next() != bracket) return Expected(absl::StrFormat("`,` or `%c`", bracket));
    ++at_;
    return true;
  }

  // What stands between the quotes, as it is written.
  bool String(std::string_view* raw) {
    const size_t start = at_;
    for (size_t i = start + 1; i < text_.size() && text_[i] != '\n' && text_[i] != '\r'; ++i) {
      if (text_[i] == '"') {
        *raw = text_.substr(start + 1, i - start - 1);
        at_ = i + 1;
        return true;
      }
      if (text_[i] != '\\') continue;
      if (text_.substr(i + 1, 1) == "u" && !IsHex(text_.substr(i + 2, 4))) {
        return Fail(i, "expected four hexadecimal digits after `\\u`");
      }
      ++i;
    }
    return Fail(start, "this string does not end on its line; expected a closing `\"`");
  }

  bool Number(std::string_view* raw) {
    const size_t end = std::min(text_.find_first_not_of("0123456789+-.eE", at_), text_.size());
    *raw = text_.substr(at_, end - at_);
    const std::string_view digits = raw->substr(raw->starts_with('-') ? 1 : 0);
    const bool octal =
        digits.size() > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9';
    double value = 0;
    if (octal || !Reads(*raw, &value)) {
      return Fail(at_, "expected a number as JSON writes it, such as 12, -3 or 0.5");
    }
    at_ = end;
    return true;
  }

  static bool Fits(const FieldDescriptor& field, std::string_view kind, std::string_view raw) {
    int64_t whole = 0;
    double real = 0;
    const bool quoted = kind == "a string";
    const bool number = kind == "a number";
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        return quoted;
      case FieldDescriptor::CPPTYPE_BOOL:
        return quoted || kind == "a boolean";
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return number || (quoted && (Reads(raw, &real) || raw == "NaN" || raw == "Infinity" ||
                                     raw == "-Infinity"));
      case FieldDescriptor::CPPTYPE_ENUM:
        return Reads(raw, &whole) ||
               (quoted && field.enum_type()->FindValueByName(std::string(raw)) != nullptr);
      default: {  // whole numbers; 1e3 and 2.0 are such too
        const bool wide = field.cpp_type() == FieldDescriptor::CPPTYPE_INT64;
        if (Reads(raw, &whole)) {
          return wide || (whole >= 0 && whole <= std::numeric_limits<uint32_t>::max());
        }
        const double limit = std::ldexp(1.0, wide ? 63 : 32);
        return number && Reads(raw, &real) && real == std::trunc(real) && real < limit &&
               real >= (wide ? -limit : 0);
      }
    }
  }

  static std::string TypeOf(const FieldDescriptor& field) {
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        return "a string in double quotes";
      case FieldDescriptor::CPPTYPE_BOOL:
        return "true or false";
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return "a number";
      case FieldDescriptor::CPPTYPE_ENUM: {
        std::string names;
        for (int i = 1; i < field.enum_type()->value_count(); ++i) {  // the first says "not set"
          names += (i == 1 ? "" : ", ") + field.enum_type()->value(i)->name();
        }
        return "one of " + names;
      }
      default:
        return field.cpp_type() == FieldDescriptor::CPPTYPE_INT64
                   ? "a whole number of at most 64 bits"
                   : "a whole number from 0 to 4294967295";
    }
  }

  static const FieldDescriptor* FieldOf(const Descriptor& message, std::string_view name) {
    for (int i = 0; i < message.field_count(); ++i) {
      const FieldDescriptor* field = message.field(i);
      if (field->name() == name || field->json_name() == name) return field;
    }
    return nullptr;
  }

  template <typename T>
  static bool Reads(std::string_view text, T* value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
    return error == std::errc() && end == text.data() + text.size();
  }

  static bool IsHex(std::string_view digits) {
    return digits.size() == 4 &&
           digits.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
  }

  // Cut where it is long, between characters.
  static std::string Shown(std::string_view name) {
    size_t end = std::min(name.size(), kNameShownMax);
    while (end < name.size() && (static_cast<unsigned char>(name[end]) & 0xC0) == 0x80) --end;
    return std::string(name.substr(0, end)) + (end < name.size() ? "..." : "");
  }

  // The next character that is no blank, where at_ then stands; 0 at the end.
  char Next() {
    at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size());
    return at_ < text_.size() ? text_[at_] : '\0';
  }

  // Empty where no value begins.
  std::string KindHere() {
    const char c = Next();
    if (c == '"') return "a string";
    if (c == '{') return "an object";
    if (c == '[') return "a list";
    if (c == '-' || (c >= '0' && c <= '9')) return "a number";
    const std::string_view rest = text_.substr(at_);
    return rest.starts_with("true") || rest.starts_with("false") ? "a boolean" : "";
  }

  // Reads `null`, which stands for an absent field.
  bool Null() {
    if (Next() != 'n' || !text_.substr(at_).starts_with("null")) return false;
    at_ += 4;
    return true;
  }

  bool Fail(size_t at, std::string what) {
    fault_at_ = at;
    what_ = std::move(what);
    return false;
  }

  bool Expected(std::string_view what) {
    const char c = Next();
    return Fail(at_, absl::StrFormat("is not JSON: expected %s, found %s", what,
                                     at_ == text_.size()     ? "the end of the text"
                                     : c > ' ' && c < '\x7f' ? absl::StrFormat("`%c`", c)
                                                             : "another character"));
  }

  bool Mistyped(const std::string& path, std::string_view wanted, std::string_view kind) {
    if (kind.empty()) return Expected("a value");
    return Fail(at_, absl::StrFormat("%s: must be %s, not %s", path, wanted, kind));
  }

  bool Unknown(const Descriptor& message, const std::string& path, std::string_view name,
               size_t name_at) {
    std::string known;
    for (int i = 0; i < message.field_count(); ++i) {
      known += (i == 0 ? "" : ", ") + message.field(i)->name();
    }
    return Fail(name_at, absl::StrFormat("%s%sunknown field \"%s\"; known are %s", path,
                                         path.empty() ? "" : ": ", Shown(name), known));
  }

  const std::string_view text_;
  size_t at_ = 0;
  size_t fault_at_ = 0;
  std::string what_;
};

}  // namespace

std::optional<JsonFault> FirstFault(std::string_view text, const Descriptor& message) {
  FaultFinder finder(text);
  if (!finder.Find(message)) return std::nullopt;
  return JsonFault{finder.at(), finder.what()};
}

}  // namespace verdict::wire
