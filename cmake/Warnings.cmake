# Warnings are errors only where PLIMSOLL_WERROR says so (our own CI): a newer compiler on a user's
# machine must not break a build.
option(PLIMSOLL_WERROR "treat warnings as errors" OFF)

add_compile_options(
    -Wall -Wextra -Wformat=2 -Wshadow -Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes
    -Wimplicit-fallthrough -Wundef -Wvla -Werror=implicit-function-declaration
    -Werror=incompatible-pointer-types -Werror=int-conversion)
if(PLIMSOLL_WERROR)
    add_compile_options(-Werror)
endif()
if(CMAKE_C_COMPILER_ID STREQUAL "Clang")
    add_compile_options(-Wno-gnu-statement-expression -Wno-missing-field-initializers)
else()
    add_compile_options(-Wno-missing-field-initializers)
endif()

# Hardening, after the OpenSSF guide for C.
add_compile_options(-fstack-protector-strong -fno-delete-null-pointer-checks
    -fno-strict-overflow -fno-strict-aliasing -fPIE)
include(CheckCCompilerFlag)
check_c_compiler_flag(-ftrivial-auto-var-init=zero HAVE_TRIVIAL_AUTO_VAR_INIT) # not clang 14
if(HAVE_TRIVIAL_AUTO_VAR_INIT)
    add_compile_options(-ftrivial-auto-var-init=zero)
endif()
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64")
    add_compile_options(-fcf-protection=full -fstack-clash-protection)
endif()
if(CMAKE_BUILD_TYPE MATCHES "Rel" AND NOT PLIMSOLL_SANITIZE)
    add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif()
add_link_options(-pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,--as-needed)
add_compile_definitions(_GNU_SOURCE)
