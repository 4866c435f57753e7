/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether this is built with a sanitizer, by gcc or clang: its runtime has a malloc() and threads of its own, and looks
 * into the process with ptrace. Such builds are for tests.
 */
#ifndef BASE_SANITIZER_H
#define BASE_SANITIZER_H

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZER 1
#endif
#endif
#ifndef SANITIZER
#define SANITIZER 0
#endif

#endif
