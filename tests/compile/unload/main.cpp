// SPDX-License-Identifier: MIT
#include <dlfcn.h>

#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>

// Loads a plugin that traces, lets it work on this thread and others, and unloads it, three times.
// Unloading has to take it out of memory: a thread_local with a destructor or a unique symbol would
// keep it there.

namespace {

bool mapped(const char* file) {
  const char* const slash = std::strrchr(file, '/');
  const std::string name = slash != nullptr ? slash : file;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (line.find(name) != std::string::npos) return true;
  }
  return false;
}

int fail(const char* what) {
  std::fprintf(stderr, "%s\n", what);
  return 1;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) return fail("usage: unload PLUGIN");
  for (int i = 0; i < 3; ++i) {
    void* const plugin = ::dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
    if (plugin == nullptr) return fail(::dlerror());
    void* const found = ::dlsym(plugin, "plugin_work");
    unsigned (*work)() = nullptr;
    std::memcpy(&work, &found, sizeof work);
    if (work == nullptr || work() != 300) return fail("the plugin lost a span");
    if (!mapped(arguments[1])) return fail("/proc/self/maps does not tell what is loaded");
    ::dlclose(plugin);
    if (mapped(arguments[1])) return fail("the plugin stayed in memory when it was unloaded");
  }
  return 0;
}
