#include "cli/event_reader.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "cli/csv_reader.h"
#include "cli/line_buffer.h"
#include "mapping/row_mapper.h"
#include "wire/event_json.h"
#include "wire/event_proto.h"

namespace verdict::cli {
namespace {

using mapping::Mapping;
using mapping::RowMapper;

// Thread-compatible.
class CsvEventReader : public EventReader {
 public:
  static absl::StatusOr<std::unique_ptr<EventReader>> Open(const EventReaderOptions& options,
                                                           std::unique_ptr<InputFile> file) {
    std::optional<Mapping> mapping;
    if (!options.mapping.empty()) {
      ASSIGN_OR_RETURN(mapping, Mapping::Read(options.mapping));
    }
    CsvReader reader(std::move(file), mapping.has_value() ? mapping->delimiter : ',');
    CsvRow row;
    ASSIGN_OR_RETURN(const bool any, reader.Next(&row));
    if (!any || !row.error.empty()) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "%s: the first line must name the columns%s", options.path, any ? ": " + row.error : ""));
    }
    const std::vector<std::string> header(row.fields.begin(), row.fields.end());
    const std::string by = options.mapping.empty() ? options.path : options.mapping;
    absl::StatusOr<RowMapper> mapper = Bound(std::move(mapping), header);
    if (!mapper.ok()) {
      return absl::InvalidArgumentError(
          absl::StrFormat("%s: %s", by, std::string(mapper.status().message())));
    }
    return std::unique_ptr<EventReader>(new CsvEventReader(std::move(reader), *std::move(mapper)));
  }

  absl::StatusOr<State> Next(InputEvent* out) override {
    ASSIGN_OR_RETURN(const bool any, reader_.Next(&row_));
    if (!any) return State::kEnd;
    out->line = row_.line;
    out->raw = row_.raw;
    out->error = row_.error;
    if (!out->error.empty()) return State::kBad;
    const absl::StatusOr<bool> kept = mapper_.Map(row_.fields, &out->event, &out->label);
    if (kept.ok()) return *kept ? State::kEvent : State::kSkipped;
    out->error = std::string(kept.status().message());
    return State::kBad;
  }
  const InputFile& file() const override { return reader_.file(); }

 private:
  CsvEventReader(CsvReader reader, RowMapper mapper)
      : reader_(std::move(reader)), mapper_(std::move(mapper)) {}

  static absl::StatusOr<RowMapper> Bound(std::optional<Mapping> mapping,
                                         const std::vector<std::string>& header) {
    if (!mapping.has_value()) {
      ASSIGN_OR_RETURN(mapping, Mapping::ByName(header));
    }
    return RowMapper::Bind(*std::move(mapping), header);
  }

  CsvReader reader_;
  RowMapper mapper_;
  CsvRow row_;
};

// Thread-compatible. One event a line, by protobuf's JSON mapping.
class JsonLineReader : public EventReader {
 public:
  explicit JsonLineReader(std::unique_ptr<InputFile> file) : buffer_(std::move(file)) {}

  absl::StatusOr<State> Next(InputEvent* out) override {
    while (true) {
      const std::string_view text = buffer_.unread();
      const size_t end = text.find('\n');
      const bool whole = end != std::string_view::npos || text.size() > kRowBytesMax;
      if (!whole && !buffer_.at_end()) {
        RETURN_IF_ERROR(buffer_.More());
        continue;
      }
      if (text.empty()) return State::kEnd;
      out->line = buffer_.line();
      out->raw = text.substr(0, end);
      buffer_.Consume(std::min(out->raw.size() + 1, text.size()));
      if (out->raw.find_first_not_of(" \t\r") == std::string_view::npos) continue;
      return Read(out);
    }
  }
  const InputFile& file() const override { return buffer_.file(); }

 private:
  static State Read(InputEvent* out) {
    out->label.reset();
    if (out->raw.size() > kRowBytesMax) {
      out->error = absl::StrFormat("the line is longer than %d bytes", kRowBytesMax);
      return State::kBad;
    }
    const absl::Status status = wire::EventFromJson(out->raw, &out->event);
    out->error = std::string(status.message());
    return status.ok() ? State::kEvent : State::kBad;
  }
  LineBuffer buffer_;
};

// Thread-compatible. Each event its length as a varint, then a verdict.v1.TransactionEvent.
class DelimitedReader : public EventReader {
 public:
  explicit DelimitedReader(std::unique_ptr<InputFile> file) : buffer_(std::move(file)) {}

  absl::StatusOr<State> Next(InputEvent* out) override {
    size_t length = 0;
    size_t prefix = 0;
    while (true) {
      const std::string_view text = buffer_.unread();
      prefix = ReadVarint(text, &length);
      if (length > kRowBytesMax || (prefix == 0 && text.size() >= kVarintBytesMax)) {
        return absl::DataLossError(
            absl::StrFormat("after %d events: a message of over %d bytes; this is no file of "
                            "length-delimited events",
                            number_, kRowBytesMax));
      }
      if (prefix > 0 && text.size() >= prefix + length) break;
      if (buffer_.at_end()) {
        if (text.empty()) return State::kEnd;
        return absl::DataLossError(absl::StrFormat("the file ends within event %d", number_ + 1));
      }
      RETURN_IF_ERROR(buffer_.More());
    }
    out->line = ++number_;
    out->raw = {};
    out->label.reset();
    const bool parsed =
        message_.ParseFromArray(buffer_.unread().data() + prefix, static_cast<int>(length));
    buffer_.Consume(prefix + length);
    const absl::Status status =
        parsed ? wire::FromProto(message_, &out->event)
               : absl::InvalidArgumentError("is no verdict.v1.TransactionEvent");
    out->error = std::string(status.message());
    return status.ok() ? State::kEvent : State::kBad;
  }
  const InputFile& file() const override { return buffer_.file(); }

 private:
  static constexpr size_t kVarintBytesMax = 5;

  // Bytes of the varint at the head of `text`; 0 where it is not whole.
  static size_t ReadVarint(std::string_view text, size_t* value) {
    *value = 0;
    for (size_t i = 0; i < std::min(text.size(), kVarintBytesMax); ++i) {
      const auto byte = static_cast<uint8_t>(text[i]);
      *value |= static_cast<size_t>(byte & 127) << (7 * i);
      if (byte < 128) return i + 1;
    }
    return 0;
  }

  LineBuffer buffer_;
  v1::TransactionEvent message_;
  int64_t number_ = 0;
};

InputFormat FormatOf(std::string_view path) {
  if (path.ends_with(".gz")) path.remove_suffix(3);
  for (const std::string_view end : {".jsonl", ".json", ".ndjson"}) {
    if (path.ends_with(end)) return InputFormat::kJsonLines;
  }
  for (const std::string_view end : {".events", ".pb"}) {
    if (path.ends_with(end)) return InputFormat::kDelimited;
  }
  return InputFormat::kCsv;
}

}  // namespace

absl::StatusOr<std::unique_ptr<EventReader>> OpenEventReader(const EventReaderOptions& options) {
  ASSIGN_OR_RETURN(std::unique_ptr<InputFile> file, InputFile::Open(options.path));
  const InputFormat format =
      options.format == InputFormat::kByName ? FormatOf(options.path) : options.format;
  if (format != InputFormat::kCsv && !options.mapping.empty()) {
    return absl::InvalidArgumentError(
        absl::StrFormat("--map is for CSV files; %s is read as events", options.path));
  }
  switch (format) {
    case InputFormat::kByName:
    case InputFormat::kCsv:
      return CsvEventReader::Open(options, std::move(file));
    case InputFormat::kJsonLines:
      return std::unique_ptr<EventReader>(new JsonLineReader(std::move(file)));
    case InputFormat::kDelimited:
      return std::unique_ptr<EventReader>(new DelimitedReader(std::move(file)));
  }
  return absl::InternalError("a format that is none");
}

}  // namespace verdict::cli
