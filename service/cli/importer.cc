#include "cli/importer.h"

#include <algorithm>
#include <chrono>
#include <memory>

#include "absl/strings/str_format.h"
#include "base/clock.h"
#include "base/status.h"
#include "cli/output_file.h"
#include "cli/terminal.h"
#include "decide/decider.h"
#include "model/card_mask.h"
#include "rule/schema.h"

namespace verdict::cli {
namespace {

constexpr size_t kBatchEvents = 4096;
constexpr int64_t kFutureSkewMs = 5 * 60 * 1000;

void AppendQuoted(std::string_view text, std::string* out) {
  out->push_back('"');
  for (const char c : text) {
    if (c == '"') out->push_back('"');
    out->push_back(c);
  }
  out->push_back('"');
}

// Thread-compatible. One run over one file.
class Run {
 public:
  Run(const ImportOptions& options, const AppendEvents& append)
      : options_(options), append_(append), now_ms_(base::WallClock().NowMs()) {}

  absl::StatusOr<ImportSummary> All() {
    const auto begin = std::chrono::steady_clock::now();
    ASSIGN_OR_RETURN(const std::unique_ptr<EventReader> reader, OpenEventReader(options_.input));
    if (!options_.reject_path.empty()) {
      ASSIGN_OR_RETURN(rejects_, OutputFile::Create(options_.reject_path));
      rejects_->buffer()->append("line,reason,row\n");
    }
    Progress progress("importing, bytes of " + options_.input.path, reader->file().size());
    while (true) {
      ASSIGN_OR_RETURN(const EventReader::State state, reader->Next(&row_));
      if (state == EventReader::State::kEnd) break;
      Take(state);
      if (count_ + 2 <= kBatchEvents) continue;
      RETURN_IF_ERROR(Flush());
      progress.Update(reader->file().position());
    }
    RETURN_IF_ERROR(Flush());
    if (rejects_ != nullptr) RETURN_IF_ERROR(rejects_->Close());
    summary_.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    return summary_;
  }

 private:
  void Take(EventReader::State state) {
    ++summary_.rows;
    if (state == EventReader::State::kSkipped) {
      ++summary_.filtered;
      return;
    }
    if (state == EventReader::State::kBad) return Reject(row_.error);
    const absl::Status valid = Validate();
    if (!valid.ok()) return Reject(std::string(valid.message()));
    const int64_t time_ms = row_.event.txn.event_time_ms;
    if (time_ms >= options_.until_ms) {
      ++summary_.after_until;
      return;
    }
    summary_.out_of_order += time_ms < summary_.last_ms ? 1 : 0;
    summary_.first_ms = std::min(summary_.first_ms, time_ms);
    summary_.last_ms = std::max(summary_.last_ms, time_ms);
    ++(row_.event.kind == model::EventKind::kPayment ? summary_.payments : summary_.other_events);
    if (batch_.size() < kBatchEvents) batch_.resize(kBatchEvents);
    std::swap(batch_[count_++].event, row_.event);  // strings keep their capacity
    if (row_.label.has_value()) AppendLabel(batch_[count_ - 1].event, *row_.label);
  }

  void AppendLabel(const model::Event& payment, bool is_fraud) {
    model::Event& label = batch_[count_++].event;
    label.kind = model::EventKind::kLabel;
    label.sequence = 0;
    label.is_fraud = is_fraud;
    label.txn = payment.txn;
    ++summary_.other_events;
  }

  absl::Status Validate() const {
    const model::Event& event = row_.event;
    if (event.kind == model::EventKind::kPayment && event.sequence != 0) {
      return absl::InvalidArgumentError("sequence: is 0 for every PAYMENT");
    }
    return decide::ValidateTransaction(event.txn, schema_, now_ms_, kFutureSkewMs);
  }

  // Neither the file nor the terminal shows a card number that came with the row.
  void Reject(std::string reason) {
    reason.resize(std::min(reason.size(), reason.find('\n')));  // below, JSON is quoted cut short
    model::MaskCardNumbers(&reason);
    ++summary_.bad;
    if (summary_.first_bad.size() < kBadRowsShown)
      summary_.first_bad.push_back({row_.line, reason});
    if (rejects_ == nullptr) return;
    std::string* out = rejects_->buffer();
    out->append(std::to_string(row_.line)).push_back(',');
    AppendQuoted(reason, out);
    out->push_back(',');
    std::string raw(row_.raw);
    model::MaskCardNumbers(&raw);
    AppendQuoted(raw, out);
    out->push_back('\n');
    rejects_->FlushIfLarge();
  }

  absl::Status Flush() {
    const size_t count = std::exchange(count_, 0);
    return count == 0 ? absl::OkStatus() : append_(std::span(batch_).first(count));
  }

  const ImportOptions& options_;
  const AppendEvents& append_;
  const int64_t now_ms_;
  rule::Schema schema_;
  std::unique_ptr<OutputFile> rejects_;
  InputEvent row_;
  std::vector<eventlog::AppendRequest> batch_;  // kBatchEvents, reused
  size_t count_ = 0;
  ImportSummary summary_;
};

}  // namespace

absl::StatusOr<ImportSummary> Import(const ImportOptions& options, const AppendEvents& append) {
  return Run(options, append).All();
}

}  // namespace verdict::cli
