// SPDX-License-Identifier: MIT
#pragma once

#include "orcast/http/control.hpp"
#include "orcast/http/request.hpp"
#include "orcast/http/response.hpp"
#include "orcast/http/tier.hpp"

// What a transport is. Any type will do that fits one of three tiers; nothing is inherited.
//
//   blocking:      void perform(const request&, response_sink&, exchange_control&);
//                  returns when the exchange is over, done() having been called before it returns.
//                  Several threads may call it at once.
//   asynchronous:  exchange_id start(const request&, response_sink&);
//                  void cancel(exchange_id);   void resume(exchange_id);
//                  returns at once and calls the sink later, from any thread; never from inside
//                  start(), so a request that can't be sent fails through a later done().
//   polled:        asynchronous, and   void poll(std::int64_t wait_ms);
//                  calls sinks only from inside poll(), which the host calls each frame with 0, or
//                  with the milliseconds it may wait for the network. One thread uses it.
//
// A failure with errc::connect says that no byte of the request was sent: it is sent again though
// it must not be carried out twice. What is cut later is errc::disconnected. Then a transport may
// send it again itself only where a connection that it had kept was cut before a byte of the
// response, and the request `replays`.
//
// cancel(id) means done(errc::cancelled) within 100 ms, in every phase. A resume() that comes while
// data() is still on its way to answer "pause" counts: the exchange goes on. An id that is over or
// was never given out is ignored by cancel() and resume().
