// Every sampled answer held against the recomputation from the topic: the log at the answer's
// point, plus what that life of verdictd counts beside it, plus the payment itself. An answer that
// differs must not be FULL (I11).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "e2e/seam/book.h"
#include "e2e/seam/provisionals.h"
#include "e2e/seam/questions.h"
#include "e2e/seam/reference.h"
#include "e2e/seam/world.h"

namespace verdict::seam {

struct AuditFigures {
  uint64_t samples = 0;   // answers held against the recomputation
  uint64_t values = 0;    // FULL or STALE, so that they must be exact
  uint64_t withheld = 0;  // PARTIAL or DEFAULT: they promise nothing
  uint64_t crowded = 0;   // samples while another call of one of their entities was under way
  uint64_t with_provisionals = 0;
  uint64_t with_own_event = 0;                   // the event was in the log before the answer
  std::map<std::string, uint64_t> withheld_for;  // by reason
  std::vector<std::string> wrong;                // each with what reproduces it
  uint64_t wrong_samples = 0;                    // beyond those that are told
};

// Thread-compatible.
class Audit {
 public:
  // All must outlive it.
  Audit(const std::vector<PlannedPayment>& payments, const std::vector<Question>& questions,
        const Reference& reference, const Provisionals& provisionals);

  // Samples in the order they ended.
  void Check(const Call& sample);
  const AuditFigures& figures() const { return figures_; }

 private:
  struct Case;  // one sample and what it was recomputed from
  void CheckShape(Case* the);
  void CheckPoint(Case* the);
  void Recompute(Case* the);
  bool Matches(const Case& the, const std::vector<Fact>& also, std::string* why) const;
  bool MatchesSome(const Case& the, size_t doubt, std::vector<Fact>* also, std::string* why) const;
  bool FeatureMatches(const Case& the, size_t number, const Total& total, std::string* why) const;
  void Report(const Case& the, const std::string& what);

  const std::vector<PlannedPayment>& payments_;
  const std::vector<Question>& questions_;
  const Reference& reference_;
  const Provisionals& provisionals_;
  size_t partitions_ = 0;
  // By life: by when answers had come, and the furthest point that any of them named.
  std::map<int, std::map<int64_t, Offsets>> points_;
  AuditFigures figures_;
};

// "FULL", "PARTIAL(batch|fx)": for messages.
std::string ProvenanceText(v1::Provenance provenance,
                           const google::protobuf::RepeatedPtrField<std::string>& reasons);

}  // namespace verdict::seam
