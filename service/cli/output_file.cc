#include "cli/output_file.h"

#include <zlib.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "absl/strings/str_format.h"

namespace verdict::cli {
namespace {

absl::Status SystemError(const char* verb, const std::string& path) {
  return absl::UnavailableError(
      absl::StrFormat("cannot %s %s: %s", verb, path, std::strerror(errno)));
}

// Thread-compatible.
class PlainFile : public OutputFile {
 public:
  PlainFile(const std::string& path, std::FILE* file) : OutputFile(path), file_(file) {}
  ~PlainFile() override {
    if (file_ != nullptr) std::fclose(file_);
  }

 protected:
  bool Write(const std::string& bytes) override {
    return std::fwrite(bytes.data(), 1, bytes.size(), file_) == bytes.size();
  }
  bool Finish() override { return std::fclose(std::exchange(file_, nullptr)) == 0; }

 private:
  std::FILE* file_;
};

// Thread-compatible. The gzip header holds neither name nor time: the same bytes in give the same
// bytes out.
class GzipFile : public OutputFile {
 public:
  GzipFile(const std::string& path, gzFile file) : OutputFile(path), file_(file) {}
  ~GzipFile() override {
    if (file_ != nullptr) gzclose(file_);
  }

 protected:
  bool Write(const std::string& bytes) override {
    return gzwrite(file_, bytes.data(), static_cast<unsigned>(bytes.size())) ==
           static_cast<int>(bytes.size());
  }
  bool Finish() override { return gzclose(std::exchange(file_, nullptr)) == Z_OK; }

 private:
  gzFile file_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<OutputFile>> OutputFile::Create(const std::string& path) {
  std::unique_ptr<OutputFile> made;
  if (path.ends_with(".gz")) {
    gzFile file = gzopen(path.c_str(), "wb3");
    if (file != nullptr) made = std::make_unique<GzipFile>(path, file);
  } else {
    std::FILE* file = std::fopen(path.c_str(), "wb");
    if (file != nullptr) made = std::make_unique<PlainFile>(path, file);
  }
  if (made == nullptr) return SystemError("create", path);
  made->buffer_.reserve(kFlushBytes + (size_t{64} << 10));
  return made;
}

void OutputFile::Flush() {
  if (status_.ok() && !Write(buffer_)) status_ = SystemError("write", path_);
  bytes_ += buffer_.size();
  buffer_.clear();
}

absl::Status OutputFile::Close() {
  Flush();
  if (!Finish() && status_.ok()) status_ = SystemError("close", path_);
  return status_;
}

}  // namespace verdict::cli
