// Which scored payments a life of verdictd counts before their events arrive, as the clients' book
// tells it: what surely stands at the moment of an answer, and what may or may not, because both
// calls were under way at once.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "e2e/seam/book.h"
#include "e2e/seam/facts.h"
#include "e2e/seam/reference.h"
#include "e2e/seam/world.h"

namespace verdict::seam {

// A payment that may or may not be counted: not at all, or in one of these shapes.
struct Doubt {
  std::vector<Fact> shapes;
};

struct Standing {
  std::vector<Fact> sure;
  std::vector<Doubt> doubts;
};

// "approved" for ALLOW, "declined" for DENY, "pending" for REVIEW.
std::string StatusOf(v1::Outcome outcome);

// Compatible with threads once made.
class Provisionals {
 public:
  // `payments`, `calls` and `reference` must outlive it.
  Provisionals(const std::vector<PlannedPayment>& payments, const std::vector<Call>& calls,
               const Reference& reference);

  // What stood beside the log below `next` when `sample` was decided, its own payment left out, of
  // payments that share an entity with it.
  Standing At(const Call& sample, const Offsets& next) const;

 private:
  // What one life knows of one payment.
  struct Scored {
    uint32_t payment = 0;
    int64_t first_sent_ns = 0;
    int64_t known_ns = 0;       // an answer came by then; INT64_MAX: never
    bool decided_here = false;  // an answer was no stored decision
    bool lost_call = false;     // a call ended without an answer
    bool not_counted = false;   // the answer says that it was not added
    v1::Outcome outcome = v1::OUTCOME_UNSPECIFIED;
  };
  using OfLife = std::map<uint32_t, Scored>;  // by payment

  void Note(const Call& call);
  void IndexEntities();
  void Judge(const Scored& scored, const Call& sample, const Offsets& next,
             Standing* standing) const;
  bool Replaced(const Fact& fact, const Offsets& next) const;

  const std::vector<PlannedPayment>& payments_;
  const Reference& reference_;
  std::map<int, OfLife> lives_;
  // (life, "m:shop") -> payments.
  std::map<std::tuple<int, EntityType, std::string>, std::vector<const Scored*>> by_entity_;
};

}  // namespace verdict::seam
