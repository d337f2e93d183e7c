// What is wrong with a text that protobuf's JSON reader refused.
#pragma once

#include <google/protobuf/descriptor.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace verdict::wire {

struct JsonFault {
  size_t at = 0;     // byte of the text
  std::string what;  // one line: the field, what it must be
};

// The first place where `text` is no JSON, names a field that `message` has not, or holds a value
// of another type. Nothing where it finds none. Names are repeated, values never: one may be a card
// number.
std::optional<JsonFault> FirstFault(std::string_view text,
                                    const google::protobuf::Descriptor& message);

}  // namespace verdict::wire
