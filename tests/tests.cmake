# Tests that are more than one unit: the SQL files through the program, and the public header as its users see it.
if(TARGET depot)
  add_test(NAME sql COMMAND depot test tests/sql WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  add_test(NAME sql_of_two_nodes COMMAND depot test --nodes 2 --slices 2 tests/sql/catalog tests/sql/explain tests/sql/alerts
           WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  add_test(NAME sql_of_four_nodes COMMAND depot test --nodes 4 --slices 2 tests/sql/exchange tests/sql/join
           WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  add_executable(example_api tests/example_api.c)
  target_include_directories(example_api PRIVATE ${CMAKE_SOURCE_DIR}/engine)
  target_link_libraries(example_api PRIVATE depot_shared Threads::Threads)
  add_test(NAME example_api COMMAND example_api)
endif()

# Several connections at once; also run under ThreadSanitizer (criterion's programs do not start there).
if(TARGET depot)
  add_executable(stress tests/stress/stress.c)
  target_link_libraries(stress PRIVATE depot_static)
  add_test(NAME stress COMMAND stress 2)
  add_executable(exchange_stress tests/stress/exchange.c)
  target_link_libraries(exchange_stress PRIVATE depot_static)
  add_test(NAME exchange_stress COMMAND exchange_stress 300)
endif()

# The API as it should not be used.
if(TARGET depot)
  add_executable(misuse tests/stress/misuse.c)
  target_link_libraries(misuse PRIVATE depot_static)
  add_test(NAME misuse COMMAND misuse)
endif()

# What a statement costs beside its work; tests/slow/latency.sh runs it.
if(TARGET depot)
  add_executable(latency tests/stress/latency.c)
  target_link_libraries(latency PRIVATE depot_static)
endif()

# Every allocation fails in turn (a sample of them; more with a smaller number).
if(TARGET depot)
  add_executable(out_of_memory tests/stress/out_of_memory.c)
  target_link_libraries(out_of_memory PRIVATE depot_static)
  add_test(NAME out_of_memory COMMAND out_of_memory 29)
endif()
