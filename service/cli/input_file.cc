#include "cli/input_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_format.h"
#include "base/status.h"

namespace verdict::cli {
namespace {

constexpr unsigned kZlibBuffer = 256 << 10;

absl::Status SystemError(const std::string& path) {
  const std::string text = absl::StrFormat("cannot read %s: %s", path, std::strerror(errno));
  return errno == ENOENT ? absl::NotFoundError(text) : absl::UnavailableError(text);
}

// Thread-compatible. zlib's reader passes plain bytes through and unpacks gzip.
class ZlibInput : public InputFile {
 public:
  ZlibInput(std::string path, gzFile file, uint64_t size)
      : path_(std::move(path)), file_(file), size_(size) {
    gzbuffer(file_, kZlibBuffer);
  }
  ~ZlibInput() override { gzclose(file_); }

  absl::StatusOr<size_t> Read(char* to, size_t size) override {
    const int got = gzread(file_, to, static_cast<unsigned>(std::min(size, size_t{1} << 30)));
    int error = Z_OK;
    const char* text = gzerror(file_, &error);
    if (got >= 0 && error == Z_OK) return static_cast<size_t>(got);
    if (error == Z_ERRNO) return SystemError(path_);
    return absl::DataLossError(
        absl::StrFormat("%s is a damaged or cut-off gzip file: %s", path_, text));
  }

  uint64_t position() const override {
    const z_off_t offset = gzoffset(file_);
    return offset < 0 ? 0 : static_cast<uint64_t>(offset);
  }
  uint64_t size() const override { return size_; }

 private:
  std::string path_;
  gzFile file_;
  uint64_t size_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<InputFile>> InputFile::Open(const std::string& path) {
  const bool standard_input = path == "-";
  const int descriptor =
      standard_input ? dup(STDIN_FILENO) : open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return SystemError(path);
  struct stat about {};
  if (fstat(descriptor, &about) == 0 && S_ISDIR(about.st_mode)) {
    close(descriptor);
    return absl::UnavailableError(absl::StrFormat("cannot read %s: it is a folder", path));
  }
  gzFile file = gzdopen(descriptor, "rb");
  if (file == nullptr) {
    close(descriptor);
    return absl::ResourceExhaustedError("no memory to read " + path);
  }
  const uint64_t size = S_ISREG(about.st_mode) ? static_cast<uint64_t>(about.st_size) : 0;
  return std::make_unique<ZlibInput>(standard_input ? "standard input" : path, file, size);
}

absl::StatusOr<std::string> ReadFile(const std::string& path, size_t bytes_max) {
  ASSIGN_OR_RETURN(const std::unique_ptr<InputFile> file, InputFile::Open(path));
  std::string text;
  char piece[16 << 10];
  while (true) {
    ASSIGN_OR_RETURN(const size_t got, file->Read(piece, sizeof piece));
    if (got == 0) return text;
    if (text.size() + got > bytes_max) {
      return absl::ResourceExhaustedError(
          absl::StrFormat("%s is larger than %d bytes", path, bytes_max));
    }
    text.append(piece, got);
  }
}

}  // namespace verdict::cli
