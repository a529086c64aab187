// SPDX-License-Identifier: MIT
//
// The stand-in for OpenRouter as a program: prints its base URL and its key, and serves until it is
// ended; with --at-once not at a model's pace.

#include <csignal>
#include <cstdio>
#include <cstring>

#include "standins/openrouter.hpp"

int main(int count, char** words) {
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  standins::openrouter::options chosen;
  if (count > 1 && std::strcmp(words[1], "--at-once") == 0) chosen.pace = standins::pace::none();
  const standins::openrouter service(chosen);
  std::printf("%s %s\n", service.base_url().c_str(), standins::openrouter::key);
  std::fflush(stdout);
  int which = 0;
  sigwait(&ends, &which);
  return 0;
}
