// Parsed and serialised through one message a thread: slots stay small, the messages stay in the
// cache.
#include "grpc_api/score_slot.h"

#include <string>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "grpc_api/answers.h"

namespace verdict::grpc_api {
namespace {

absl::Status Parse(const grpc::ByteBuffer& bytes, pb::ScoreRequest* out) {
  grpc::Slice slice;
  if (!bytes.TrySingleSlice(&slice).ok() && !bytes.DumpToSingleSlice(&slice).ok()) {
    return absl::InternalError("the request's bytes could not be read");
  }
  if (out->ParseFromArray(slice.begin(), static_cast<int>(slice.size()))) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "the request is not a verdict.v1.ScoreRequest (bad protobuf, or text that is not "
      "UTF-8)");
}

grpc::ByteBuffer Serialise(const pb::ScoreResponse& message) {
  grpc::Slice slice(message.ByteSizeLong());
  message.SerializeWithCachedSizesToArray(const_cast<uint8_t*>(slice.begin()));
  return grpc::ByteBuffer(&slice, 1);
}

}  // namespace

void ScoreSlot::RequestCall(grpc::ServerContext* context, grpc::ByteBuffer* request,
                            grpc::ServerAsyncResponseWriter<grpc::ByteBuffer>* responder) {
  worker_->services()->fraud.RequestScore(context, request, responder, worker_->queue(),
                                          worker_->queue(), tag());
}

bool ScoreSlot::Shed() {
  ShedReason reason;
  if (worker_->Admit(deadline, &reason)) return false;
  worker_->parts().shed->Count(reason);
  if (reason == ShedReason::kDeadline) {
    Answer(
        {grpc::StatusCode::DEADLINE_EXCEEDED, "the deadline passed before the call was looked at"});
  } else {
    Answer(Overloaded(context()));
  }
  return true;
}

absl::Status ScoreSlot::Read() {
  if (request_.Length() > kScoreBytesMax) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "the request has %d bytes; at most %d are taken", request_.Length(), kScoreBytesMax));
  }
  thread_local pb::ScoreRequest parsed;
  RETURN_IF_ERROR(Parse(request_, &parsed));
  return ReadRequest(parsed, this);
}

void ScoreSlot::Handle() {
  worker_->AddInFlight(1);
  counted_ = true;
  deadline = SteadyDeadline(context()->deadline());
  if (Shed()) return;
  if (const absl::Status read = Read(); !read.ok()) {
    worker_->parts().shed->CountUnread(read);
    return Answer(ToGrpc(read));
  }
  worker_->backend().score(this);
}

void ScoreSlot::OnCrowded() { worker_->parts().shed->Count(ShedReason::kMatched); }

void ScoreSlot::Done() {
  if (!status.ok()) return Answer(ToGrpc(status));
  thread_local pb::ScoreResponse message;
  WriteScore(*this, &message);
  response_ = Serialise(message);
  Answer(grpc::Status::OK);
}

void ScoreSlot::OnOver() {
  if (std::exchange(counted_, false)) worker_->AddInFlight(-1);
  request_.Clear();
  response_.Clear();
  rule_set.reset();
}

}  // namespace verdict::grpc_api
