#include "cli/line_buffer.h"

#include <algorithm>

#include "base/status.h"

namespace verdict::cli {

absl::Status LineBuffer::More() {
  bytes_.erase(0, at_);
  at_ = 0;
  const size_t had = bytes_.size();
  bytes_.resize(had + kPieceBytes);
  const absl::StatusOr<size_t> got = file_->Read(bytes_.data() + had, kPieceBytes);
  bytes_.resize(had + (got.ok() ? *got : 0));
  RETURN_IF_ERROR(got.status());
  at_end_ = *got == 0;
  return absl::OkStatus();
}

void LineBuffer::Consume(size_t bytes) {
  const std::string_view gone = unread().substr(0, bytes);
  line_ += std::count(gone.begin(), gone.end(), '\n');
  at_ += gone.size();
}

}  // namespace verdict::cli
