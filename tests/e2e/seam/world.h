// The seeded script of a run: what was paid before it, every payment that is scored, what the
// payment system will write about each, and what else comes over the log. A pure function of its
// options: the seed reproduces it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "e2e/seam/facts.h"

namespace verdict::seam {

struct WorldOptions {
  uint64_t seed = 1;
  int64_t start_ms = 0;  // business time of the first payment
  int64_t span_ms = 0;
  uint64_t payments = 0;
  int history_days = 32;
  uint64_t history_events = 0;
  double sampled = 0.35;  // share of payments that ask for their features
};

// What follows a payment's event: a refund, a reversal or a label.
struct FollowUp {
  Kind kind = Kind::kRefund;
  uint32_t sequence = 0;
  int64_t delay_ms = 0;  // after the payment
  int percent_of_amount = 100;
};

// How the payment system records a payment.
struct EventPlan {
  enum class When : uint8_t { kAfter, kBefore, kNever };
  When when = When::kAfter;
  int64_t delay_ms = 0;                  // kAfter: business time after the Score's answer
  bool json = false;                     // else protobuf
  int64_t amount_change = 0;             // the event says another amount than was scored
  bool declined_by_issuer = false;       // though it was allowed or reviewed
  std::vector<int64_t> repeats_ms = {};  // produced again so long after its first time
  std::vector<FollowUp> follow_ups = {};
};

struct PlannedPayment {
  Fact fact;  // without status
  EventPlan event;
  bool sampled = false;
  bool tainted = false;  // it touches amounts that are not known in the base currency
};

// A record that no Score stands behind.
struct Extra {
  // kFuture: dated and stamped in the real future; kAhead: dated ahead of its stamp.
  enum class What : uint8_t { kFact, kGarbage, kNoKind, kBrokenJson, kFuture, kAhead };
  What what = What::kFact;
  int64_t due_ms = 0;
  Fact fact = {};  // kFact, kFuture, kAhead
  bool json = false;
  std::string key = {};    // of the others
  std::string value = {};  // kGarbage, kBrokenJson
};

struct World {
  std::vector<Fact> history;             // by event time, a little out of order
  std::vector<PlannedPayment> payments;  // by event time
  std::vector<Extra> extras;             // by due time
};

World MakeWorld(const WorldOptions& options);

}  // namespace verdict::seam
