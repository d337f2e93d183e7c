// A record on disk: u32 crc32c of what follows · u32 key size · u32 value size · key · value, all
// little-endian. Segments are named by their number; `head` says where the oldest record lies.
#include "kafka_log/spool.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <optional>
#include <system_error>

#include "absl/strings/str_format.h"
#include "base/check.h"
#include "base/hash.h"
#include "base/status.h"

namespace verdict::kafka_log {
namespace {

namespace fs = std::filesystem;
static_assert(std::endian::native == std::endian::little);

constexpr size_t kHeaderBytes = 12;
constexpr uint64_t kRecordBytesMax = uint64_t{4} << 20;
constexpr char kSuffix[] = ".spool";
constexpr size_t kHeadBytes = 20;

uint32_t LoadU32(const char* at) {
  uint32_t value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

void AppendU32(uint32_t value, std::string* out) {
  out->append(reinterpret_cast<const char*>(&value), sizeof value);
}

void AppendRecord(const SpooledRecord& record, std::string* out) {
  const size_t at = out->size();
  AppendU32(0, out);
  AppendU32(static_cast<uint32_t>(record.key.size()), out);
  AppendU32(static_cast<uint32_t>(record.value.size()), out);
  out->append(record.key).append(record.value);
  const uint32_t crc = base::Crc32c(std::string_view(*out).substr(at + sizeof(uint32_t)));
  std::memcpy(out->data() + at, &crc, sizeof crc);
}

// The bytes of the record at the head of `text`; nothing where there is no whole one.
std::optional<size_t> RecordBytes(std::string_view text) {
  if (text.size() < kHeaderBytes) return std::nullopt;
  const uint64_t size =
      kHeaderBytes + uint64_t{LoadU32(text.data() + 4)} + LoadU32(text.data() + 8);
  if (size > kRecordBytesMax || size > text.size()) return std::nullopt;
  const std::string_view rest = text.substr(sizeof(uint32_t), size - sizeof(uint32_t));
  if (base::Crc32c(rest) != LoadU32(text.data())) return std::nullopt;
  return size;
}

absl::Status SystemError(const std::string& what, const std::string& path) {
  return absl::UnavailableError(absl::StrFormat("%s %s: %s", what, path, std::strerror(errno)));
}

// The content of a file from `from` on, at most `size` bytes.
absl::StatusOr<std::string> ReadBytes(const std::string& path, uint64_t from, uint64_t size) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return SystemError("cannot read", path);
  std::string bytes(size, '\0');
  size_t got = 0;
  ssize_t more = 1;
  while (got < size && more > 0) {
    more = ::pread(file, bytes.data() + got, size - got, static_cast<off_t>(from + got));
    if (more > 0) got += static_cast<size_t>(more);
  }
  const absl::Status status = more < 0 ? SystemError("cannot read", path) : absl::OkStatus();
  ::close(file);
  RETURN_IF_ERROR(status);
  bytes.resize(got);
  return bytes;
}

std::optional<uint64_t> NumberOf(const std::string& name) {
  if (!name.ends_with(kSuffix)) return std::nullopt;
  uint64_t number = 0;
  const char* end = name.data() + name.size() - (sizeof kSuffix - 1);
  const auto [stop, error] = std::from_chars(name.data(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Spool>> Spool::Open(const Options& options) {
  std::unique_ptr<Spool> spool(new Spool(options));
  absl::Status status = spool->Lock();
  if (status.ok()) status = spool->Recover();
  if (status.ok()) return spool;
  return absl::FailedPreconditionError(std::string(status.message()));
}

Spool::~Spool() {
  if (tail_ >= 0) ::close(tail_);
  if (lock_ >= 0) ::close(lock_);
}

std::string Spool::PathOf(uint64_t segment) const {
  return absl::StrFormat("%s/%020d%s", options_.folder, segment, kSuffix);
}

absl::Status Spool::Lock() {
  std::error_code error;
  fs::create_directories(options_.folder, error);
  const std::string path = options_.folder + "/lock";
  lock_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (lock_ < 0) return SystemError("cannot make", path);
  if (::flock(lock_, LOCK_EX | LOCK_NB) == 0) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrFormat("the spool %s belongs to another process", options_.folder));
}

absl::Status Spool::Recover() {
  uint64_t head = 0;
  uint64_t offset = 0;
  ReadHead(&head, &offset);
  next_number_ = std::max<uint64_t>(1, head);
  std::vector<uint64_t> numbers;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(options_.folder, error)) {
    const std::optional<uint64_t> number = NumberOf(entry.path().filename().string());
    if (!number) continue;
    if (*number < head) {
      fs::remove(entry.path(), error);  // all of it was taken out
    } else {
      numbers.push_back(*number);
    }
  }
  if (error) return absl::UnavailableError(options_.folder + ": " + error.message());
  std::sort(numbers.begin(), numbers.end());
  for (const uint64_t number : numbers) {
    const uint64_t from = number == head ? offset : 0;
    RETURN_IF_ERROR(RecoverSegment(number, from, number == numbers.back()));
  }
  return absl::OkStatus();
}

absl::Status Spool::RecoverSegment(uint64_t number, uint64_t from, bool is_last) {
  const std::string path = PathOf(number);
  std::error_code error;
  const uint64_t size = fs::file_size(path, error);
  if (error) return absl::UnavailableError(path + ": " + error.message());
  from = std::min(from, size);
  ASSIGN_OR_RETURN(const std::string bytes, ReadBytes(path, from, size - from));
  Segment segment{.number = number, .bytes = from};
  std::string_view rest = bytes;
  while (const std::optional<size_t> one = RecordBytes(rest)) {
    rest.remove_prefix(*one);
    segment.bytes += *one;
    ++segment.records;
  }
  // What a crash left half-written is a record that nobody was told of.
  if (!rest.empty() && is_last &&
      ::truncate(path.c_str(), static_cast<off_t>(segment.bytes)) != 0) {
    return SystemError("cannot cut", path);
  }
  if (!rest.empty() && !is_last) damaged_bytes_ += rest.size();
  next_number_ = number + 1;
  if (segment.records == 0) {
    fs::remove(path, error);
    return absl::OkStatus();
  }
  if (segments_.empty()) head_offset_ = from;
  segments_.push_back(segment);
  records_ += segment.records;
  bytes_ += segment.bytes - from;
  return absl::OkStatus();
}

// A head that cannot be read is none: then records are given out again.
void Spool::ReadHead(uint64_t* number, uint64_t* offset) const {
  const absl::StatusOr<std::string> bytes = ReadBytes(options_.folder + "/head", 0, kHeadBytes);
  if (!bytes.ok() || bytes->size() != kHeadBytes) return;
  const std::string_view content(bytes->data(), kHeadBytes - sizeof(uint32_t));
  if (base::Crc32c(content) != LoadU32(bytes->data() + content.size())) return;
  std::memcpy(number, content.data(), sizeof *number);
  std::memcpy(offset, content.data() + sizeof *number, sizeof *offset);
}

absl::Status Spool::WriteHead() {
  const uint64_t number = segments_.empty() ? next_number_ : segments_.front().number;
  std::string bytes(reinterpret_cast<const char*>(&number), sizeof number);
  bytes.append(reinterpret_cast<const char*>(&head_offset_), sizeof head_offset_);
  AppendU32(base::Crc32c(bytes), &bytes);
  const std::string path = options_.folder + "/head";
  const std::string fresh = path + ".new";
  FILE* file = std::fopen(fresh.c_str(), "wb");
  if (file == nullptr) return SystemError("cannot write", fresh);
  const bool written = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
  if (std::fclose(file) != 0 || !written || std::rename(fresh.c_str(), path.c_str()) != 0) {
    return SystemError("cannot write", path);
  }
  return absl::OkStatus();
}

absl::StatusOr<size_t> Spool::Append(std::span<const SpooledRecord> records) {
  std::string bytes;
  size_t count = 0;
  for (const SpooledRecord& record : records) {
    const uint64_t size = kHeaderBytes + record.key.size() + record.value.size();
    if (size > kRecordBytesMax || bytes_ + bytes.size() + size > options_.bytes_max) break;
    AppendRecord(record, &bytes);
    ++count;
  }
  if (count == 0) return 0;
  if (tail_ < 0 || segments_.empty() || segments_.back().bytes >= options_.segment_bytes) {
    RETURN_IF_ERROR(Grow());
  }
  RETURN_IF_ERROR(Write(bytes));
  Segment& tail = segments_.back();
  tail.bytes += bytes.size();
  tail.records += count;
  records_ += count;
  bytes_ += bytes.size();
  return count;
}

absl::Status Spool::Grow() {
  if (tail_ >= 0) ::close(tail_);
  const std::string path = PathOf(next_number_);
  tail_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (tail_ < 0) return SystemError("cannot make", path);
  if (segments_.empty()) head_offset_ = 0;
  segments_.push_back({.number = next_number_++});
  return absl::OkStatus();
}

absl::Status Spool::Write(const std::string& bytes) {
  const Segment& tail = segments_.back();
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t more = ::pwrite(tail_, bytes.data() + done, bytes.size() - done,
                                  static_cast<off_t>(tail.bytes + done));
    if (more > 0) {
      done += static_cast<size_t>(more);
      continue;
    }
    if (more < 0 && errno == EINTR) continue;
    const absl::Status status = SystemError("cannot write", PathOf(tail.number));
    // What is left behind its last whole record is written over, or cut off at the next start.
    const int cut = ::ftruncate(tail_, static_cast<off_t>(tail.bytes));
    static_cast<void>(cut);
    return status;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<SpooledRecord>> Spool::Oldest(uint64_t bytes_max) {
  std::vector<SpooledRecord> oldest;
  sizes_.clear();
  while (!segments_.empty() && oldest.empty()) {
    const Segment& head = segments_.front();
    const uint64_t left = head.bytes - head_offset_;
    const uint64_t size = std::min(left, std::max(bytes_max, kRecordBytesMax));
    ASSIGN_OR_RETURN(const std::string bytes, ReadBytes(PathOf(head.number), head_offset_, size));
    std::string_view rest = bytes;
    uint64_t taken = 0;
    while (taken < bytes_max || oldest.empty()) {
      const std::optional<size_t> one = RecordBytes(rest);
      if (!one) break;
      const size_t key = LoadU32(rest.data() + 4);
      oldest.push_back({std::string(rest.substr(kHeaderBytes, key)),
                        std::string(rest.substr(kHeaderBytes + key, *one - kHeaderBytes - key))});
      sizes_.push_back(*one);
      taken += *one;
      rest.remove_prefix(*one);
    }
    if (!oldest.empty()) break;
    // It was whole when it was written, or read at the start.
    damaged_bytes_ += left;
    records_ -= head.records;
    bytes_ -= left;
    RETURN_IF_ERROR(DropHead());
  }
  return oldest;
}

absl::Status Spool::Drop(size_t count) {
  CHECK(count <= sizes_.size());
  for (size_t i = 0; i < count; ++i) {
    head_offset_ += sizes_[i];
    bytes_ -= sizes_[i];
  }
  sizes_.erase(sizes_.begin(), sizes_.begin() + static_cast<std::ptrdiff_t>(count));
  records_ -= count;
  if (count == 0) return absl::OkStatus();
  segments_.front().records -= count;
  return head_offset_ < segments_.front().bytes ? WriteHead() : DropHead();
}

// The oldest segment goes, once `head` says so.
absl::Status Spool::DropHead() {
  const std::string path = PathOf(segments_.front().number);
  segments_.pop_front();
  head_offset_ = 0;
  sizes_.clear();
  if (segments_.empty() && tail_ >= 0) {
    ::close(tail_);
    tail_ = -1;
  }
  RETURN_IF_ERROR(WriteHead());
  std::error_code error;
  fs::remove(path, error);
  if (error) return absl::UnavailableError(path + ": " + error.message());
  return absl::OkStatus();
}

}  // namespace verdict::kafka_log
