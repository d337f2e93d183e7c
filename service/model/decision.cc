#include "model/decision.h"

namespace verdict::model {

std::string_view OutcomeName(Outcome outcome) {
  switch (outcome) {
    case Outcome::kAllow:
      return "ALLOW";
    case Outcome::kReview:
      return "REVIEW";
    case Outcome::kDeny:
      return "DENY";
  }
  return "UNKNOWN";
}

std::string_view ProvenanceName(Provenance provenance) {
  switch (provenance) {
    case Provenance::kFull:
      return "FULL";
    case Provenance::kStale:
      return "STALE";
    case Provenance::kPartial:
      return "PARTIAL";
    case Provenance::kDefault:
      return "DEFAULT";
  }
  return "UNKNOWN";
}

std::string_view DecidedByName(DecidedBy decided_by) {
  switch (decided_by) {
    case DecidedBy::kFinal:
      return "final";
    case DecidedBy::kOverride:
      return "override";
    case DecidedBy::kRule:
      return "rule";
    case DecidedBy::kScore:
      return "score";
    case DecidedBy::kProvenance:
      return "provenance";
    case DecidedBy::kDefault:
      return "default";
  }
  return "unknown";
}

std::string PartialReasonNames(uint16_t reasons) {
  static constexpr std::string_view kNames[] = {"batch",   "rebuilding", "before", "log_gone",
                                                "too_old", "suspect",    "behind", "current",
                                                "range",   "limit",      "log",    "fx"};
  std::string names;
  for (size_t bit = 0; bit < std::size(kNames); ++bit) {
    if ((reasons >> bit & 1) == 0) continue;
    if (!names.empty()) names += '|';
    names += kNames[bit];
  }
  return names;
}

}  // namespace verdict::model
