// SPDX-License-Identifier: MIT
// expect: not a transport: it needs perform

// What fits no tier is refused with a sentence, not with a page of templates.

#include "orcast/http/any_transport.hpp"

struct almost {
  orcast::http::exchange_id start(const orcast::http::request&, orcast::http::response_sink&);
#if defined(ORCAST_COMPILE_FAIL_FIXED)
  void cancel(orcast::http::exchange_id);
  void resume(orcast::http::exchange_id);
#endif
};

void hold(almost& transport) { orcast::http::any_transport any(transport); }
