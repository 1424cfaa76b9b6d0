// predict.cpp - shows how to open a Nomogram bundle, print what it expects, and predict the patients
// of a CSV file row by row, in C++17. It prints what examples/c/predict.c prints.
//
//     c++ -std=c++17 -Iinclude examples/cpp/predict.cpp -Lpath -lnomogram -o predict
//     ./predict BUNDLE.nomo PATIENTS.csv > predictions.csv
//
// The CSV file has one column per feature, in any order, and may begin with a column row_id. Its
// cells are plain numbers without quotes; an empty cell means a missing value.
// Exit code: 0 success, 1 a reported error, 2 wrong usage.
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nomogram.hpp"

namespace {

using std::to_string;

/// A row or a file that this program refuses.
std::runtime_error refused(const std::string& path, std::size_t line, const std::string& why) {
  return std::runtime_error(path + ": line " + to_string(line) + ": " + why);
}

/// The lines of a file, without \n or \r\n; the last one may lack them.
class Lines {
 public:
  explicit Lines(std::string file) : path(std::move(file)), stream_(path, std::ios::binary) {
    if (!stream_) throw std::runtime_error(path + ": the file cannot be opened for reading");
  }

  bool next() {
    number++;
    if (!std::getline(stream_, text)) {
      if (stream_.bad()) throw refused(path, number, "the file cannot be read, expected a CSV file");
      return false;
    }
    if (!text.empty() && text.back() == '\r') text.pop_back();
    if (text.find('\0') != std::string::npos)
      throw refused(path, number, "found a NUL byte, expected text");
    return true;
  }

  /// The cells of the current line.
  std::vector<std::string> cells() const {
    std::vector<std::string> cells(1);
    for (char c : text) {
      if (c == ',') cells.emplace_back();
      else cells.back() += c;
    }
    return cells;
  }

  std::string path, text;
  std::size_t number = 0;

 private:
  std::ifstream stream_;
};

/// Which column holds which feature.
struct Header {
  bool has_row_id = false;
  std::vector<std::size_t> column_of;  // of each feature
};

Header read_header(Lines& lines, const nomogram::model& model) {
  constexpr std::size_t unseen = std::numeric_limits<std::size_t>::max();
  Header header;
  header.column_of.assign(model.describe().n_features, unseen);
  if (!lines.next())
    throw std::runtime_error(lines.path + ": line 1: found an empty file, expected a header line");
  // The byte order mark, as Excel writes it.
  if (lines.text.compare(0, 3, "\xEF\xBB\xBF") == 0) lines.text.erase(0, 3);
  const std::vector<std::string> names = lines.cells();
  for (std::size_t i = 0; i < names.size(); i++) {
    const std::string found = "column " + to_string(i + 1) + ": found \"" + names[i] + "\"";
    if (i == 0 && names[i] == "row_id") {
      header.has_row_id = true;
      continue;
    }
    // An unknown name is an ordinary case here, so use the form that returns a result.
    const auto feature = model.try_feature_index(names[i]);
    if (!feature && feature.error().status() == NOMO_EARGUMENT_FEATURE)
      throw refused(lines.path, lines.number,
                    found + ", expected a feature of the model" + (i == 0 ? " or row_id" : ""));
    if (!feature) throw nomogram::error(feature.error());
    if (header.column_of[*feature] != unseen)
      throw refused(lines.path, lines.number, found + " again, expected it only once");
    header.column_of[*feature] = i;
  }
  for (std::size_t i = 0; i < header.column_of.size(); i++)
    if (header.column_of[i] == unseen)
      throw refused(lines.path, lines.number,
                    "found no column \"" + std::string(model.feature(i).name) + "\", expected one for each feature");
  return header;
}

double parse(const Lines& lines, const std::string& cell, std::string_view name) {
  if (cell.empty()) return std::numeric_limits<double>::quiet_NaN();
  char* end = nullptr;
  const double value = std::strtod(cell.c_str(), &end);
  if (end == cell.c_str() || *end != '\0')
    throw refused(lines.path, lines.number,
                  "column \"" + std::string(name) + "\": found \"" + cell.substr(0, 40) +
                      "\", expected a number or an empty cell");
  return value;
}

/// A text as one CSV cell, in quotes where it needs them.
std::string quoted(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string cell = "\"";
  for (char c : text) cell += c == '"' ? std::string("\"\"") : std::string(1, c);
  return cell + '"';
}

void print_schema(const nomogram::model& model, const nomogram::model_info& info) {
  std::cout << "# bundle " << info.digest << "\n# library " << nomogram::version_text() << '\n';
  for (std::size_t i = 0; i < info.n_features; i++) {
    const nomogram::feature_info feature = model.feature(i);
    std::cout << "# feature " << i << ' ' << feature.name << ' ' << feature.unit.value_or("-") << '\n';
  }
  for (std::size_t i = 0; i < info.n_classes; i++)
    std::cout << "# class " << i << ' ' << model.class_name(i) << '\n';
}

void predict(const std::string& bundle, const std::string& patients) {
  const nomogram::model model = nomogram::model::open_file(bundle);
  const nomogram::model_info info = model.describe();
  if (info.task != nomogram::task::classes)
    throw std::runtime_error(bundle + ": the model predicts a number, expected classes");
  nomogram::session session = nomogram::session::create(model);
  print_schema(model, info);
  Lines lines(patients);
  const Header header = read_header(lines, model);
  std::cout << "row_id,class,probability,bits\n";

  std::vector<double> values(info.n_features), probabilities(info.n_outputs);
  const std::size_t n_columns = info.n_features + (header.has_row_id ? 1 : 0);
  std::size_t row = 0;
  for (; lines.next(); row++) {
    const std::vector<std::string> cells = lines.cells();
    if (cells.size() != n_columns)
      throw refused(lines.path, lines.number, "found " + to_string(cells.size()) + " cells, expected " +
                                                  to_string(n_columns) + " as in the header");
    for (std::size_t i = 0; i < values.size(); i++)
      values[i] = parse(lines, cells[header.column_of[i]], model.feature(i).name);
    const auto found = session.try_predict_row(values, probabilities);
    if (!found) {
      const auto feature = found.error().feature();
      std::cerr << lines.path << ": line " << lines.number << ": column \""
                << (feature ? model.feature(*feature).name : "-") << "\": ";
      throw nomogram::error(found.error());
    }
    const double probability = probabilities[info.n_classes == 2 ? 1 : *found];
    std::uint64_t bits = 0;
    std::memcpy(&bits, &probability, sizeof bits);
    char numbers[64];
    std::snprintf(numbers, sizeof numbers, ",%.17g,0x%016" PRIx64, probability, bits);
    std::cout << (header.has_row_id ? quoted(cells[0]) : to_string(row)) << ','
              << quoted(model.class_name(*found)) << numbers << '\n';
  }
  if (row == 0)
    throw refused(lines.path, lines.number, "found no rows, expected at least one after the header");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: predict BUNDLE.nomo PATIENTS.csv\n";
    return 2;
  }
  int code = 0;
  try {
    predict(argv[1], argv[2]);
  } catch (const nomogram::error& error) {
    std::cerr << nomogram::status_name(error.status()) << ": " << error.what() << '\n';
    code = 1;
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    code = 1;
  }
  if (!std::cout.flush()) {
    std::cerr << "standard output: the predictions could not be written\n";
    code = 1;
  }
  return code;
}
