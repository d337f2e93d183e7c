// Why a text is not JSON, in words for the one who wrote it: what was expected, what stands there
// instead.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace verdict::ruleset {

// What has been read before the faulty place.
enum class JsonContext : uint8_t {
  kStart,
  kObjectOpened,
  kArrayOpened,
  kKeyRead,
  kMemberRead,
  kItemRead,
  kEnd
};

struct JsonError {
  size_t offset = 0;  // bytes
  size_t length = 1;
  std::string message{};
};

// `from` is the end of the last good token of `text`; a parser has refused what follows.
JsonError DescribeJsonError(std::string_view text, size_t from, JsonContext context);

// The first byte at or behind `at` that is neither blank nor comment; the size of `text` where
// there is none. A comment that is not closed, or a lone slash, is not skipped.
size_t SkipBlanks(std::string_view text, size_t at);

}  // namespace verdict::ruleset
