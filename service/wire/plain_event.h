// The usual event, read from its bytes straight into a model::Event: no message stands between.
#pragma once

#include <string_view>

#include "model/event.h"

namespace verdict::wire {

// True: `event` is what protobuf and FromProto would make of `bytes`; it is overwritten, its
// strings keep their capacity. False where there is anything out of the ordinary: attributes, text
// beyond ASCII, a field or kind that is not known, damage. Then they have to read it, and `event`
// is unspecified.
bool ReadPlainEvent(std::string_view bytes, model::Event* event);

}  // namespace verdict::wire
