# The message wheels on PyPI export the include folders of the machine they were built on
# (/opt/python/...). CMake refuses an imported target that names a missing folder, so drop the
# missing ones; our own generated code finds Python.h and NumPy by itself. Under a full ROS 2
# installation every folder exists and this does nothing.
function(reset_foreign_includes)
  get_property(targets DIRECTORY PROPERTY IMPORTED_TARGETS)
  foreach(target IN LISTS targets)
    get_target_property(folders ${target} INTERFACE_INCLUDE_DIRECTORIES)
    if(NOT folders)
      continue()
    endif()
    set(kept "")
    foreach(folder IN LISTS folders)
      if(folder MATCHES "^\\$<" OR EXISTS "${folder}")
        list(APPEND kept "${folder}")
      endif()
    endforeach()
    set_target_properties(${target} PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${kept}")
  endforeach()
endfunction()
