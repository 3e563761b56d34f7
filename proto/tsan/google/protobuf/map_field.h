// Under ThreadSanitizer this header gives maps of messages two members more. libprotobuf is built without them, so both
// would see the members that follow in other places.
#pragma once

#pragma push_macro("__SANITIZE_THREAD__")
#undef __SANITIZE_THREAD__
#include_next <google/protobuf/map_field.h>
#pragma pop_macro("__SANITIZE_THREAD__")
