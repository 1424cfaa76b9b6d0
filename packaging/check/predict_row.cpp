// The same program through nomogram.hpp.
#include "nomogram.hpp"

#include <cstdio>
#include <vector>

#include "peak.h"

int main(int n_arguments, char **arguments)
{
    if (n_arguments != 2) {
        std::fprintf(stderr, "usage: predict_row BUNDLE\n");
        return 2;
    }
    try {
        const auto model = nomogram::model::open_file(arguments[1]);
        auto session = nomogram::session::create(model);
        const auto info = model.describe();
        const std::vector<double> row(info.n_features, 10.0);
        std::vector<double> probabilities(info.n_outputs);
        session.predict_row(row, probabilities);
        for (const double probability : probabilities)
            std::printf("%.17g\n", probability);
    } catch (const nomogram::error &error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
    return print_peak();
}
