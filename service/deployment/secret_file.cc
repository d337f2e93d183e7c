#include "deployment/secret_file.h"

#include <fstream>

#include "absl/strings/str_format.h"

namespace verdict::deployment {

absl::StatusOr<base::SipKey> ReadSecretFile(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!file || !std::getline(file, line)) {
    return absl::InvalidArgumentError(absl::StrFormat("secret_file: cannot read %s", path));
  }
  if (!line.empty() && line.back() == '\r') line.pop_back();
  const bool whole =
      line.size() == 32 && line.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
  if (!whole) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "secret_file: the first line of %s is not 32 hexadecimal digits, as `openssl rand -hex 16` "
        "prints them",
        path));
  }
  return base::SipKey{std::stoull(line.substr(0, 16), nullptr, 16),
                      std::stoull(line.substr(16), nullptr, 16)};
}

}  // namespace verdict::deployment
