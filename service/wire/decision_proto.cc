// One line a field, both directions in the same order.
#include "wire/decision_proto.h"

#include <array>
#include <bit>
#include <cstring>

#include "absl/strings/str_format.h"
#include "base/status.h"

namespace verdict::wire {
namespace {

using Strings = google::protobuf::RepeatedPtrField<std::string>;

constexpr int kReasonBits = 12;
static_assert(model::kPartialFx == 1 << (kReasonBits - 1));

const std::string& ReasonName(int bit) {
  static const auto* const kNames = [] {
    auto* names = new std::array<std::string, kReasonBits>;
    for (int i = 0; i < kReasonBits; ++i) {
      (*names)[i] = model::PartialReasonNames(static_cast<uint16_t>(1 << i));
    }
    return names;
  }();
  return (*kNames)[bit];
}

void Assign(const std::vector<std::string>& from, Strings* to) {
  to->Assign(from.begin(), from.end());
}
void Assign(const Strings& from, std::vector<std::string>* to) {
  to->assign(from.begin(), from.end());
}

absl::Status UnknownEnum(const char* field, int value) {
  return absl::InvalidArgumentError(absl::StrFormat("%s: unknown value %d", field, value));
}

absl::Status ReasonsFromProto(const Strings& names, uint16_t* out) {
  *out = 0;
  for (const std::string& name : names) {
    int bit = 0;
    while (bit < kReasonBits && ReasonName(bit) != name) ++bit;
    if (bit == kReasonBits) {
      return absl::InvalidArgumentError(
          absl::StrFormat("partial_reasons: unknown reason \"%s\"", name));
    }
    *out |= static_cast<uint16_t>(1 << bit);
  }
  return absl::OkStatus();
}

absl::Status DigestFromProto(const std::string& bytes, std::array<uint64_t, 2>* out) {
  out->fill(0);
  if (bytes.empty()) return absl::OkStatus();
  if (bytes.size() != sizeof *out) {
    return absl::InvalidArgumentError(
        absl::StrFormat("request_digest: has %d bytes; 16 are wanted", bytes.size()));
  }
  static_assert(std::endian::native == std::endian::little);
  std::memcpy(out->data(), bytes.data(), sizeof *out);
  return absl::OkStatus();
}

absl::Status EnumsFromProto(const v1::DecisionRecord& in, model::Decision* out) {
  switch (in.outcome()) {
    case v1::OUTCOME_ALLOW:
      out->outcome = model::Outcome::kAllow;
      break;
    case v1::OUTCOME_REVIEW:
      out->outcome = model::Outcome::kReview;
      break;
    case v1::OUTCOME_DENY:
      out->outcome = model::Outcome::kDeny;
      break;
    default:
      return UnknownEnum("outcome", in.outcome());  // proto3 enums are open
  }
  switch (in.provenance()) {
    case v1::PROVENANCE_FULL:
      out->provenance = model::Provenance::kFull;
      break;
    case v1::PROVENANCE_STALE:
      out->provenance = model::Provenance::kStale;
      break;
    case v1::PROVENANCE_PARTIAL:
      out->provenance = model::Provenance::kPartial;
      break;
    case v1::PROVENANCE_DEFAULT:
      out->provenance = model::Provenance::kDefault;
      break;
    default:
      return UnknownEnum("provenance", in.provenance());
  }
  if (in.decided_by() == v1::DECIDED_BY_UNSPECIFIED || !v1::DecidedBy_IsValid(in.decided_by())) {
    return UnknownEnum("decided_by", in.decided_by());
  }
  out->decided_by = static_cast<model::DecidedBy>(in.decided_by());
  return absl::OkStatus();
}

}  // namespace

v1::Outcome ToProto(model::Outcome outcome) {
  switch (outcome) {
    case model::Outcome::kAllow:
      return v1::OUTCOME_ALLOW;
    case model::Outcome::kReview:
      return v1::OUTCOME_REVIEW;
    case model::Outcome::kDeny:
      return v1::OUTCOME_DENY;
  }
  return v1::OUTCOME_UNSPECIFIED;
}

v1::Provenance ToProto(model::Provenance provenance) {
  switch (provenance) {
    case model::Provenance::kFull:
      return v1::PROVENANCE_FULL;
    case model::Provenance::kStale:
      return v1::PROVENANCE_STALE;
    case model::Provenance::kPartial:
      return v1::PROVENANCE_PARTIAL;
    case model::Provenance::kDefault:
      return v1::PROVENANCE_DEFAULT;
  }
  return v1::PROVENANCE_UNSPECIFIED;
}

v1::DecidedBy ToProto(model::DecidedBy decided_by) {
  switch (decided_by) {
    case model::DecidedBy::kFinal:
      return v1::DECIDED_BY_FINAL;
    case model::DecidedBy::kOverride:
      return v1::DECIDED_BY_OVERRIDE;
    case model::DecidedBy::kRule:
      return v1::DECIDED_BY_RULE;
    case model::DecidedBy::kScore:
      return v1::DECIDED_BY_SCORE;
    case model::DecidedBy::kProvenance:
      return v1::DECIDED_BY_PROVENANCE;
    case model::DecidedBy::kDefault:
      return v1::DECIDED_BY_DEFAULT;
  }
  return v1::DECIDED_BY_UNSPECIFIED;
}

static_assert(static_cast<int>(model::DecidedBy::kFinal) == v1::DECIDED_BY_FINAL);
static_assert(static_cast<int>(model::DecidedBy::kDefault) == v1::DECIDED_BY_DEFAULT);

void ToProto(uint16_t partial_reasons, Strings* out) {
  out->Clear();
  for (int bit = 0; bit < kReasonBits; ++bit) {
    if ((partial_reasons >> bit & 1) != 0) *out->Add() = ReasonName(bit);
  }
}

void ToProto(const model::Decision& decision, v1::DecisionRecord* out) {
  out->set_transaction_id(decision.transaction_id);
  out->set_outcome(ToProto(decision.outcome));
  out->set_score(decision.score);
  out->set_decided_by(ToProto(decision.decided_by));
  out->set_provenance(ToProto(decision.provenance));
  ToProto(decision.partial_reasons, out->mutable_partial_reasons());
  Assign(decision.reasons, out->mutable_reasons());
  Assign(decision.rule_ids, out->mutable_rule_ids());
  Assign(decision.shadow_rule_ids, out->mutable_shadow_rule_ids());
  Assign(decision.missing_rule_ids, out->mutable_missing_rule_ids());
  Assign(decision.error_rule_ids, out->mutable_error_rule_ids());
  out->set_rule_set(decision.rule_set);
  out->set_decided_at_ms(decision.decided_at_ms);
  out->set_request_digest(decision.request_digest.data(), sizeof decision.request_digest);
}

absl::Status FromProto(const v1::DecisionRecord& in, model::Decision* out) {
  out->transaction_id = in.transaction_id();
  RETURN_IF_ERROR(EnumsFromProto(in, out));
  out->score = in.score();
  RETURN_IF_ERROR(ReasonsFromProto(in.partial_reasons(), &out->partial_reasons));
  Assign(in.reasons(), &out->reasons);
  Assign(in.rule_ids(), &out->rule_ids);
  Assign(in.shadow_rule_ids(), &out->shadow_rule_ids);
  Assign(in.missing_rule_ids(), &out->missing_rule_ids);
  Assign(in.error_rule_ids(), &out->error_rule_ids);
  out->rule_set = in.rule_set();
  out->decided_at_ms = in.decided_at_ms();
  return DigestFromProto(in.request_digest(), &out->request_digest);
}

}  // namespace verdict::wire
