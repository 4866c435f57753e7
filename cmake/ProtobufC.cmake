# protobuf_c_codecs(<target> <file.proto>...): C codecs of .proto files.
function(protobuf_c_codecs target)
    set(out ${GEN_DIR}/proto)
    file(MAKE_DIRECTORY ${out})
    foreach(proto ${ARGN})
        string(REGEX REPLACE "\\.proto$" "" stem ${proto})
        add_custom_command(OUTPUT ${out}/${stem}.pb-c.c ${out}/${stem}.pb-c.h
            COMMAND ${PROTOC_C} --c_out=${out} -I${CMAKE_CURRENT_SOURCE_DIR} ${proto}
            WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}
            DEPENDS ${ARGN} VERBATIM)
        list(APPEND sources ${out}/${stem}.pb-c.c)
    endforeach()
    add_library(${target} STATIC ${sources})
    target_include_directories(${target} SYSTEM PUBLIC ${out})
    target_compile_options(${target} PRIVATE -w) # generated: our warnings are for our code
    target_link_libraries(${target} PUBLIC PkgConfig::PROTOBUF_C)
endfunction()

# protobuf_c_library(<target> <file.proto>...): codecs of what we serve, plus one descriptor set (all.fds),
# which server reflection serves byte for byte.
function(protobuf_c_library target)
    set(out ${GEN_DIR}/proto)
    protobuf_c_codecs(${target} ${ARGN})
    add_custom_command(OUTPUT ${out}/all.fds
        COMMAND ${PROTOC} --include_imports --descriptor_set_out=${out}/all.fds
            -I${CMAKE_CURRENT_SOURCE_DIR} ${ARGN}
        WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}
        DEPENDS ${ARGN} VERBATIM)
    add_custom_command(OUTPUT ${out}/descriptors.c
        COMMAND ${CMAKE_COMMAND} -DIN=${out}/all.fds -DOUT=${out}/descriptors.c -DNAME=descriptors
            -P ${CMAKE_SOURCE_DIR}/cmake/Embed.cmake
        DEPENDS ${out}/all.fds ${CMAKE_SOURCE_DIR}/cmake/Embed.cmake VERBATIM)
    target_sources(${target} PRIVATE ${out}/descriptors.c)
endfunction()
