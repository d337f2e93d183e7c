#include "grpc_api/admin_slots.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "wire/decision_proto.h"

namespace verdict::grpc_api {
namespace {

// As gRPC writes peers; an IPv6 address may come with its brackets escaped.
bool IsThisMachine(const std::string& peer) {
  constexpr std::string_view kBeginnings[] = {"ipv4:127.", "ipv6:[::1]", "ipv6:%5B::1%5D", "unix:"};
  return std::any_of(std::begin(kBeginnings), std::end(kBeginnings),
                     [&](std::string_view one) { return peer.starts_with(one); });
}

void WriteGuard(const ruleset::GuardReport& report, v1::GuardReport* out) {
  out->set_decisions(report.decisions);
  out->set_denied_before(report.denied_before);
  out->set_denied_after(report.denied_after);
  out->set_from_ms(report.from_ms);
  out->set_until_ms(report.until_ms);
  out->set_currency(report.currency);
  for (const ruleset::Flip& flip : report.flips) {
    v1::Flip* one = out->add_flips();
    one->set_from(wire::ToProto(flip.from));
    one->set_to(wire::ToProto(flip.to));
    one->set_decisions(flip.decisions);
    one->set_amount_minor(flip.amount_minor);
    one->set_without_amount(flip.without_amount);
    for (const auto& [rule, decisions] : flip.by) {
      v1::FlipRule* by = one->add_by();
      by->set_rule_id(rule);
      by->set_decisions(decisions);
    }
  }
  for (const std::string& feature : report.unknown) out->add_unknown_features(feature);
}

void WritePublication(const AdminAnswer& answer, v1::Publication* out) {
  out->set_result(std::string(ruleset::ResultName(answer.result.kind)));
  out->set_rule_set(answer.result.hash);
  out->set_live(answer.live);
  out->set_why(answer.result.why);
  out->set_max_deny_shift(answer.max_deny_shift);
  if (answer.result.guard) WriteGuard(*answer.result.guard, out->mutable_guard());
}

}  // namespace

absl::Status CheckAdminPeer(const std::string& peer, const std::vector<std::string>& names,
                            const std::string& admins, std::string* caller) {
  *caller = names.empty() ? peer : absl::StrCat(peer, " ", absl::StrJoin(names, ","));
  if (admins.empty()) {
    if (IsThisMachine(peer)) return absl::OkStatus();
    return absl::PermissionDeniedError(
        "rule sets are changed from this machine alone; to let others, name their certificates in "
        "`rules.admins`");
  }
  const std::vector<std::string> listed = absl::StrSplit(admins, ',');
  for (const std::string& one : listed) {
    const std::string admin(absl::StripAsciiWhitespace(one));
    if (admin.empty()) continue;
    if (std::find(names.begin(), names.end(), admin) != names.end()) return absl::OkStatus();
  }
  return absl::PermissionDeniedError(
      "rule sets are changed by callers whose certificate `rules.admins` names");
}

absl::Status CheckName(const std::string& name) {
  constexpr size_t kNameMax = 64;
  if (name.size() <= kNameMax) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("a hash or a rule's id has at most ", kNameMax,
                                                 " characters, not ", name.size()));
}

absl::Status CheckAdmin(const grpc::ServerContext& context, const std::string& admins,
                        std::string* caller) {
  std::vector<std::string> names;
  const std::shared_ptr<const grpc::AuthContext> auth = context.auth_context();
  if (auth != nullptr && auth->IsPeerAuthenticated()) {
    for (const char* property : {"x509_common_name", "x509_subject_alternative_name"}) {
      for (const grpc::string_ref& value : auth->FindPropertyValues(property)) {
        names.emplace_back(value.data(), value.size());
      }
    }
  }
  return CheckAdminPeer(context.peer(), names, admins, caller);
}

void ListRuleSetsSlot::RequestCall(
    grpc::ServerContext* context, pb::ListRuleSetsRequest* request,
    grpc::ServerAsyncResponseWriter<pb::ListRuleSetsResponse>* responder) {
  worker_->services()->rules.RequestListRuleSets(context, request, responder, worker_->queue(),
                                                 worker_->queue(), tag());
}

absl::Status ListRuleSetsSlot::Read(AdminCall* call) {
  call->kind = AdminCall::Kind::kList;
  return absl::OkStatus();
}

void ListRuleSetsSlot::Write(const AdminAnswer& answer, pb::ListRuleSetsResponse* response) {
  for (const ruleset::KnownSet& set : answer.listing.sets) {
    pb::RuleSetInfo* one = response->add_sets();
    one->set_hash(set.hash);
    one->set_state(std::string(ruleset::SetStateName(set.state)));
    one->set_time_ms(set.time_ms);
    one->set_rules(set.rules);
    for (const ruleset::OffRule& off : set.off) one->add_off(off.rule);
    one->set_why(set.why);
    one->set_before(set.hash == answer.listing.before);
  }
}

void ActivateSlot::RequestCall(grpc::ServerContext* context, pb::ActivateRequest* request,
                               grpc::ServerAsyncResponseWriter<pb::ActivateResponse>* responder) {
  worker_->services()->rules.RequestActivate(context, request, responder, worker_->queue(),
                                             worker_->queue(), tag());
}

absl::Status ActivateSlot::Read(AdminCall* call) {
  call->kind = AdminCall::Kind::kActivate;
  call->name = request_.rule_set();
  call->forced = !request_.force().empty();
  if (call->name.empty()) {
    return absl::InvalidArgumentError(
        "rule_set: empty; give the hash of a set, or its first digits");
  }
  if (call->forced && request_.force() != call->name) {
    return absl::InvalidArgumentError(
        "force: must be the same as rule_set, so that nobody forces another set than he means");
  }
  return absl::OkStatus();
}

void ActivateSlot::Write(const AdminAnswer& answer, pb::ActivateResponse* response) {
  WritePublication(answer, response->mutable_publication());
}

void RollbackSlot::RequestCall(grpc::ServerContext* context, pb::RollbackRequest* request,
                               grpc::ServerAsyncResponseWriter<pb::RollbackResponse>* responder) {
  worker_->services()->rules.RequestRollback(context, request, responder, worker_->queue(),
                                             worker_->queue(), tag());
}

absl::Status RollbackSlot::Read(AdminCall* call) {
  call->kind = AdminCall::Kind::kRollback;
  call->name = request_.live();
  return absl::OkStatus();
}

void RollbackSlot::Write(const AdminAnswer& answer, pb::RollbackResponse* response) {
  WritePublication(answer, response->mutable_publication());
}

void SwitchOffSlot::RequestCall(grpc::ServerContext* context, pb::SwitchOffRequest* request,
                                grpc::ServerAsyncResponseWriter<pb::SwitchOffResponse>* responder) {
  worker_->services()->rules.RequestSwitchOff(context, request, responder, worker_->queue(),
                                              worker_->queue(), tag());
}

absl::Status SwitchOffSlot::Read(AdminCall* call) {
  call->kind = AdminCall::Kind::kSwitchOff;
  call->name = request_.rule_id();
  if (!call->name.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError("rule_id: empty; give the id of a rule of the live set");
}

void SwitchOffSlot::Write(const AdminAnswer& answer, pb::SwitchOffResponse* response) {
  WritePublication(answer, response->mutable_publication());
}

}  // namespace verdict::grpc_api
