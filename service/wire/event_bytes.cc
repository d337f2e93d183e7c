// Messages are reused by each thread, so that nothing is allocated once their strings have grown.
#include "wire/event_bytes.h"

#include "absl/strings/str_format.h"
#include "wire/decision_proto.h"
#include "wire/event_proto.h"
#include "wire/plain_event.h"

namespace verdict::wire {
namespace {

v1::TransactionEvent& EventMessage() {
  thread_local v1::TransactionEvent message;
  return message;
}

v1::DecisionRecord& DecisionMessage() {
  thread_local v1::DecisionRecord message;
  return message;
}

absl::Status NoMessage(const char* name, size_t bytes) {
  return absl::InvalidArgumentError(
      absl::StrFormat("its %d bytes are no verdict.v1.%s", bytes, name));
}

}  // namespace

void EventToBytes(const model::Event& event, std::string* out) {
  ToProto(event, &EventMessage());
  EventMessage().SerializeToString(out);
}

absl::Status EventFromBytes(std::string_view bytes, model::Event* event) {
  if (ReadPlainEvent(bytes, event)) return absl::OkStatus();
  v1::TransactionEvent& message = EventMessage();
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return NoMessage("TransactionEvent", bytes.size());
  }
  return FromProto(message, event);
}

size_t AppendDecisionBytes(const model::Decision& decision, std::string* out) {
  v1::DecisionRecord& message = DecisionMessage();
  ToProto(decision, &message);
  const size_t before = out->size();
  message.AppendToString(out);
  return out->size() - before;
}

absl::Status DecisionFromBytes(std::string_view bytes, model::Decision* decision) {
  v1::DecisionRecord& message = DecisionMessage();
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return NoMessage("DecisionRecord", bytes.size());
  }
  return FromProto(message, decision);
}

}  // namespace verdict::wire
