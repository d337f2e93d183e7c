#include "counters/decision_bytes.h"

#include "base/status.h"
#include "counters/byte_codec.h"

namespace verdict::counters {
namespace {

constexpr uint8_t kFormat = 1;

void PutStrings(std::string* out, const std::vector<std::string>& strings) {
  PutVarint(out, strings.size());
  for (const std::string& text : strings) PutString(out, text);
}

void ReadStrings(ByteReader& reader, std::vector<std::string>* strings) {
  strings->clear();
  const uint64_t count = reader.Varint();
  for (uint64_t i = 0; i < count && reader.ok(); ++i) strings->emplace_back(reader.String());
}

bool ValidEnums(const model::Decision& decision) {
  const auto within = [](auto value, auto low, auto high) { return value >= low && value <= high; };
  return within(decision.outcome, model::Outcome::kAllow, model::Outcome::kDeny) &&
         within(decision.decided_by, model::DecidedBy::kFinal, model::DecidedBy::kDefault) &&
         within(decision.provenance, model::Provenance::kFull, model::Provenance::kDefault);
}

}  // namespace

void PackDecision(const model::Decision& decision, std::string* out) {
  out->clear();
  PutFixed(out, kFormat);
  PutFixed(out, decision.outcome);
  PutFixed(out, decision.decided_by);
  PutFixed(out, decision.provenance);
  PutFixed(out, decision.partial_reasons);
  PutFixed(out, decision.score);
  PutFixed(out, decision.decided_at_ms);
  PutFixed(out, decision.request_digest[0]);
  PutFixed(out, decision.request_digest[1]);
  PutString(out, decision.transaction_id);
  PutString(out, decision.rule_set);
  PutStrings(out, decision.reasons);
  PutStrings(out, decision.rule_ids);
  PutStrings(out, decision.shadow_rule_ids);
  PutStrings(out, decision.missing_rule_ids);
  PutStrings(out, decision.error_rule_ids);
}

absl::Status UnpackDecision(std::string_view bytes, model::Decision* decision) {
  ByteReader reader(bytes);
  const uint8_t format = reader.Fixed<uint8_t>();
  decision->outcome = reader.Fixed<model::Outcome>();
  decision->decided_by = reader.Fixed<model::DecidedBy>();
  decision->provenance = reader.Fixed<model::Provenance>();
  decision->partial_reasons = reader.Fixed<uint16_t>();
  decision->score = reader.Fixed<int64_t>();
  decision->decided_at_ms = reader.Fixed<int64_t>();
  decision->request_digest[0] = reader.Fixed<uint64_t>();
  decision->request_digest[1] = reader.Fixed<uint64_t>();
  decision->transaction_id = reader.String();
  decision->rule_set = reader.String();
  ReadStrings(reader, &decision->reasons);
  ReadStrings(reader, &decision->rule_ids);
  ReadStrings(reader, &decision->shadow_rule_ids);
  ReadStrings(reader, &decision->missing_rule_ids);
  ReadStrings(reader, &decision->error_rule_ids);
  if (format != kFormat || !reader.at_end() || !ValidEnums(*decision)) {
    return absl::DataLossError("a stored decision cannot be read");
  }
  return absl::OkStatus();
}

void AppendKept(const KeptDecision& kept, std::string* out) {
  PutFixed(out, kept.kept_from_ms);
  PutFixed(out, kept.payment);
  PutString(out, kept.packed);
}

absl::Status ForEachKept(std::string_view bytes,
                         absl::FunctionRef<absl::Status(const KeptDecision&)> visit) {
  ByteReader reader(bytes);
  while (!reader.at_end()) {
    KeptDecision kept;
    kept.kept_from_ms = reader.Fixed<int64_t>();
    kept.payment = reader.Fixed<model::EntityKey>();
    kept.packed = reader.String();
    if (!reader.ok()) return absl::DataLossError("checkpoint: a decision cannot be read");
    RETURN_IF_ERROR(visit(kept));
  }
  return absl::OkStatus();
}

}  // namespace verdict::counters
