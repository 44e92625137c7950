# libFuzzer targets: one program per fuzz_*.c, on the fuzz preset (clang). tests/slow/fuzz.sh runs them.
file(GLOB FUZZ_TARGETS CONFIGURE_DEPENDS tests/fuzz/fuzz_*.c)
foreach(source ${FUZZ_TARGETS})
  get_filename_component(name ${source} NAME_WE)
  add_executable(${name} ${source})
  target_link_libraries(${name} PRIVATE depot_static)
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
endforeach()
