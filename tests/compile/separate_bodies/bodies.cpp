// SPDX-License-Identifier: MIT

#include "orcast/src.hpp"
