// The call ends when the last of its events has.
#include "grpc_api/record_slot.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "grpc_api/answers.h"
#include "wire/event_proto.h"

namespace verdict::grpc_api {

void RecordSlot::RequestCall(grpc::ServerContext* context, pb::RecordRequest* request,
                             grpc::ServerAsyncResponseWriter<pb::RecordResponse>* responder) {
  worker_->services()->fraud.RequestRecord(context, request, responder, worker_->queue(),
                                           worker_->queue(), tag());
}

absl::Status RecordSlot::Check(const pb::TransactionEvent& event, const ruleset::RuleSet& rules,
                               model::Event* out) const {
  RETURN_IF_ERROR(wire::FromProto(event, out));
  if (out->kind == model::EventKind::kPayment && out->sequence != 0) {
    return absl::InvalidArgumentError(
        "sequence: a PAYMENT has 0; only REFUND, REVERSAL and LABEL are numbered");
  }
  const base::Clock& clock = *worker_->backend().clock;
  // What lies ahead of the real time would move an event clock with it: refused there too.
  const int64_t now_ms = clock.is_event_clock() ? base::WallClock().NowMs() : clock.NowMs();
  return decide::ValidateTransaction(
      out->txn, *rules.schema, now_ms,
      decide::SkewTakenMs(*rules.features, worker_->parts().options->event_time_skew_ms));
}

void RecordSlot::Handle() {
  const Backend& backend = worker_->backend();
  response_.Clear();
  if (backend.appender == nullptr) {
    return Answer(
        {grpc::StatusCode::UNIMPLEMENTED, "this deployment's log is not written through Record"});
  }
  if (request_.events_size() > kRecordMax) {
    return Answer(ToGrpc(absl::InvalidArgumentError(absl::StrFormat(
        "events: %d of them; at most %d are taken", request_.events_size(), kRecordMax))));
  }
  const std::shared_ptr<const ruleset::RuleSet> rules = backend.rules->Load();
  if (rules == nullptr) {
    return Answer({grpc::StatusCode::UNAVAILABLE,
                   "no rule set is loaded yet, so that events cannot be checked"});
  }
  const int events = request_.events_size();
  for (int i = 0; i < events; ++i) response_.add_results();
  open_.store(events + 1, std::memory_order_relaxed);
  for (int i = 0; i < events; ++i) {
    model::Event event;
    if (const absl::Status checked = Check(request_.events(i), *rules, &event); !checked.ok()) {
      OnResult(
          i, absl::Status(checked.code(), absl::StrFormat("events[%d]: %s", i, checked.message())));
      continue;
    }
    backend.appender->Append(event, nullptr,
                             [this, i](const absl::Status& status) { OnResult(i, status); });
  }
  OnResult(-1, absl::OkStatus());
}

void RecordSlot::OnResult(int index, const absl::Status& status) {
  if (index >= 0) WriteError(status, response_.mutable_results(index));
  if (open_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  const auto& results = response_.results();
  response_.set_appended(static_cast<int>(std::count_if(
      results.begin(), results.end(), [](const pb::Error& result) { return result.code() == 0; })));
  Answer(grpc::Status::OK);
}

}  // namespace verdict::grpc_api
