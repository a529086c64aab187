// SPDX-License-Identifier: MIT

// Ends what third_party_begin.hpp began: the macros and warnings are as they were. No include
// guard: a file may contain several such pairs.

#if defined(_MSC_VER) && !defined(__clang__)
#pragma warning(pop)
#elif defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

#pragma pop_macro("BLOCK_SIZE")
#pragma pop_macro("Yield")
#pragma pop_macro("interface")
#pragma pop_macro("small")
#pragma pop_macro("far")
#pragma pop_macro("near")
#pragma pop_macro("DELETE")
#pragma pop_macro("ERROR")
#pragma pop_macro("max")
#pragma pop_macro("min")
#pragma pop_macro("UI")
#pragma pop_macro("PI")
#pragma pop_macro("TEXT")
#pragma pop_macro("ensure")
#pragma pop_macro("verify")
#pragma pop_macro("check")
