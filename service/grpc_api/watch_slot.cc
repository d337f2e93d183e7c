// At most one write is under way; a slot is free again when neither it nor gRPC's word that the
// call is gone is owed.
#include "grpc_api/watch_slot.h"

namespace verdict::grpc_api {

void WatchSlot::Post() {
  context_.emplace();
  writer_.emplace(&*context_);
  step_ = Step::kPosted;
  busy_ = gone_ = false;
  finish_.reset();
  told_.reset();
  context_->AsyncNotifyWhenDone(static_cast<QueueEvent*>(&gone_event_));
  worker_->services()->health.RequestWatch(&*context_, &request_, &*writer_, worker_->queue(),
                                           worker_->queue(), static_cast<QueueEvent*>(this));
}

void WatchSlot::OnEvent(bool ok) {
  if (step_ == Step::kPosted) {
    if (!ok) return;  // the server is shutting down: gRPC never says that this call is gone
    worker_->AddBusy(1);
    step_ = Step::kOpen;
    pool_->OnMatched();
    worker_->AddWatcher(this);
    if (worker_->watchers() > Worker::kWatchersMax) return Finish(Overloaded(&*context_));
    return Tell(std::chrono::steady_clock::now());
  }
  busy_ = false;
  if (finish_.has_value() && step_ == Step::kOpen && !gone_) return Finish(*finish_);
  if (step_ == Step::kOpen && !gone_) Tell(std::chrono::steady_clock::now());
  ReleaseWhenQuiet();
}

void WatchSlot::Tell(Health::Time now) {
  if (step_ != Step::kOpen || busy_ || gone_) return;
  const Health::Status status = worker_->parts().health->StatusOf(request_.service(), now);
  if (told_ == status) return;
  told_ = status;
  busy_ = true;
  health_pb::HealthCheckResponse response;
  response.set_status(status);
  writer_->Write(response, static_cast<QueueEvent*>(this));
}

void WatchSlot::Finish(const grpc::Status& status) {
  if (step_ != Step::kOpen || gone_) return;
  finish_ = status;
  if (busy_) return;  // the write that is under way ends in it
  step_ = Step::kFinishing;
  busy_ = true;
  writer_->Finish(status, static_cast<QueueEvent*>(this));
}

void WatchSlot::OnGone() {
  gone_ = true;
  ReleaseWhenQuiet();
}

void WatchSlot::ReleaseWhenQuiet() {
  if (busy_ || !gone_) return;
  writer_.reset();
  context_.reset();
  worker_->RemoveWatcher(this);
  pool_->Release(this);
  worker_->AddBusy(-1);
}

}  // namespace verdict::grpc_api
