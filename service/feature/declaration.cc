// Every mistake of a declaration is reported in one pass, with what to write instead.
#include "feature/declaration.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "rule/suggest.h"

namespace verdict::feature {
namespace {

constexpr size_t kNameBytesMax = 64;
constexpr std::string_view kDefaultOf = "txn.amount_base_minor";
constexpr int64_t kMinuteMs = 60'000;
constexpr int64_t kHourMs = 60 * kMinuteMs;
constexpr int kSlidingHoursMax = static_cast<int>(kSlidingWindowMsMax / kHourMs);

constexpr std::pair<std::string_view, Aggregate> kAggregates[] = {
    {"sum", Aggregate::kSum},
    {"count", Aggregate::kCount},
    {"avg", Aggregate::kAvg},
    {"min", Aggregate::kMin},
    {"max", Aggregate::kMax},
    {"variance", Aggregate::kVariance},
    {"stddev", Aggregate::kStddev},
    {"last", Aggregate::kLast},
    {"first_seen", Aggregate::kFirstSeen},
    {"last_seen", Aggregate::kLastSeen}};

// What a window of minutes or hours can give.
bool CanSlide(Aggregate aggregate) {
  switch (aggregate) {
    case Aggregate::kSum:
    case Aggregate::kCount:
    case Aggregate::kAvg:
    case Aggregate::kMin:
    case Aggregate::kMax:
      return true;
    case Aggregate::kVariance:
    case Aggregate::kStddev:
    case Aggregate::kLast:
    case Aggregate::kFirstSeen:
    case Aggregate::kLastSeen:
      return false;
  }
  return false;
}

// It looks at events, not at a value that they carry.
bool TakesNoOf(Aggregate aggregate) {
  return aggregate == Aggregate::kCount || aggregate == Aggregate::kFirstSeen ||
         aggregate == Aggregate::kLastSeen;
}

// Words that CEL keeps to itself: `merchant.in` would not parse.
constexpr std::string_view kReservedWords[] = {
    "as",       "break",   "const",  "continue", "else", "false", "for",
    "function", "if",      "import", "in",       "let",  "loop",  "namespace",
    "null",     "package", "return", "true",     "var",  "void",  "while"};

bool IsName(std::string_view text) {
  if (text.empty() || text.size() > kNameBytesMax || text[0] < 'a' || text[0] > 'z') return false;
  if (text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") != std::string_view::npos) {
    return false;
  }
  return std::find(std::begin(kReservedWords), std::end(kReservedWords), text) ==
         std::end(kReservedWords);
}

// "; did you mean `card`?", or empty.
std::string Advice(std::string_view name, const std::vector<std::string>& names) {
  const std::string nearest = rule::Nearest(name, names);
  return nearest.empty() ? nearest : absl::StrFormat("; did you mean `%s`?", nearest);
}

// "`a`, `b`, `c`".
std::string Quoted(const std::vector<std::string>& names) {
  std::string quoted;
  for (const std::string& name : names) {
    if (!quoted.empty()) quoted += ", ";
    quoted += "`" + name + "`";
  }
  return quoted;
}

// **Thread-compatible.** Checks one declaration; `failed` once anything was reported.
class Checker {
 public:
  Checker(const FeatureDeclaration& declaration, const DeclarationScope& scope,
          std::vector<rule::Diagnostic>* diagnostics)
      : declaration_(declaration), scope_(scope), diagnostics_(diagnostics) {}

  std::optional<Draft> Run() {
    draft_.declaration = &declaration_;
    CheckName();
    CheckEntity();
    CheckWindow();
    CheckReading();
    if (CheckAggregate()) {
      CheckOf();
      CheckCanSlide();
    }
    if (failed_) return std::nullopt;
    return std::move(draft_);
  }

 private:
  void Error(std::string_view code, std::string_view member, std::string message) {
    failed_ = true;
    ReportError(code, declaration_, member, std::move(message), diagnostics_);
  }

  void CheckName() {
    draft_.feature.name = declaration_.name;
    draft_.feature.full_name = declaration_.entity + "." + declaration_.name;
    if (IsName(declaration_.name)) return;
    Error("R513", "name",
          absl::StrFormat("`%s` is not a name: a small letter, then small letters, digits and `_`, "
                          "at most %d, and no word of the rule language",
                          declaration_.name, kNameBytesMax));
  }

  void CheckEntity() {
    std::vector<std::string> names;
    for (size_t i = 0; i < scope_.entities.size(); ++i) {
      names.push_back(scope_.entities[i].name);
      if (names.back() != declaration_.entity) continue;
      draft_.feature.entity = static_cast<uint16_t>(i);
      return;
    }
    const std::string nearest = Advice(declaration_.entity, names);
    Error("R110", "entity",
          absl::StrFormat("unknown entity `%s`%s", declaration_.entity,
                          nearest.empty() ? "; known are " + Quoted(names) : nearest));
  }

  // True where there is such an aggregate.
  bool CheckAggregate() {
    std::vector<std::string> names;
    for (const auto& [name, aggregate] : kAggregates) {
      names.emplace_back(name);
      if (name != declaration_.aggregate) continue;
      draft_.feature.aggregate = aggregate;
      return true;
    }
    Error("R111", "aggregate",
          absl::StrFormat("unknown aggregate `%s`; known are %s", declaration_.aggregate,
                          Quoted(names)));
    return false;
  }

  void CheckWindow() {
    const std::string_view window = declaration_.window;
    const std::string_view digits = window.substr(0, window.empty() ? 0 : window.size() - 1);
    const bool number = !digits.empty() && digits.size() <= 6 &&
                        digits.find_first_not_of("0123456789") == std::string_view::npos;
    const char unit = window.empty() ? ' ' : window.back();
    const int length = number ? std::stoi(std::string(digits)) : 0;
    if (length >= 1 && (unit == 'm' || unit == 'h')) return CheckSliding(window, length, unit);
    if (length >= 1 && length <= kWindowDaysMax && unit == 'd') {
      draft_.feature.window_days = length;
      return;
    }
    Error("R114", "window",
          absl::StrFormat("`%s` is no window: write `1d` to `%dd`, business days, today included, "
                          "or `1m` to `%dh`, which slides",
                          window, kWindowDaysMax, kSlidingHoursMax));
  }

  // "5m", "24h": up to the very moment, so many minutes or hours back.
  void CheckSliding(std::string_view window, int length, char unit) {
    const int64_t ms = int64_t{length} * (unit == 'm' ? kMinuteMs : kHourMs);
    if (ms <= kSlidingWindowMsMax) {
      draft_.feature.window_days = 0;
      draft_.feature.window_ms = ms;
      return;
    }
    Error("R115", "window",
          absl::StrFormat(
              "the window `%s` slides, and windows that slide reach back %dh at most; "
              "write `%dd`, business days, today included",
              window, kSlidingHoursMax,
              std::min<int64_t>((ms + 24 * kHourMs - 1) / (24 * kHourMs), kWindowDaysMax)));
  }

  // How rules read it: `partial`, and the status assumed of the transaction being scored.
  void CheckReading() {
    draft_.feature.use_partial = declaration_.partial == "use";
    if (!draft_.feature.use_partial && declaration_.partial != "missing") {
      Error("R517", "partial",
            absl::StrFormat("`partial` must be `missing` or `use`, found `%s`",
                            declaration_.partial));
    }
    draft_.feature.assumed_status = declaration_.assumed_status;
    const int longest = scope_.schema.fields()[rule::kTxnStatus].max_len;
    if (declaration_.assumed_status.empty() ||
        declaration_.assumed_status.size() > static_cast<size_t>(longest)) {
      Error("R517", "current/assume/txn.status",
            absl::StrFormat("a status has 1 to %d bytes", longest));
    }
  }

  void CheckCanSlide() {
    if (!draft_.feature.slides() || CanSlide(draft_.feature.aggregate)) return;
    Error("R115", "window",
          absl::StrFormat("`%s` is served over business days alone: write `1d` to `%dd`",
                          declaration_.aggregate, kWindowDaysMax));
  }

  void CheckOf() {
    if (TakesNoOf(draft_.feature.aggregate)) {
      if (declaration_.of.empty()) return;
      Error("R116", "of",
            absl::StrFormat("`%s` looks at events and takes no `of`; leave it out, and say in "
                            "`where` which count",
                            declaration_.aggregate));
      return;
    }
    const std::string of = declaration_.of.empty() ? std::string(kDefaultOf) : declaration_.of;
    const rule::Field* field = FindField(of);
    if (field == nullptr) {
      UnknownOf(of);
    } else if (field->type != rule::FieldType::kInt) {
      WrongTypeOf(*field);
    } else {
      draft_.of_slot = field->slot;
      draft_.feature.money =
          field->slot == rule::kTxnAmountMinor || field->slot == rule::kTxnAmountBaseMinor;
    }
  }

  const rule::Field* FindField(std::string_view full_name) const {
    const size_t dot = full_name.find('.');
    if (dot == std::string_view::npos) return nullptr;
    return scope_.schema.Find(full_name.substr(0, dot), full_name.substr(dot + 1));
  }

  void UnknownOf(const std::string& of) {
    const auto& features = scope_.features;
    if (std::find(features.begin(), features.end(), of) != features.end()) {
      Error("R117", "of",
            absl::StrFormat("`%s` is a feature; `of` names a field that every event carries", of));
      return;
    }
    std::vector<std::string> names;
    for (const rule::Field& field : scope_.schema.fields()) {
      if (field.type == rule::FieldType::kInt) names.push_back(field.full_name());
    }
    const std::string nearest = Advice(of, names);
    Error("R102", "of",
          absl::StrFormat("unknown field `%s`%s", of,
                          nearest.empty() ? "; `of` may be " + Quoted(names) : nearest));
  }

  void WrongTypeOf(const rule::Field& field) {
    const bool amount = field.slot == rule::kTxnAmount || field.slot == rule::kTxnAmountBase;
    Error("R215", "of",
          absl::StrFormat(
              "`of` must be an int field; `%s` is %s%s", field.full_name(),
              rule::FieldTypeName(field.type),
              amount ? absl::StrFormat("; write `%s_minor`, exact minor units", field.full_name())
                     : ""));
  }

  const FeatureDeclaration& declaration_;
  const DeclarationScope& scope_;
  std::vector<rule::Diagnostic>* diagnostics_;
  Draft draft_;
  bool failed_ = false;
};

}  // namespace

const std::string& Draft::where_text() const {
  static const std::string& none = *new std::string;
  return where == nullptr ? none : where->canonical();
}

std::optional<Draft> CheckDeclaration(const FeatureDeclaration& declaration,
                                      const DeclarationScope& scope,
                                      std::vector<rule::Diagnostic>* diagnostics) {
  return Checker(declaration, scope, diagnostics).Run();
}

rule::Diagnostic& ReportError(std::string_view code, const FeatureDeclaration& declaration,
                              std::string_view member, std::string message,
                              std::vector<rule::Diagnostic>* diagnostics) {
  rule::Diagnostic diagnostic;
  diagnostic.code = code;
  diagnostic.place = {declaration.file, declaration.position.line, declaration.position.column, 0};
  diagnostic.pointer = declaration.pointer;
  if (!member.empty()) diagnostic.pointer.append("/").append(member);
  const auto at = declaration.members.find(member);
  if (at != declaration.members.end()) diagnostic.place = at->second;
  diagnostic.rule_title = absl::StrFormat("feature %s.%s", declaration.entity, declaration.name);
  diagnostic.message = std::move(message);
  diagnostics->push_back(std::move(diagnostic));
  return diagnostics->back();
}

}  // namespace verdict::feature
