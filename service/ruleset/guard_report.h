// What a rule set would have answered to the last live decisions, beside what they were answered.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/decision.h"

namespace verdict::ruleset {

struct Flip {
  model::Outcome from = model::Outcome::kAllow;
  model::Outcome to = model::Outcome::kAllow;
  uint64_t decisions = 0;
  int64_t amount_minor = 0;     // in the base currency; saturates
  uint64_t without_amount = 0;  // of them, those whose amount in it is not known
  // The rules that led to `to`, by how often; the first that matched, by priority.
  std::vector<std::pair<std::string, uint64_t>> by;
};

struct GuardReport {
  uint64_t decisions = 0;
  uint64_t denied_before = 0, denied_after = 0;
  int64_t from_ms = 0, until_ms = 0;  // decided_at_ms of the first and the last
  std::string currency;               // the base currency
  std::vector<Flip> flips;            // most decisions first
  std::vector<std::string> unknown;   // features whose values no decision saw: they were missing

  uint64_t flipped() const;
  // Points by which the share of DENY moves: +3.1 is from 1.4 % to 4.5 %. 0 without decisions.
  double shift() const;
};

// Fewer say nothing about a share.
inline constexpr uint64_t kGuardDecisionsMin = 100;
// Would `max_deny_shift` points be passed, up or down? False below kGuardDecisionsMin decisions.
bool IsBeyond(const GuardReport& report, double max_deny_shift);

// "share of DENY +3.1 points"
std::string ShiftText(const GuardReport& report);
// A line a flip, and how many stay the same, as people read them; each ends in a newline.
std::string FlipsText(const GuardReport& report);

// Why the guard refuses `rule_set` (12 digits), with both of the above.
std::string RefusalText(const GuardReport& report, const std::string& rule_set,
                        double max_deny_shift);

}  // namespace verdict::ruleset
