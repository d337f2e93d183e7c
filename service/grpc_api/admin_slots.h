// The RuleAdmin service: each call is checked for its caller, handed on, and answered from wherever
// it was done.
#pragma once

#include "grpc_api/call_slot.h"
#include "grpc_api/rule_admin.h"

namespace verdict::grpc_api {

// May this caller change which rules are live? `admins`: names of certificates, by commas; empty:
// whoever is on this machine. `caller` gets who it is. Errors: PermissionDenied.
absl::Status CheckAdmin(const grpc::ServerContext& context, const std::string& admins,
                        std::string* caller);
// The same by what a context says.
absl::Status CheckAdminPeer(const std::string& peer, const std::vector<std::string>& names,
                            const std::string& admins, std::string* caller);

// Of a set or a rule: nobody has longer ones. Errors: InvalidArgument.
absl::Status CheckName(const std::string& name);

// **Thread-compatible.** The answer comes from the thread that did the work.
template <typename Request, typename Response>
class AdminSlot : public UnarySlot<Request, Response> {
 public:
  using UnarySlot<Request, Response>::UnarySlot;

 protected:
  // What the request asks for. Errors: InvalidArgument.
  virtual absl::Status Read(AdminCall* call) = 0;
  virtual void Write(const AdminAnswer& answer, Response* response) = 0;

  void Handle() override {
    AdminCall call;
    const Backend& backend = this->worker_->backend();
    absl::Status ready =
        backend.admin == nullptr
            ? absl::UnimplementedError("nobody keeps rule sets here")
            : CheckAdmin(*this->context(), this->worker_->parts().options->admins, &call.caller);
    if (ready.ok()) ready = Read(&call);
    if (ready.ok()) ready = CheckName(call.name);
    if (!ready.ok()) return this->Answer(ToGrpc(ready));
    call.deadline = this->context()->deadline();
    backend.admin(std::move(call), [this](const AdminAnswer& answer) {
      this->response_.Clear();
      if (answer.status.ok()) Write(answer, &this->response_);
      this->Answer(ToGrpc(answer.status));
    });
  }
};

class ListRuleSetsSlot final : public AdminSlot<pb::ListRuleSetsRequest, pb::ListRuleSetsResponse> {
 public:
  using AdminSlot::AdminSlot;

 protected:
  void RequestCall(grpc::ServerContext* context, pb::ListRuleSetsRequest* request,
                   grpc::ServerAsyncResponseWriter<pb::ListRuleSetsResponse>* responder) override;
  absl::Status Read(AdminCall* call) override;
  void Write(const AdminAnswer& answer, pb::ListRuleSetsResponse* response) override;
};

class ActivateSlot final : public AdminSlot<pb::ActivateRequest, pb::ActivateResponse> {
 public:
  using AdminSlot::AdminSlot;

 protected:
  void RequestCall(grpc::ServerContext* context, pb::ActivateRequest* request,
                   grpc::ServerAsyncResponseWriter<pb::ActivateResponse>* responder) override;
  absl::Status Read(AdminCall* call) override;
  void Write(const AdminAnswer& answer, pb::ActivateResponse* response) override;
};

class RollbackSlot final : public AdminSlot<pb::RollbackRequest, pb::RollbackResponse> {
 public:
  using AdminSlot::AdminSlot;

 protected:
  void RequestCall(grpc::ServerContext* context, pb::RollbackRequest* request,
                   grpc::ServerAsyncResponseWriter<pb::RollbackResponse>* responder) override;
  absl::Status Read(AdminCall* call) override;
  void Write(const AdminAnswer& answer, pb::RollbackResponse* response) override;
};

class SwitchOffSlot final : public AdminSlot<pb::SwitchOffRequest, pb::SwitchOffResponse> {
 public:
  using AdminSlot::AdminSlot;

 protected:
  void RequestCall(grpc::ServerContext* context, pb::SwitchOffRequest* request,
                   grpc::ServerAsyncResponseWriter<pb::SwitchOffResponse>* responder) override;
  absl::Status Read(AdminCall* call) override;
  void Write(const AdminAnswer& answer, pb::SwitchOffResponse* response) override;
};

}  // namespace verdict::grpc_api
