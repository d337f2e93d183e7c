// kafka.properties: what a deployment sets of librdkafka by itself, SASL and TLS above all.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace verdict::kafka_log {

// Names and values, in the order they take effect.
using Properties = std::vector<std::pair<std::string, std::string>>;

// Lines "name = value"; those that begin with # or ! and empty ones are passed over. A blank at the
// end of a line is none of the value. Errors: InvalidArgument "file:line: ..." for a line that is
// neither, a name given twice, and a name that is not left to the deployment, with the reason.
// Whether librdkafka knows the name it says itself, when a client is made.
absl::StatusOr<Properties> ParseProperties(const std::string& file, std::string_view text);
// An empty path: none. Errors: as above; what the system said, with the path.
absl::StatusOr<Properties> ReadProperties(const std::string& file);

}  // namespace verdict::kafka_log
