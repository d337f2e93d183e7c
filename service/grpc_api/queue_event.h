// What a completion queue hands back: every tag of this room is one of these.
#pragma once

namespace verdict::grpc_api {

class QueueEvent {
 public:
  virtual ~QueueEvent() = default;
  // On the thread of the queue. `ok` is false where the operation did not come to pass.
  virtual void OnEvent(bool ok) = 0;
};

}  // namespace verdict::grpc_api
