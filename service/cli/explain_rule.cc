#include "cli/explain_rule.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "model/business_day.h"
#include "rule/text.h"

namespace verdict::cli {
namespace {

using ruleset::Mode;
using ruleset::RuleResult;
using Json = nlohmann::ordered_json;

constexpr size_t kClauseWidthMax = 60;  // a longer clause has its line for itself
constexpr std::string_view kPlain = "\x1b[0m";

std::string_view ResultWord(const rule::Value& value) {
  if (value.is_missing()) return "missing";
  if (value.kind() != rule::Kind::kBool) return "error";
  return value.boolean() ? "true" : "false";
}

std::string_view ColorOf(std::string_view result) {
  if (result == "true") return "\x1b[1;32m";
  if (result == "missing") return "\x1b[1;33m";
  return result == "error" ? "\x1b[1;31m" : "";
}

std::string OnOneLine(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
  return text;
}

size_t Width(std::string_view text) { return static_cast<size_t>(rule::CodePointCount(text)); }

// Whether a clause that reads one reads what the other says: a payment's file may give a feature in
// major or in minor units, with its age and provenance.
bool SameFeature(const ruleset::RuleSet& set, uint16_t read, uint16_t given) {
  const auto& features = set.features->features();
  return std::any_of(features.begin(), features.end(), [&](const feature::Feature& feature) {
    return feature.Fills(read) && feature.Fills(given);
  });
}

// Of a feature that is given in both forms the worst, which is what clauses see.
std::vector<FeatureNote> NotesOf(const ruleset::RuleSet& set, const rule::Expression& clause,
                                 const ruleset::GivenRecord& given) {
  std::vector<ruleset::GivenQuality> worst;
  const std::vector<uint16_t>& slots = clause.slots();
  for (const ruleset::GivenQuality& quality : given.qualities) {
    const bool plain = quality.provenance == model::Provenance::kFull && quality.age.empty();
    const auto read = std::find_if(slots.begin(), slots.end(), [&](uint16_t slot) {
      return SameFeature(set, slot, quality.slot);
    });
    if (plain || read == slots.end()) continue;
    const auto known = std::find_if(worst.begin(), worst.end(), [&](const auto& one) {
      return SameFeature(set, one.slot, quality.slot);
    });
    if (known == worst.end()) {
      worst.push_back(quality);
      worst.back().slot = *read;
      continue;
    }
    known->provenance = std::max(known->provenance, quality.provenance);
    if (quality.age_ms <= known->age_ms) continue;
    known->age = quality.age;
    known->age_ms = quality.age_ms;
  }
  std::vector<FeatureNote> notes;
  notes.reserve(worst.size());
  for (const ruleset::GivenQuality& one : worst) {
    notes.push_back({.feature = set.schema->fields()[one.slot].visible_name(),
                     .provenance = model::ProvenanceName(one.provenance),
                     .age = one.age});
  }
  return notes;
}

// "(FULL, age 2s)"; by name where a clause reads several.
std::string NotesText(const std::vector<FeatureNote>& notes) {
  std::string text;
  for (const FeatureNote& note : notes) {
    text += text.empty() ? "(" : "; ";
    if (notes.size() > 1) text += note.feature + " ";
    text += note.provenance;
    if (!note.age.empty()) text += ", age " + note.age;
  }
  return text.empty() ? "" : "    " + text + ")";
}

// "review, +40, UNUSUAL_LOCATION": what a match brings; empty where that is nothing.
std::string Effect(const ruleset::Rule& rule) {
  std::vector<std::string> parts;
  if (rule.action != ruleset::Action::kNone) {
    parts.push_back(std::string(ruleset::ActionName(rule.action)) + (rule.final ? " (final)" : ""));
  }
  if (rule.score != 0) parts.push_back(absl::StrFormat("%+d", rule.score));
  if (!rule.reason.empty()) parts.push_back(rule.reason);
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

// Why a rule does not act; empty where it does.
std::string WhyIdle(const RuleTrace& trace) {
  if (trace.acts) return "";
  if (!trace.expired_on.empty()) return " (expired on " + trace.expired_on + ")";
  return trace.rule->mode == Mode::kOff ? " (it is off)" : " (mode shadow)";
}

std::string Outcome(const RuleTrace& trace) {
  std::string text(ruleset::RuleResultName(trace.result));
  const bool by_author = trace.result == RuleResult::kMissing && trace.rule->match_on_missing;
  if (by_author) text += ", which matches by `on_missing`";
  if (trace.matches()) {
    const std::string effect = Effect(*trace.rule);
    const bool bare = trace.rule->action == ruleset::Action::kNone;  // a score alone
    const std::string would = bare ? ", so it would bring " : ", so it would ";
    text += effect.empty() ? ", which changes nothing" : (trace.acts ? ", so " : would) + effect;
  } else if (trace.result != RuleResult::kNoMatch) {
    text += ", so it does not match";
  }
  return text + WhyIdle(trace);
}

}  // namespace

RuleTrace TraceRule(const ruleset::RuleSet& set, const ruleset::Rule& rule, bool acts,
                    const ruleset::GivenRecord& given, rule::EvaluationArena* arena) {
  RuleTrace trace = {.rule = &rule,
                     .result = ruleset::EvaluateRule(rule, given.record, arena),
                     .acts = acts,
                     .expired_on = {},
                     .clauses = {}};
  if (!acts && rule.mode == Mode::kLive && rule.expires_ms) {
    trace.expired_on = model::FormatTimeMs(*rule.expires_ms).substr(0, 10);
  }
  for (size_t i = 0; i < rule.clauses.size(); ++i) {
    const rule::Expression& clause = *rule.clauses[i];
    trace.clauses.push_back({.result = ResultWord(clause.Evaluate(given.record, arena)),
                             .text = OnOneLine(rule.clause_texts[i]),
                             .seen = clause.Seen(given.record, arena),
                             .features = NotesOf(set, clause, given)});
  }
  return trace;
}

std::string RuleTraceText(const RuleTrace& trace, bool color) {
  size_t word_width = 0;
  size_t clause_width = 0;
  for (const ClauseTrace& clause : trace.clauses) {
    word_width = std::max(word_width, clause.result.size());
    const size_t width = Width(clause.text);
    if (width <= kClauseWidthMax) clause_width = std::max(clause_width, width);
  }
  std::string text = absl::StrFormat("%s%s%s \"%s\": %s\n", color ? "\x1b[1m" : "", trace.rule->id,
                                     color ? kPlain : "", trace.rule->name, Outcome(trace));
  for (const ClauseTrace& clause : trace.clauses) {
    const std::string_view shade = color ? ColorOf(clause.result) : "";
    absl::StrAppendFormat(&text, "  %s%s%s%s  %s", shade, clause.result,
                          shade.empty() ? "" : kPlain,
                          std::string(word_width - clause.result.size(), ' '), clause.text);
    const size_t width = Width(clause.text);
    if (width <= kClauseWidthMax) {
      text.append(clause_width - width, ' ');
    } else {
      text.append("\n").append(2 + word_width + 2, ' ');
    }
    absl::StrAppendFormat(&text, "  %s%s\n", clause.seen, NotesText(clause.features));
  }
  return text;
}

Json RuleTraceJson(const RuleTrace& trace) {
  const ruleset::Rule& rule = *trace.rule;
  Json report = {{"rule", rule.id},
                 {"name", rule.name},
                 {"mode", std::string(ruleset::ModeName(rule.mode))},
                 {"result", std::string(ruleset::RuleResultName(trace.result))},
                 {"matches", trace.matches()},
                 {"acts", trace.acts},
                 {"action", std::string(ruleset::ActionName(rule.action))},
                 {"final", rule.final},
                 {"score", rule.score},
                 {"reason", rule.reason}};
  if (!trace.expired_on.empty()) report["expired_on"] = trace.expired_on;
  report["clauses"] = Json::array();
  for (const ClauseTrace& clause : trace.clauses) {
    Json features = Json::array();
    for (const FeatureNote& note : clause.features) {
      Json told = {{"feature", note.feature}, {"provenance", std::string(note.provenance)}};
      if (!note.age.empty()) told["age"] = note.age;
      features.push_back(std::move(told));
    }
    report["clauses"].push_back({{"result", std::string(clause.result)},
                                 {"text", clause.text},
                                 {"seen", clause.seen},
                                 {"features", std::move(features)}});
  }
  return report;
}

}  // namespace verdict::cli
