# Make the reference fixture of R's survey package for statistics of weighted rows.
#
#     python3 -c 'import json; [print(c["name"], y, p, w, sep=";") for c in json.load(open("weighted.json"))["cases"]
#         for y, p, w in zip(c["y"], c["p"], c["w"])]' > /tmp/cases.csv
#     Rscript make_survey.R /tmp/cases.csv survey.csv
#
# R 4.2.2, survey 4.1-1 (Debian 12: r-base-core, r-cran-survey). The rows are those of weighted.json, each a
# unit of a sample that was drawn with replacement with unequal probabilities: svydesign(ids = ~1, weights).
#
#     intercept, slope   svyglm of the outcome on the logit of the probability, quasibinomial
#     in the large       svyglm with the logit as offset
#     sensitivity        svymean of p >= 0.3 among the positive rows, as a domain of the sample
#
# survey divides by n - 1 where the sandwich HC0 divides by n: its variances are n / (n - 1) times larger.
suppressPackageStartupMessages(library(survey))
arguments <- commandArgs(trailingOnly = TRUE)
rows <- read.csv(arguments[1], sep = ";", header = FALSE, col.names = c("case", "y", "p", "w"))
rows$margin <- qlogis(rows$p)
rows$reached <- as.numeric(rows$p >= 0.3)
lines <- "case;n_rows;statistic;value;standard_error"
for (name in unique(rows$case)) {
  design <- svydesign(ids = ~1, weights = ~w, data = rows[rows$case == name, ])
  add <- function(statistic, value, error)
    lines <<- c(lines, sprintf("%s;%d;%s;%.17g;%.17g", name, nrow(design), statistic, value, error))
  control <- glm.control(epsilon = 1e-14, maxit = 100)
  line <- svyglm(y ~ margin, design, family = quasibinomial(), control = control)
  add("intercept", coef(line)[[1]], SE(line)[[1]])
  add("slope", coef(line)[[2]], SE(line)[[2]])
  large <- svyglm(y ~ offset(margin), design, family = quasibinomial(), control = control)
  add("in the large", coef(large)[[1]], SE(large)[[1]])
  sensitivity <- svymean(~reached, subset(design, y == 1))
  add("sensitivity", coef(sensitivity)[[1]], SE(sensitivity)[[1]])
}
writeLines(lines, arguments[2])
