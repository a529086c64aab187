// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string_view>

#include "orcast/trace/ids.hpp"

// Facts that hold for every call and work span inside: session, user, metadata, tags, prompt
// template, parent; or that nothing is to be recorded at all. Scopes nest, inner ones before outer
// ones; what a call says of itself comes before any of them. A scope is passed explicitly
// (call_context::in, work_options::in) or bound to the thread:
//
//   const bound_scope quest({"s-7", "u-42", R"({"quest":"lighthouse"})"});
//   client.start(...);            // has session, user and metadata
//
// Entering one allocates nothing: it borrows its texts, and lies where the host puts it.

namespace orcast {
inline namespace v0 {

/// What a scope sets; what is empty is left to the outer ones. The texts outlive the scope.
struct scope_facts {
  std::string_view session_id = {};
  std::string_view user = {};
  std::string_view metadata = {};  ///< a JSON object; its keys come before those of outer scopes
  const std::string_view* tags = nullptr;  ///< added to those of outer scopes
  std::size_t tag_count = 0;
  std::string_view prompt_template = {};
  std::string_view prompt_variables = {};  ///< a JSON object
  std::string_view prompt_version = {};
  span_context parent = {};  ///< valid: what is recorded belongs under this span
  bool suppress = false;     ///< nothing is recorded inside, whatever inner scopes say
};

/// One link of a chain of scopes. Not moved while others refer to it. Once made, any thread may
/// read it.
class scope {
 public:
  explicit scope(const scope_facts& facts, const scope* outer = nullptr) noexcept
      : facts_(facts), outer_(outer) {}
  scope(const scope&) = delete;
  scope& operator=(const scope&) = delete;

  const scope_facts& facts() const noexcept { return facts_; }
  const scope* outer() const noexcept { return outer_; }

  /// The innermost text that is not empty: inherited(this, &scope_facts::user).
  static std::string_view inherited(const scope* from,
                                    std::string_view scope_facts::*which) noexcept {
    for (; from != nullptr; from = from->outer_) {
      if (!(from->facts_.*which).empty()) return from->facts_.*which;
    }
    return {};
  }
  static span_context parent(const scope* from) noexcept {
    for (; from != nullptr; from = from->outer_) {
      if (from->facts_.parent.valid()) return from->facts_.parent;
    }
    return {};
  }
  static bool suppressed(const scope* from) noexcept {
    for (; from != nullptr; from = from->outer_) {
      if (from->facts_.suppress) return true;
    }
    return false;
  }

  /// The innermost scope bound to the calling thread, or null.
  static const scope* current() noexcept { return slot(); }

 private:
  friend class bound_scope;

  /// Hidden on ELF, where a thread-local of one name is shared by all libraries: each plugin has
  /// its own, and so can be unloaded.
  ORCAST_HIDDEN static const scope*& slot() noexcept {
    static thread_local const scope* innermost = nullptr;
    return innermost;
  }

  scope_facts facts_;
  const scope* outer_;
};

/// A scope inside the thread's current one, for as long as the object lives. Leaves in the reverse
/// order, on the thread that entered.
class bound_scope {
 public:
  explicit bound_scope(const scope_facts& facts) noexcept : scope_(facts, scope::current()) {
    scope::slot() = &scope_;
  }
  ~bound_scope() {
    ORCAST_ASSERT(scope::slot() == &scope_);
    scope::slot() = scope_.outer();
  }
  bound_scope(const bound_scope&) = delete;
  bound_scope& operator=(const bound_scope&) = delete;

  const scope& get() const noexcept { return scope_; }

 private:
  scope scope_;
};

}  // namespace v0
}  // namespace orcast
