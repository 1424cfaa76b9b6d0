// explanations.cpp - every explanation of tests/data/explanations, through nomogram.hpp.
//
//     c++ -std=c++17 -Iinclude tests/cpp/explanations.cpp -Lpath -lnomogram
//     ./a.out tests/data/explanations/NAME ...
//
// Each NAME names the files NAME.nomo and NAME.cases. Each row is explained alone, as a matrix, and as a
// session has it. Prints checks that failed, then "N checks, K failed"; exit code 1 if any failed.

#include <cstdint>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "check.hpp"

namespace {

using numbers = std::vector<double>;

/// The position of a word in a list; the end of the list if it is not there.
std::uint32_t position(const std::string& word, const std::vector<std::string>& words) {
  std::uint32_t at = 0;
  while (at < words.size() && words[at] != word) at++;
  return at;
}

/// Numbers, which the file has as bits.
numbers read_bits(std::istream& line) {
  numbers found;
  for (std::string word; line >> word;) {
    const std::uint64_t bits = std::stoull(word, nullptr, 16);
    found.emplace_back();
    std::memcpy(&found.back(), &bits, sizeof bits);
  }
  return found;
}

bool same_bits(const numbers& found, const numbers& expected) {
  return found.size() == expected.size() &&
         std::memcmp(found.data(), expected.data(), found.size() * sizeof(double)) == 0;
}

/// The explanation of one row, and the views of it.
struct explanation {
  numbers values, base, explained, std_errors;

  explicit explanation(const nomo_explainer_info& info)
      : values(info.n_explained * info.n_players),
        base(info.n_explained),
        explained(info.n_explained),
        std_errors(values.size()) {}

  nomo_attributions view() {
    nomo_attributions to = NOMO_ATTRIBUTIONS_INIT;
    to.values = values.data();
    to.values_len = values.size();
    to.base = base.data();
    to.base_len = base.size();
    to.explained = explained.data();
    to.explained_len = explained.size();
    to.std_errors = std_errors.data();
    to.std_errors_len = std_errors.size();
    return to;
  }

  const numbers* line(const std::string& word) const {
    if (word == "values") return &values;
    if (word == "base") return &base;
    if (word == "explained") return &explained;
    return word == "std-errors" ? &std_errors : nullptr;
  }
};

/// Explains a row in each way to state it.
std::vector<explanation> explain(const nomogram::model& opened, nomogram::explainer& explainer, const numbers& row) {
  std::vector<explanation> found(3, explanation(explainer.describe()));
  explainer.explain_row(row, found[0].view());
  explainer.explain_matrix(nomogram::matrix::row_major(row, 1, row.size()), found[1].view());
  nomogram::session set = nomogram::session::create(opened);
  for (std::size_t j = 0; j < row.size(); j++) {
    if (row[j] != row[j]) set.set_missing(j);
    else if (opened.feature(j).kind == nomogram::feature_kind::category)
      set.set_text(j, std::string(opened.level(j, static_cast<std::size_t>(row[j]))));
    else if (opened.feature(j).kind == nomogram::feature_kind::boolean)
      set.set_boolean(j, row[j] != 0);
    else set.set_number(j, row[j]);
  }
  explainer.explain_session(set, found[2].view());
  return found;
}

void run(const std::string& name) {
  const nomogram::model opened = nomogram::model::open_file(name + ".nomo");
  std::ifstream file(name + ".cases");
  nomogram::explainer explainer;
  std::vector<explanation> found;
  std::size_t n_rows = 0;
  for (std::string text; std::getline(file, text);) {
    std::istringstream line(text);
    std::string word;
    line >> word;
    if (word == "request") {
      nomo_explainer_options options = NOMO_EXPLAINER_OPTIONS_INIT;
      std::string explained, method;
      line >> explained >> options.member >> method;
      options.explained = position(explained, {"outputs", "margin", "member"});
      options.method = position(method, {"groups", "permutations", "interventional", "path_dependent"});
      explainer = nomogram::explainer::create(opened, options);
    } else if (word == "row") {
      found = explain(opened, explainer, read_bits(line));
      n_rows++;
    } else if (!word.empty() && word != "#") {
      const numbers expected = read_bits(line);
      for (const explanation& one : found)
        if (!CHECK(one.line(word) != nullptr && same_bits(*one.line(word), expected)))
          std::printf("%s: row %zu: %s\n", name.c_str(), n_rows, text.c_str());
    }
  }
  CHECK(n_rows >= 18);
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; i++) run(argv[i]);
  std::printf("%lu checks, %lu failed\n", n_checks, n_failed);
  return n_failed != 0;
}
