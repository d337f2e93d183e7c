#include "e2e/seam/answers.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "e2e/seam/audit.h"
#include "e2e/seam/setup.h"

namespace verdict::seam {
namespace {

constexpr double kFullShare = 0.999;
constexpr size_t kTold = 10;
// Checkpoints follow one another within this time, a skipped one included.
constexpr int64_t kCheckpointedAfterNs = int64_t{3} * kCheckpointPeriodMs * 1'000'000;

struct Wholeness {
  uint64_t answers = 0;
  uint64_t full = 0;
  std::map<std::string, uint64_t> others;

  void Count(const v1::ScoreResponse& response) {
    ++answers;
    if (response.provenance() == v1::PROVENANCE_FULL) {
      ++full;
    } else {
      ++others[ProvenanceText(response.provenance(), response.partial_reasons())];
    }
  }
  void Print(const std::string& where, Report* report) const {
    report->Figure(absl::StrCat("answers ", where), answers);
    report->Share("  of these FULL", full, answers);
    for (const auto& [what, count] : others) report->Figure(absl::StrCat("  ", what), count);
  }
};

bool SameDecision(const v1::ScoreResponse& a, const v1::ScoreResponse& b) {
  return a.decision() == b.decision() && a.score() == b.score() && a.rule_set() == b.rule_set();
}

// What retries of one payment came to.
struct RetryFigures {
  uint64_t same_life = 0;
  uint64_t later_life = 0;
  uint64_t decided_anew = 0;  // by a later life, of what the last seconds before a crash decided
  std::vector<std::string> wrong;
};

void CompareRetry(const Call& first, const Call& retry, const AnswersParts& parts,
                  RetryFigures* figures) {
  const std::string which =
      absl::StrCat(parts.payments[retry.payment].fact.id, ", decided in life ", first.life,
                   ", asked again in life ", retry.life);
  const bool same = SameDecision(first.response, retry.response);
  if (first.life == retry.life) {
    ++figures->same_life;
    const bool one_is_stored = retry.response.replayed() || first.response.replayed();
    if (!same || !one_is_stored) figures->wrong.push_back(absl::StrCat("I5: ", which));
    return;
  }
  if (retry.response.replayed()) {
    ++figures->later_life;
    if (!same) figures->wrong.push_back(absl::StrCat("another decision was stored: ", which));
    return;
  }
  ++figures->decided_anew;
  const LifeRecord& life = parts.lives.at(static_cast<size_t>(first.life) - 1);
  if (life.ended_ns - first.ended_ns > kCheckpointedAfterNs) {
    figures->wrong.push_back(
        absl::StrFormat("forgotten, %.1f s before the crash: %s",
                        static_cast<double>(life.ended_ns - first.ended_ns) / 1e9, which));
  }
}

}  // namespace

void CheckWholeness(const AnswersParts& parts, Report* report) {
  Wholeness outside, inside, tainted;
  for (const Call& call : parts.calls) {
    if (!call.answered || call.response.replayed()) continue;
    const bool in_fault = parts.faults.Touches(call.sent_ns, call.ended_ns);
    const bool is_tainted = parts.payments[call.payment].tainted;
    (in_fault ? inside : is_tainted ? tainted : outside).Count(call.response);
  }
  outside.Print("outside of faults", report);
  inside.Print("inside of faults", report);
  tainted.Print("over amounts unknown in the base currency", report);
  report->Require(
      static_cast<double>(outside.full) >= kFullShare * static_cast<double>(outside.answers),
      "less than 99.9 % of the answers outside of faults are FULL");
  report->Require(outside.answers > 0 && inside.answers > 0 && tainted.answers > 0,
                  "no answer came outside, inside, or over unknown amounts");
}

void CheckRetries(const AnswersParts& parts, Report* report) {
  // The decision that stands: each life may have made one of its own where it did not know another.
  std::map<uint32_t, const Call*> decided;
  RetryFigures figures;
  for (const Call& call : parts.calls) {
    if (!call.answered) continue;
    const auto [place, is_first] = decided.try_emplace(call.payment, &call);
    if (is_first) continue;
    CompareRetry(*place->second, call, parts, &figures);
    if (!call.response.replayed()) place->second = &call;
  }
  report->Figure("retries that got their first decision, in its life", figures.same_life);
  report->Figure("  and in a later life", figures.later_life);
  report->Figure("decided anew, being of the last seconds before a crash", figures.decided_anew);
  for (size_t i = 0; i < std::min(kTold, figures.wrong.size()); ++i) {
    report->Require(false, figures.wrong[i]);
  }
  report->Require(figures.wrong.size() <= kTold,
                  absl::StrCat("so did ", figures.wrong.size(), " retries in all"));
  report->Require(figures.same_life > 0 && figures.later_life > 0,
                  "no payment was asked for again, in the same life or a later one");
}

void PrintLatencies(const AnswersParts& parts, Report* report) {
  std::vector<int64_t> took;
  for (const Call& call : parts.calls) {
    if (call.answered) took.push_back(call.ended_ns - call.sent_ns);
  }
  if (took.empty()) return;
  std::sort(took.begin(), took.end());
  for (const double share : {0.5, 0.99, 0.999, 1.0}) {
    const auto place = static_cast<size_t>(share * static_cast<double>(took.size() - 1));
    report->Figure(absl::StrFormat("Score, as clients saw it, p%g", 100 * share),
                   absl::StrFormat("%.2f ms", static_cast<double>(took[place]) / 1e6));
  }
}

}  // namespace verdict::seam
