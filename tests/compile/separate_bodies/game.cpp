// SPDX-License-Identifier: MIT

#include "orcast/orcast.hpp"

// Game code that pays for no body, whatever it calls: they are in bodies.cpp.

inline constexpr orcast::key npc{"npc.name"};

int main() {
  auto traces = orcast::tracer::make({});
  if (!traces) return 1;
  {
    orcast::span turn = (*traces)->start("npc turn");
    turn.set(npc, "Mara")
        .set("text key", 2.5)
        .set_list("list", {1, 2})
        .event("heard")
        .rename("turn");
  }
  const auto taken = (*traces)->take();
  (*traces)->give_back(taken);
  (*traces)->exported(1);
  return (*traces)->stats().exported == 1 ? 0 : 1;
}
