// The words of the rule files for the enums of this room.
#include "ruleset/rule_set.h"

namespace verdict::ruleset {

std::string_view ModeName(Mode mode) {
  switch (mode) {
    case Mode::kLive:
      return "live";
    case Mode::kShadow:
      return "shadow";
    case Mode::kOff:
      return "off";
  }
  return "unknown";
}

std::string_view ActionName(Action action) {
  switch (action) {
    case Action::kDeny:
      return "deny";
    case Action::kReview:
      return "review";
    case Action::kAllow:
      return "allow";
    case Action::kNone:
      return "none";
  }
  return "unknown";
}

std::string_view RuleResultName(RuleResult result) {
  switch (result) {
    case RuleResult::kNoMatch:
      return "no_match";
    case RuleResult::kMatch:
      return "match";
    case RuleResult::kMissing:
      return "missing";
    case RuleResult::kError:
      return "error";
  }
  return "unknown";
}

std::string_view OnProvenanceName(OnProvenance on) {
  switch (on) {
    case OnProvenance::kDecide:
      return "decide";
    case OnProvenance::kReview:
      return "review";
    case OnProvenance::kDeny:
      return "deny";
  }
  return "unknown";
}

}  // namespace verdict::ruleset
