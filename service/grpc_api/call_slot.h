// A call slot: posted, matched with a call, answered, and used again.
#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "grpc_api/queue_event.h"
#include "grpc_api/worker.h"

namespace verdict::grpc_api {

// **Thread-compatible.** On its worker's thread, but for what a slot says it does elsewhere.
class CallSlot : public QueueEvent {
 public:
  CallSlot(Worker* worker, SlotPool* pool) : worker_(worker), pool_(pool) {}
  virtual void Post() = 0;

 protected:
  Worker* const worker_;
  SlotPool* const pool_;
};

// The slots of one RPC on one worker. At most `under_way_max` calls are matched at once: beyond,
// slots answer by themselves (Crowded).
// **Thread-compatible.**
class SlotPool {
 public:
  using Factory = std::function<std::unique_ptr<CallSlot>(SlotPool*)>;
  SlotPool(Factory make, int posted, size_t under_way_max)
      : make_(std::move(make)), posted_(posted), under_way_max_(under_way_max) {}

  void Start() {
    for (int i = 0; i < posted_; ++i) PostOne();
  }
  // A posted slot was matched: another takes its place, before the call is looked at.
  void OnMatched() {
    ++under_way_;
    PostOne();
  }
  // The slot's call is over.
  void Release(CallSlot* slot) {
    --under_way_;
    idle_.push_back(slot);
  }
  bool Crowded() const { return under_way_ > under_way_max_; }

 private:
  void PostOne() {
    if (idle_.empty()) {
      all_.push_back(make_(this));
      idle_.push_back(all_.back().get());
    }
    CallSlot* slot = idle_.back();
    idle_.pop_back();
    slot->Post();
  }

  const Factory make_;
  const int posted_;
  const size_t under_way_max_;
  size_t under_way_ = 0;
  std::vector<std::unique_ptr<CallSlot>> all_;
  std::vector<CallSlot*> idle_;
};

// "Overloaded, do not retry", with the trailing metadata that tells gRPC clients so.
grpc::Status Overloaded(grpc::ServerContext* context);
grpc::Status ToGrpc(const absl::Status& status);

// A unary RPC with one request and one response message.
template <typename Request, typename Response>
class UnarySlot : public CallSlot {
 public:
  using CallSlot::CallSlot;

  void Post() override {
    context_.emplace();
    responder_.emplace(&*context_);
    step_ = Step::kPosted;
    RequestCall(&*context_, &request_, &*responder_);
  }

  void OnEvent(bool ok) override {
    if (step_ == Step::kAnswered) {
      OnOver();
      responder_.reset();
      context_.reset();
      pool_->Release(this);
      worker_->AddBusy(-1);
      return;
    }
    if (!ok) return;  // the server is shutting down; the pool keeps the slot until the end
    worker_->AddBusy(1);
    step_ = Step::kMatched;
    pool_->OnMatched();
    if (pool_->Crowded()) {
      OnCrowded();
      return Answer(Overloaded(&*context_));
    }
    Handle();
  }

 protected:
  virtual void RequestCall(grpc::ServerContext* context, Request* request,
                           grpc::ServerAsyncResponseWriter<Response>* responder) = 0;
  // Ends, now or later, in one Answer.
  virtual void Handle() = 0;
  // The call is about to be answered unseen, for want of slots.
  virtual void OnCrowded() {}
  // The call is over; its slot is about to be used again.
  virtual void OnOver() {}
  // From any thread.
  void Answer(const grpc::Status& status) {
    step_ = Step::kAnswered;
    if (status.ok()) {
      responder_->Finish(response_, status, static_cast<QueueEvent*>(this));
    } else {
      responder_->FinishWithError(status, static_cast<QueueEvent*>(this));
    }
  }
  grpc::ServerContext* context() { return &*context_; }
  void* tag() { return static_cast<QueueEvent*>(this); }

  Request request_;
  Response response_;

 private:
  enum class Step : uint8_t { kPosted, kMatched, kAnswered };
  std::optional<grpc::ServerContext> context_;
  std::optional<grpc::ServerAsyncResponseWriter<Response>> responder_;
  Step step_ = Step::kPosted;
};

}  // namespace verdict::grpc_api
