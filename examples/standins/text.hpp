// SPDX-License-Identifier: MIT
//
// Words of an English sentence, as far as a stand-in for a language model needs them.

#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace standins {

inline std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return out;
}

inline bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
inline bool is_word(char c) {
  return is_upper(c) || (c >= 'a' && c <= 'z') || is_digit(c) || static_cast<signed char>(c) < 0;
}

/// The words as written; an apostrophe inside a word belongs to it.
inline std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> out;
  std::string word;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const bool apostrophe =
        i + 1 < text.size() && text[i] == '\'' && !word.empty() && is_word(text[i + 1]);
    if (i < text.size() && (is_word(text[i]) || apostrophe)) {
      word += text[i];
    } else if (!word.empty()) {
      out.push_back(std::move(word));
      word.clear();
    }
  }
  return out;
}

/// False for the words that every sentence has.
inline bool has_content(std::string_view word) {
  static const char* const common =
      " a about after again all also am an and any anybody are as at be been before but by can "
      "come "
      "could did do does down for from get give go good got had has have he hello her here him his "
      "how hey i if in into is it its just keep know let like look looks make many may me might "
      "more much my need no not now of off old on one only or our out over please she should show "
      "so some take tell than thank that the their them then there they this those to too up upon "
      "today tomorrow tonight use us very want was way we well were what when where which who whom "
      "whose why will with "
      "would yes you your evening morning thanks hi it's i'm i'd i'll you're don't let's ";
  const std::string wanted = " " + lower(word) + " ";
  return word.size() > 1 && std::string_view(common).find(wanted) == std::string_view::npos;
}

/// How words are compared: "Ships" is "ship".
inline std::string stem(std::string_view word) {
  std::string out = lower(word);
  if (out.size() > 2 && out.compare(out.size() - 2, 2, "'s") == 0) out.resize(out.size() - 2);
  if (out.size() > 3 && out.back() == 's' && out[out.size() - 2] != 's') out.pop_back();
  return out;
}

inline std::vector<std::string> stems(std::string_view text) {
  std::vector<std::string> out;
  for (const std::string& word : words(text)) {
    if (has_content(word)) out.push_back(stem(word));
  }
  return out;
}

inline bool contains(const std::vector<std::string>& list, const std::string& entry) {
  return std::find(list.begin(), list.end(), entry) != list.end();
}

inline bool mentions(std::string_view text, std::string_view what) {
  return !what.empty() && lower(text).find(lower(what)) != std::string::npos;
}

/// What a sentence is about, the best guess first: a quotation, names ("Grey Heron": capitals
/// that do not begin a sentence), then the other words with content, the longest first.
inline std::vector<std::string> subjects(std::string_view text) {
  std::vector<std::string> out;
  const std::size_t open = text.find('"');
  const std::size_t close = open == text.npos ? text.npos : text.find('"', open + 1);
  if (close != text.npos && close > open + 1)
    out.emplace_back(text.substr(open + 1, close - open - 1));

  std::string name;
  bool begins = true, last_was_name = false;
  std::size_t i = 0;
  while (i < text.size()) {
    if (!is_word(text[i])) {
      if (text[i] == '.' || text[i] == '!' || text[i] == '?') begins = true;
      if (text[i] != ' ') last_was_name = false;
      ++i;
      continue;
    }
    std::size_t end = i;
    while (end < text.size() && is_word(text[end])) ++end;
    const std::string word(text.substr(i, end - i));
    const bool is_name = is_upper(word[0]) && !begins && has_content(word);
    if (is_name && last_was_name) {
      out.back() += " " + word;
    } else if (is_name) {
      out.push_back(word);
    }
    last_was_name = is_name;
    begins = false;
    i = end;
  }

  std::vector<std::string> rest;
  for (const std::string& word : words(text)) {
    if (has_content(word) && !is_digit(word[0])) rest.push_back(word);
  }
  std::stable_sort(rest.begin(), rest.end(),
                   [](const auto& a, const auto& b) { return a.size() > b.size(); });
  out.insert(out.end(), rest.begin(), rest.end());
  return out;
}

/// The longest run of words that begins with an article: "the drowned bell"; empty without any.
inline std::string noun_phrase(std::string_view text) {
  std::string longest;
  for (const std::string_view article : {"the ", "a ", "an "}) {
    for (std::size_t at = text.find(article); at != text.npos; at = text.find(article, at + 1)) {
      if (at > 0 && text[at - 1] != ' ') continue;
      std::size_t end = at + article.size();
      std::string phrase(article.substr(0, article.size() - 1));
      while (end < text.size() && is_word(text[end])) {
        const std::size_t begin = end;
        while (end < text.size() && (is_word(text[end]) || text[end] == '\'')) ++end;
        const std::string_view word = text.substr(begin, end - begin);
        if (!has_content(word)) break;
        phrase.append(1, ' ').append(word);
        if (end < text.size() && text[end] == ' ') ++end;
      }
      if (phrase.size() > article.size() && phrase.size() > longest.size()) longest = phrase;
    }
  }
  return longest;
}

/// FNV-1a: the same choice on every machine.
inline std::uint32_t hash(std::string_view text) {
  std::uint32_t value = 2166136261u;
  for (const char c : text) value = (value ^ static_cast<unsigned char>(c)) * 16777619u;
  return value;
}

/// The longest beginning of at most `limit` bytes that does not split a UTF-8 character.
inline std::size_t whole_characters(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return text.size();
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xc0) == 0x80) --limit;
  return limit;
}

}  // namespace standins
