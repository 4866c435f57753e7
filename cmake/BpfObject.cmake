# bpf_compile(<stem> [SOURCE_DIR d]): <stem>.bpf.c becomes ${GEN_DIR}/bpf/<stem>.bpf.o, for the kernel.
# bpf_skeleton(<stem> <object>): makes <stem>.skel.h of it; the INTERFACE target <stem>_skel carries the include path and
# the dependency.
# bpf_object(<stem> [SOURCE_DIR d]): both.
# bpf_linked(<stem> <stem>...): links compiled ones into one object, and makes its skeleton.
string(REGEX REPLACE "^(x86_64|amd64)$" "x86" BPF_ARCH ${CMAKE_SYSTEM_PROCESSOR})
string(REGEX REPLACE "^aarch64$" "arm64" BPF_ARCH ${BPF_ARCH})
file(MAKE_DIRECTORY ${GEN_DIR}/bpf)

function(bpf_compile stem)
    cmake_parse_arguments(ARG "" "SOURCE_DIR" "" ${ARGN})
    if(NOT ARG_SOURCE_DIR)
        set(ARG_SOURCE_DIR ${CMAKE_CURRENT_SOURCE_DIR})
    endif()
    set(src ${ARG_SOURCE_DIR}/${stem}.bpf.c)
    set(obj ${GEN_DIR}/bpf/${stem}.bpf.o)
    file(GLOB headers CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/bpf/*.h
        ${CMAKE_SOURCE_DIR}/include/plimsoll/*.h ${CMAKE_SOURCE_DIR}/include/plimsoll/*.def)
    # mcpu v3: fetch-atomics and 32-bit jumps; every kernel we promise (6.1 and up) runs them.
    add_custom_command(OUTPUT ${obj}
        COMMAND ${BPF_CLANG} -g -O2 -target bpf -mcpu=v3 -D__TARGET_ARCH_${BPF_ARCH} -Wall -Werror
            -Wno-missing-declarations
            -I${CMAKE_SOURCE_DIR}/include -I${CMAKE_SOURCE_DIR}/bpf
            -idirafter /usr/include/${CMAKE_LIBRARY_ARCHITECTURE} -c ${src} -o ${obj}
        DEPENDS ${src} ${headers} VERBATIM)
endfunction()

function(bpf_skeleton stem obj)
    set(skel ${GEN_DIR}/bpf/${stem}.skel.h)
    add_custom_command(OUTPUT ${skel}
        COMMAND sh -c "${BPFTOOL} gen skeleton ${obj} name ${stem}_bpf > ${skel}"
        DEPENDS ${obj} VERBATIM)
    add_custom_target(${stem}_skel_gen DEPENDS ${skel})
    add_library(${stem}_skel INTERFACE)
    target_include_directories(${stem}_skel SYSTEM INTERFACE ${GEN_DIR}/bpf)
    add_dependencies(${stem}_skel ${stem}_skel_gen)
endfunction()

function(bpf_object stem)
    bpf_compile(${stem} ${ARGN})
    bpf_skeleton(${stem} ${GEN_DIR}/bpf/${stem}.bpf.o)
endfunction()

function(bpf_linked stem)
    list(TRANSFORM ARGN REPLACE "(.+)" "${GEN_DIR}/bpf/\\1.bpf.o" OUTPUT_VARIABLE objects)
    set(linked ${GEN_DIR}/bpf/${stem}.linked.o)
    add_custom_command(OUTPUT ${linked} COMMAND ${BPFTOOL} gen object ${linked} ${objects} DEPENDS ${objects} VERBATIM)
    bpf_skeleton(${stem} ${linked})
endfunction()
