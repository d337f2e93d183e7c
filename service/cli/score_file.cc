// The file mode of `verdict score`: rows in file order, each answered before the next is sent.
#include <algorithm>
#include <chrono>
#include <memory>
#include <set>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "cli/output_file.h"
#include "cli/score.h"
#include "cli/score_client.h"
#include "cli/terminal.h"
#include "wire/event_proto.h"

namespace verdict::cli {
namespace {

// Thread-compatible.
class Run {
 public:
  explicit Run(const ScoreFileOptions& options)
      : options_(options), client_(options.address, options.timeout) {}

  absl::StatusOr<ScoreFileSummary> All() {
    const auto begin = std::chrono::steady_clock::now();
    ASSIGN_OR_RETURN(const std::unique_ptr<EventReader> reader, OpenEventReader(options_.input));
    ASSIGN_OR_RETURN(answers_, OutputFile::Create(options_.out));
    WriteHeader();
    RETURN_IF_ERROR(client_.Connect());
    Progress progress("scoring", 0);
    while (true) {
      ASSIGN_OR_RETURN(const EventReader::State state, reader->Next(&row_));
      if (state == EventReader::State::kEnd) break;
      RETURN_IF_ERROR(Take(state));
      progress.Update(static_cast<uint64_t>(summary_.scored));
    }
    RETURN_IF_ERROR(answers_->Close());
    summary_.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    return summary_;
  }

 private:
  absl::Status Take(EventReader::State state) {
    if (state == EventReader::State::kBad) ++summary_.bad_rows;
    if (state != EventReader::State::kEvent || row_.event.kind != model::EventKind::kPayment)
      return absl::OkStatus();
    const int64_t time_ms = row_.event.txn.event_time_ms;
    if (time_ms < options_.from_ms || time_ms >= options_.until_ms) return absl::OkStatus();
    wire::ToProto(row_.event.txn, request_.mutable_transaction());
    request_.mutable_transaction()->clear_status();  // the answer decides it
    request_.set_include_features(!options_.features.empty());
    const absl::StatusOr<v1::ScoreResponse> response = client_.Score(request_);
    if (response.ok()) {
      Write(*response);
      return absl::OkStatus();
    }
    if (absl::IsUnavailable(response.status())) {
      return absl::UnavailableError(
          absl::StrFormat("line %d: %s", row_.line, std::string(response.status().message())));
    }
    ++summary_.failed;
    if (summary_.failed <= kShownErrors) {
      absl::FPrintF(stderr, "line %d, payment %s: %s\n", row_.line, row_.event.txn.id,
                    std::string(response.status().message()));
    }
    return absl::OkStatus();
  }

  void WriteHeader() {
    std::string* out = answers_->buffer();
    out->append("id,decision,provenance,partial_reasons");
    for (const std::string& feature : options_.features) out->append("," + feature);
    out->push_back('\n');
  }

  // The worse of the decision's provenance and that of the features asked for: a feature that no
  // live rule reads may be PARTIAL within a FULL decision.
  void Write(const v1::ScoreResponse& response) {
    v1::Provenance provenance = response.provenance();
    std::set<std::string> reasons(response.partial_reasons().begin(),
                                  response.partial_reasons().end());
    std::string values;
    for (const std::string& name : options_.features) {
      values += ",";
      const auto& features = response.features();
      const auto found = std::find_if(features.begin(), features.end(),
                                      [&](const v1::FeatureValue& f) { return f.name() == name; });
      if (found == features.end()) continue;
      values += ExactText(*found);
      provenance = std::max(provenance, found->provenance());
      reasons.insert(found->partial_reasons().begin(), found->partial_reasons().end());
    }
    std::string why;
    for (const std::string& reason : reasons) why += (why.empty() ? "" : "|") + reason;
    ++summary_.scored;
    summary_.full += provenance == v1::PROVENANCE_FULL ? 1 : 0;
    absl::StrAppendFormat(answers_->buffer(), "%s,%s,%s,%s%s\n", response.transaction_id(),
                          ShortName(response.decision()), ShortName(provenance), why, values);
    answers_->FlushIfLarge();
  }

  static constexpr int64_t kShownErrors = 10;
  const ScoreFileOptions& options_;
  ScoreClient client_;
  std::unique_ptr<OutputFile> answers_;
  InputEvent row_;
  v1::ScoreRequest request_;
  ScoreFileSummary summary_;
};

}  // namespace

absl::StatusOr<ScoreFileSummary> ScoreFile(const ScoreFileOptions& options) {
  return Run(options).All();
}

}  // namespace verdict::cli
