// Sums of worst cases against the policy's limits.
#include "ruleset/admission.h"

#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/str_format.h"
#include "base/thousands.h"
#include "rule/cost.h"
#include "rule/report.h"

namespace verdict::ruleset {
namespace {

std::string Thousands(uint64_t number) { return base::WithThousands(static_cast<int64_t>(number)); }

uint64_t UnitsOf(const DraftRule& draft) {
  uint64_t units = 0;
  for (const auto& clause : draft.rule.clauses) units += clause->cost().units;
  return units;
}

void RefuseRule(const DraftRule& draft, uint64_t units, uint64_t limit, const rule::Schema& schema,
                Findings* findings) {
  size_t largest = 0;
  for (size_t i = 0; i < draft.rule.clauses.size(); ++i) {
    const auto& clauses = draft.rule.clauses;
    if (clauses[i]->cost().units > clauses[largest]->cost().units) largest = i;
  }
  const rule::CostBound& bound = draft.rule.clauses[largest]->cost();
  const uint64_t others = units - bound.units;
  rule::Source source = draft.document->SourceOf(*draft.clauses[largest]);
  source.rule_id = draft.rule.id;
  std::string message = absl::StrFormat("rule %s may cost %s units; one rule may cost %s",
                                        draft.rule.id, Thousands(units), Thousands(limit));
  if (others > 0) {
    message += absl::StrFormat(" (this clause %s, the others %s)", Thousands(bound.units),
                               Thousands(others));
  }
  findings->list().push_back(rule::DiagnosticOf(
      source, {.code = "R401",
               .span = bound.place,
               .message = std::move(message),
               .label = rule::ExplainCost(bound, limit > others ? limit - others : 0, schema)}));
}

struct FileCost {
  std::string file;
  size_t rules = 0;
  uint64_t units = 0;
  std::vector<std::pair<uint64_t, std::string>> by_rule = {};
};

std::vector<FileCost> ByFile(const std::vector<DraftRule>& drafts) {
  std::map<std::string, FileCost> files;
  for (const DraftRule& draft : drafts) {
    if (draft.rule.mode == Mode::kOff) continue;
    FileCost& file = files[draft.rule.file];
    file.file = draft.rule.file;
    ++file.rules;
    file.units += UnitsOf(draft);
    file.by_rule.emplace_back(UnitsOf(draft), draft.rule.id);
  }
  std::vector<FileCost> sorted;
  sorted.reserve(files.size());
  for (auto& [name, file] : files) sorted.push_back(std::move(file));
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const FileCost& a, const FileCost& b) { return a.units > b.units; });
  return sorted;
}

std::string Line(const std::string& name, size_t rules, uint64_t units) {
  return absl::StrFormat("%9s units  %5s rule%s  %s", Thousands(units), Thousands(rules),
                         rules == 1 ? " " : "s", name);
}

// The dearest files with their dearest rules, the others in one line.
std::vector<std::string> CostNotes(const std::vector<DraftRule>& drafts) {
  constexpr size_t kFilesShown = 3;
  constexpr size_t kRulesShown = 2;
  std::vector<std::string> notes;
  std::vector<FileCost> files = ByFile(drafts);
  FileCost rest;
  for (size_t i = 0; i < files.size(); ++i) {
    FileCost& file = files[i];
    if (i >= kFilesShown) {
      rest.rules += file.rules;
      rest.units += file.units;
      continue;
    }
    std::stable_sort(file.by_rule.rbegin(), file.by_rule.rend());
    std::string largest;
    for (size_t r = 0; r < std::min(kRulesShown, file.by_rule.size()); ++r) {
      largest += absl::StrFormat("%s%s %s", largest.empty() ? "" : ", ", file.by_rule[r].second,
                                 Thousands(file.by_rule[r].first));
    }
    notes.push_back(Line(file.file, file.rules, file.units) + " (largest: " + largest + ")");
  }
  if (rest.rules == 0) return notes;
  notes.push_back(
      Line(absl::StrFormat("%d other files", files.size() - kFilesShown), rest.rules, rest.units));
  return notes;
}

std::string Time(uint64_t units, int64_t ns_per_unit) {
  const double us = static_cast<double>(units) * static_cast<double>(ns_per_unit) / 1e3;
  return us < 100 ? absl::StrFormat("%.2f us", us) : absl::StrFormat("%.2f ms", us / 1e3);
}

}  // namespace

uint64_t CheckCost(const std::vector<DraftRule>& drafts, const Policy& policy,
                   const rule::Schema& schema, const std::string& folder, Findings* findings) {
  const auto rule_limit = static_cast<uint64_t>(policy.cost_rule_units);
  const auto set_limit = static_cast<uint64_t>(policy.cost_set_units);
  uint64_t all = 0;
  for (const DraftRule& draft : drafts) {
    const uint64_t units = UnitsOf(draft);
    if (draft.rule.mode == Mode::kOff) continue;  // checked and tested, never run on a payment
    all += units;
    const bool whole = draft.rule.clauses.size() == draft.clauses.size();
    if (whole && units > rule_limit) RefuseRule(draft, units, rule_limit, schema, findings);
  }
  if (all <= set_limit) return all;
  const int64_t ns = policy.cost_ns_per_unit;
  rule::Diagnostic& refused = findings->Error(
      "R402", {.file = folder},
      absl::StrFormat("the set may cost %s units x %d ns = %s; the budget is %s units = %s",
                      Thousands(all), ns, Time(all, ns), Thousands(set_limit),
                      Time(set_limit, ns)));
  refused.notes = CostNotes(drafts);
  return all;
}

void CheckFilterCost(const feature::FeatureSet& features, const Policy& policy,
                     const std::vector<feature::FeatureDeclaration>& declarations,
                     Findings* findings) {
  const auto limit = static_cast<uint64_t>(policy.cost_rule_units);
  std::set<std::string> filters;  // features may share one
  for (size_t i = 0; i < declarations.size(); ++i) {
    const feature::Feature& feature = features.features()[i];
    const auto& where = feature.slides() ? features.sliding_measures()[feature.measure].where
                                         : features.measures()[feature.measure].where;
    if (where == nullptr || where->cost().units <= limit) continue;
    if (!filters.insert(where->canonical()).second) continue;
    const rule::Source& source = declarations[i].where;
    findings->list().push_back(rule::DiagnosticOf(
        source, {.code = "R401",
                 .span = {0, static_cast<uint32_t>(source.text.size())},
                 .message = absl::StrFormat("the `where` of a feature may cost %s units; it is "
                                            "asked of every event and may cost %s",
                                            Thousands(where->cost().units), Thousands(limit)),
                 .label = rule::ExplainCost(where->cost(), limit, features.schema())}));
    findings->list().back().rule_title = absl::StrFormat("feature %s, `where`", feature.full_name);
  }
}

}  // namespace verdict::ruleset
