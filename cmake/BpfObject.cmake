# bpf_object(<stem>): compiles bpf/<stem>.bpf.c for the kernel and makes <stem>.skel.h; the
# INTERFACE target <stem>_skel carries the include path and the dependency.
string(REGEX REPLACE "^(x86_64|amd64)$" "x86" BPF_ARCH ${CMAKE_SYSTEM_PROCESSOR})
string(REGEX REPLACE "^aarch64$" "arm64" BPF_ARCH ${BPF_ARCH})

function(bpf_object stem)
    cmake_parse_arguments(ARG "" "SOURCE_DIR" "" ${ARGN})
    if(NOT ARG_SOURCE_DIR)
        set(ARG_SOURCE_DIR ${CMAKE_CURRENT_SOURCE_DIR})
    endif()
    set(src ${ARG_SOURCE_DIR}/${stem}.bpf.c)
    set(obj ${GEN_DIR}/bpf/${stem}.bpf.o)
    set(skel ${GEN_DIR}/bpf/${stem}.skel.h)
    file(MAKE_DIRECTORY ${GEN_DIR}/bpf)
    file(GLOB headers CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/bpf/*.h ${CMAKE_SOURCE_DIR}/include/plimsoll/*.h)
    # mcpu v3: fetch-atomics and 32-bit jumps; every kernel we promise (6.1 and up) runs them.
    add_custom_command(OUTPUT ${obj}
        COMMAND ${BPF_CLANG} -g -O2 -target bpf -mcpu=v3 -D__TARGET_ARCH_${BPF_ARCH} -Wall -Werror
            -Wno-missing-declarations
            -I${CMAKE_SOURCE_DIR}/include -I${CMAKE_SOURCE_DIR}/bpf
            -idirafter /usr/include/${CMAKE_LIBRARY_ARCHITECTURE} -c ${src} -o ${obj}
        DEPENDS ${src} ${headers} VERBATIM)
    add_custom_command(OUTPUT ${skel}
        COMMAND sh -c "${BPFTOOL} gen skeleton ${obj} name ${stem}_bpf > ${skel}"
        DEPENDS ${obj} VERBATIM)
    add_custom_target(${stem}_skel_gen DEPENDS ${skel})
    add_library(${stem}_skel INTERFACE)
    target_include_directories(${stem}_skel SYSTEM INTERFACE ${GEN_DIR}/bpf)
    add_dependencies(${stem}_skel ${stem}_skel_gen)
endfunction()
