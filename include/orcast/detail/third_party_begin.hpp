// SPDX-License-Identifier: MIT

// Put around the inclusion of a third party's header, with third_party_end.hpp after it: sets
// aside the macros of engines and operating systems that break it, and silences warnings that are
// not ours to mend. No include guard: a file may contain several such pairs.

#pragma push_macro("check")
#pragma push_macro("verify")
#pragma push_macro("ensure")
#pragma push_macro("TEXT")
#pragma push_macro("PI")
#pragma push_macro("UI")
#pragma push_macro("min")
#pragma push_macro("max")
#pragma push_macro("ERROR")
#pragma push_macro("DELETE")
#pragma push_macro("near")
#pragma push_macro("far")
#pragma push_macro("small")
#pragma push_macro("interface")
#pragma push_macro("Yield")
#pragma push_macro("BLOCK_SIZE")

#undef check
#undef verify
#undef ensure
#undef TEXT
#undef PI
#undef UI
#undef min
#undef max
#undef ERROR
#undef DELETE
#undef near
#undef far
#undef small
#undef interface
#undef Yield
#undef BLOCK_SIZE

#if defined(_MSC_VER) && !defined(__clang__)
#pragma warning(push, 0)
#elif defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpragmas"
#pragma GCC diagnostic ignored "-Wundef"
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wold-style-cast"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#pragma GCC diagnostic ignored "-Wnull-dereference"
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#endif
