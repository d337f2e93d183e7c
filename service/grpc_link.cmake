# What to link for gRPC (verdict_grpc) and abseil (verdict_absl): the distribution's shared libraries, but for a target with the
# property VERDICT_ARCHIVES their archives. Calls inside them then take no detour through tables, which saves a twentieth of
# a Score's CPU; an update of these two then needs a new build of that target.
pkg_check_modules(GRPC REQUIRED IMPORTED_TARGET grpc++)

set(archives)
set(beside)
foreach(name IN LISTS GRPC_STATIC_LIBRARIES)
  if(name MATCHES "^(grpc|gpr|upb|address_sorting|absl_)")
    find_library(VERDICT_ARCHIVE_${name} lib${name}.a PATHS ${GRPC_STATIC_LIBRARY_DIRS} REQUIRED)
    mark_as_advanced(VERDICT_ARCHIVE_${name})
    list(APPEND archives ${VERDICT_ARCHIVE_${name}})
  else()
    list(APPEND beside ${name})
  endif()
endforeach()
list(REMOVE_DUPLICATES archives)
list(JOIN archives "," archives)

set(wants_archives $<BOOL:$<TARGET_PROPERTY:VERDICT_ARCHIVES>>)
set(all_archives "$<LINK_GROUP:RESCAN,${archives}>;${beside}")
add_library(verdict_absl INTERFACE)
target_link_libraries(verdict_absl INTERFACE
  "$<IF:${wants_archives},${all_archives},absl::status;absl::statusor;absl::strings;absl::str_format;absl::synchronization;absl::time>")
add_library(verdict_grpc INTERFACE)
target_link_libraries(verdict_grpc INTERFACE "$<IF:${wants_archives},${all_archives},PkgConfig::GRPC>")
