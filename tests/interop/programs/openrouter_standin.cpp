// SPDX-License-Identifier: MIT
//
// The stand-in for OpenRouter as a program: prints its base URL and its key, and serves until it is
// ended.

#include <csignal>
#include <cstdio>

#include "standins/openrouter.hpp"

int main() {
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  const standins::openrouter service;
  std::printf("%s %s\n", service.base_url().c_str(), standins::openrouter::key);
  std::fflush(stdout);
  int which = 0;
  sigwait(&ends, &which);
  return 0;
}
