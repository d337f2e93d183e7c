#include "ruleset/guard_report.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "base/thousands.h"
#include "model/money.h"

namespace verdict::ruleset {
namespace {

constexpr size_t kRulesShown = 4;
constexpr size_t kFeaturesShown = 4;

double Share(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

std::string Thousands(uint64_t number) { return base::WithThousands(static_cast<int64_t>(number)); }

std::string Clock(int64_t ms) {
  return absl::FormatTime("%H:%M:%S", absl::FromUnixMillis(ms), absl::UTCTimeZone());
}

std::string RulesOf(const Flip& flip) {
  std::string text;
  for (size_t i = 0; i < flip.by.size() && i < kRulesShown; ++i) {
    text += absl::StrFormat("%s%s %s", i == 0 ? "   by " : ", ", flip.by[i].first,
                            Thousands(flip.by[i].second));
  }
  if (flip.by.size() > kRulesShown) text += ", ...";
  return text;
}

}  // namespace

uint64_t GuardReport::flipped() const {
  uint64_t sum = 0;
  for (const Flip& flip : flips) sum += flip.decisions;
  return sum;
}

double GuardReport::shift() const {
  return Share(denied_after, decisions) - Share(denied_before, decisions);
}

bool IsBeyond(const GuardReport& report, double max_deny_shift) {
  // A whole number of decisions: what lies exactly on the bound passes.
  constexpr double kRounding = 1e-9;
  return report.decisions >= kGuardDecisionsMin &&
         std::abs(report.shift()) > max_deny_shift + kRounding;
}

std::string ShiftText(const GuardReport& report) {
  if (report.decisions == 0) return "no live decisions yet";
  return absl::StrFormat(
      "share of DENY %+.1f points%s", report.shift(),
      report.decisions >= kGuardDecisionsMin
          ? ""
          : absl::StrFormat(" of %d decisions, too few to judge by", report.decisions));
}

std::string RefusalText(const GuardReport& report, const std::string& rule_set,
                        double max_deny_shift) {
  return absl::StrFormat(
      "set %s moves the share of DENY from %.1f %% to %.1f %%, %+.1f points; guard.max_deny_shift "
      "is "
      "%.1f\n%sTo publish it all the same: verdict rules activate %s --force %s\n",
      rule_set, Share(report.denied_before, report.decisions),
      Share(report.denied_after, report.decisions), report.shift(), max_deny_shift,
      FlipsText(report), rule_set, rule_set);
}

std::string FlipsText(const GuardReport& report) {
  std::string text;
  for (const Flip& flip : report.flips) {
    text += absl::StrFormat(
        "  %-6s -> %-6s %7s %20s%s%s\n", model::OutcomeName(flip.from), model::OutcomeName(flip.to),
        Thousands(flip.decisions), model::FormatMoney(flip.amount_minor, report.currency),
        flip.without_amount == 0
            ? ""
            : absl::StrFormat(" and %s without a known amount", Thousands(flip.without_amount)),
        RulesOf(flip));
  }
  text +=
      absl::StrFormat("  %s of the last %s live decisions (%s to %s UTC) stay the same\n",
                      Thousands(report.decisions - report.flipped()), Thousands(report.decisions),
                      Clock(report.from_ms), Clock(report.until_ms));
  if (report.unknown.empty()) return text;
  text += "  new features, which no decision has seen, were missing:";
  for (size_t i = 0; i < report.unknown.size() && i < kFeaturesShown; ++i) {
    text += (i == 0 ? " " : ", ") + report.unknown[i];
  }
  if (report.unknown.size() > kFeaturesShown) {
    text += absl::StrFormat(" and %d more", report.unknown.size() - kFeaturesShown);
  }
  return text + "\n";
}

}  // namespace verdict::ruleset
