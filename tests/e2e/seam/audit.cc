#include "e2e/seam/audit.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace verdict::seam {
namespace {

constexpr size_t kWrongTold = 20;
// Ways in which calls under way at once may have been counted: so many are tried.
constexpr uint64_t kCasesMax = 200'000;
constexpr double kMinorPerMajor = 100;

bool MustBeExact(const v1::FeatureValue& feature) {
  return feature.provenance() == v1::PROVENANCE_FULL ||
         feature.provenance() == v1::PROVENANCE_STALE;
}

// PARTIAL(current) alone: everything but the payment itself.
bool OnlyCurrentIsMissing(const v1::FeatureValue& feature) {
  return feature.provenance() == v1::PROVENANCE_PARTIAL && feature.partial_reasons_size() == 1 &&
         feature.partial_reasons(0) == "current";
}

std::string Text(const Expected& expected) {
  if (expected.amount_unknown) return "an unknown amount";
  if (expected.beyond_int64) return "beyond int64";
  if (expected.integer) return absl::StrCat(*expected.integer);
  if (expected.real) return absl::StrFormat("%.8f", *expected.real);
  return "no value";
}

std::string Text(const v1::FeatureValue& feature) {
  std::string text = feature.has_int_value()      ? absl::StrCat(feature.int_value())
                     : feature.has_double_value() ? absl::StrFormat("%.8f", feature.double_value())
                                                  : "no value";
  absl::StrAppend(&text, ", ", ProvenanceText(feature.provenance(), feature.partial_reasons()));
  if (feature.has_cut()) absl::StrAppend(&text, ", cut ", feature.cut(), " rev ", feature.rev());
  return text;
}

bool SameValue(const Expected& expected, const v1::FeatureValue& got) {
  if (expected.amount_unknown || expected.beyond_int64) return false;
  if (expected.integer.has_value() != got.has_int_value()) return false;
  if (expected.integer && *expected.integer != got.int_value()) return false;
  if (expected.integer && got.has_double_value()) {  // money, in major units too
    return got.double_value() == static_cast<double>(*expected.integer) / kMinorPerMajor;
  }
  if (expected.integer) return true;
  if (expected.real.has_value() != got.has_double_value()) return false;
  return !expected.real || *expected.real == got.double_value();
}

std::string Text(const Fact& fact) {
  return absl::StrCat(fact.id, "(", fact.base_amount.value_or(-1), " ", fact.status, ")");
}

}  // namespace

struct Audit::Case {
  const Call& sample;
  const PlannedPayment& payment;
  Offsets next = {};
  std::vector<const v1::FeatureValue*> values =
      {};                          // by question; null where none is to be compared
  std::vector<Total> totals = {};  // by question: the log, what surely stands, the payment
  Standing standing = {};
  bool known = false;  // its event stands in the log below `next`
  bool whole = true;   // worth recomputing
};

std::string ProvenanceText(v1::Provenance provenance,
                           const google::protobuf::RepeatedPtrField<std::string>& reasons) {
  const std::string name =
      v1::Provenance_Name(provenance).substr(std::string("PROVENANCE_").size());
  return reasons.empty() ? name : absl::StrCat(name, "(", absl::StrJoin(reasons, "|"), ")");
}

Audit::Audit(const std::vector<PlannedPayment>& payments, const std::vector<Question>& questions,
             const Reference& reference, const Provisionals& provisionals)
    : payments_(payments),
      questions_(questions),
      reference_(reference),
      provisionals_(provisionals) {
  for (const Entry& entry : reference_.entries()) {
    partitions_ = std::max(partitions_, static_cast<size_t>(entry.partition) + 1);
  }
}

void Audit::Report(const Case& the, const std::string& what) {
  ++figures_.wrong_samples;
  if (figures_.wrong.size() >= kWrongTold) return;
  const Fact& fact = the.payment.fact;
  std::string text = absl::StrCat("payment ", fact.id, " of ", fact.merchant, ", ", fact.card, ", ",
                                  fact.customer.empty() ? "nobody" : fact.customer, ", ",
                                  fact.base_amount.value_or(-1), " at ", fact.time_ms, ", life ",
                                  the.sample.life, ", at [", absl::StrJoin(the.next, " "), "]",
                                  the.known ? ", its event is in the log" : "", ": ", what);
  const auto append = [](std::string* out, const Fact& one) { absl::StrAppend(out, Text(one)); };
  if (!the.standing.sure.empty()) {
    absl::StrAppend(&text, "; beside the log ", absl::StrJoin(the.standing.sure, " ", append));
  }
  for (const Doubt& doubt : the.standing.doubts) {
    absl::StrAppend(&text, "; perhaps ", absl::StrJoin(doubt.shapes, " or ", append));
  }
  figures_.wrong.push_back(std::move(text));
}

void Audit::Check(const Call& sample) {
  Case the{.sample = sample, .payment = payments_[sample.payment]};
  ++figures_.samples;
  CheckShape(&the);
  if (!the.whole) return;
  CheckPoint(&the);
  if (!the.whole) return;
  Recompute(&the);
  if (!the.standing.doubts.empty()) ++figures_.crowded;
  if (!the.standing.sure.empty()) ++figures_.with_provisionals;
  if (the.known) ++figures_.with_own_event;
  uint64_t cases = 1;
  for (const Doubt& doubt : the.standing.doubts) cases *= doubt.shapes.size() + 1;
  if (cases > kCasesMax) {
    return Report(the, "so many calls were under way that they cannot be told apart");
  }
  std::vector<Fact> also;
  std::string why;
  if (!MatchesSome(the, 0, &also, &why)) Report(the, why);
}

// Every declared feature once, and the answer no better than the worst of them.
void Audit::CheckShape(Case* the) {
  const v1::ScoreResponse& response = the->sample.response;
  v1::Provenance worst = v1::PROVENANCE_FULL;
  the->values.assign(questions_.size(), nullptr);
  for (size_t i = 0; i < questions_.size(); ++i) {
    const auto is_it = [&](const v1::FeatureValue& one) {
      return one.name() == questions_[i].name;
    };
    const auto& features = response.features();
    const auto found = std::find_if(features.begin(), features.end(), is_it);
    if (found == features.end() || std::count_if(features.begin(), features.end(), is_it) != 1) {
      Report(*the, absl::StrCat(questions_[i].name, " is not answered once"));
      the->whole = false;
      return;
    }
    worst = std::max(worst, found->provenance());
    if (MustBeExact(*found) || OnlyCurrentIsMissing(*found)) {
      the->values[i] = &*found;
      ++figures_.values;
      continue;
    }
    ++figures_.withheld;
    ++figures_.withheld_for[ProvenanceText(found->provenance(), found->partial_reasons())];
  }
  if (response.provenance() >= worst) return;
  Report(*the, absl::StrCat("I11: the answer says ", v1::Provenance_Name(response.provenance()),
                            " over a feature that is ", v1::Provenance_Name(worst)));
}

// The point of the log: of all partitions, and never before that of an answer that had come when
// this one was asked for.
void Audit::CheckPoint(Case* the) {
  const auto& offsets = the->sample.response.as_of().next_offsets();
  the->next.assign(offsets.begin(), offsets.end());
  if (the->next.size() < partitions_) {
    the->whole = false;
    return Report(*the, "the answer does not name its point of the log");
  }
  std::map<int64_t, Offsets>& points = points_[the->sample.life];
  const auto later = points.upper_bound(the->sample.sent_ns);
  if (later != points.begin()) {
    const Offsets& before = std::prev(later)->second;
    for (size_t p = 0; p < before.size(); ++p) {
      if (the->next[p] >= before[p]) continue;
      the->whole = false;
      return Report(*the, absl::StrCat("partition ", p, " went back from ", before[p]));
    }
  }
  Offsets furthest = the->next;
  for (size_t p = 0; !points.empty() && p < furthest.size(); ++p) {
    furthest[p] = std::max(furthest[p], points.rbegin()->second[p]);
  }
  points[the->sample.ended_ns] = std::move(furthest);
}

void Audit::Recompute(Case* the) {
  const Fact& fact = the->payment.fact;
  the->known = reference_.PaymentKnown(fact.id, the->next);
  the->standing = provisionals_.At(the->sample, the->next);
  Fact self = fact;
  self.status = "approved";  // assumed while its own answer is computed
  for (size_t i = 0; i < questions_.size(); ++i) {
    const Question& question = questions_[i];
    const std::string& entity = EntityOf(fact, question.entity);
    Total total;
    if (the->values[i] != nullptr && !entity.empty()) {
      total = reference_.OfLog(question, entity, fact.time_ms, the->next);
      for (const Fact& one : the->standing.sure) {
        if (reference_.Concerns(one, question, entity, fact.time_ms))
          Reference::Add(one, question, &total);
      }
      const bool added = !the->known && !OnlyCurrentIsMissing(*the->values[i]);
      if (added) Reference::Add(self, question, &total);
    }
    the->totals.push_back(total);
  }
}

// Tries every way in which the doubtful payments may have been counted.
bool Audit::MatchesSome(const Case& the, size_t doubt, std::vector<Fact>* also,
                        std::string* why) const {
  if (doubt == the.standing.doubts.size()) return Matches(the, *also, why);
  if (MatchesSome(the, doubt + 1, also, why)) return true;
  for (const Fact& shape : the.standing.doubts[doubt].shapes) {
    also->push_back(shape);
    std::string other;
    const bool matches = MatchesSome(the, doubt + 1, also, &other);
    also->pop_back();
    if (matches) return true;
  }
  return false;
}

bool Audit::Matches(const Case& the, const std::vector<Fact>& also, std::string* why) const {
  const Fact& fact = the.payment.fact;
  bool all = true;
  for (size_t i = 0; i < questions_.size(); ++i) {
    if (the.values[i] == nullptr) continue;
    const std::string& entity = EntityOf(fact, questions_[i].entity);
    Total total = the.totals[i];
    for (const Fact& one : also) {
      if (!entity.empty() && reference_.Concerns(one, questions_[i], entity, fact.time_ms)) {
        Reference::Add(one, questions_[i], &total);
      }
    }
    all = FeatureMatches(the, i, total, why) && all;
  }
  return all;
}

bool Audit::FeatureMatches(const Case& the, size_t number, const Total& total,
                           std::string* why) const {
  const v1::FeatureValue& got = *the.values[number];
  const bool nobody = EntityOf(the.payment.fact, questions_[number].entity).empty();
  const Expected expected = nobody ? Expected() : Reference::Finish(questions_[number], total);
  if (SameValue(expected, got)) return true;
  absl::StrAppend(why, why->empty() ? "" : "; ", "I1: ", got.name(), " is ", Text(got),
                  ", recomputed ", Text(expected));
  return false;
}

}  // namespace verdict::seam
