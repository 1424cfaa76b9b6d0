# Writes tables of coefficients as R prints them, with predictions of R, as equations.
#
#     Rscript crates/nomogram-import/tests/reference/make_r_tables.R crates/nomogram-import/tests/data/r
#
# R 4.2.2, survival 3.5-3, rms 6.5-0 (Debian 12). Data: `lung` of the package survival.

suppressMessages({library(survival); library(rms)})
folder <- commandArgs(trailingOnly = TRUE)[1]
options(width = 200)

patients <- na.omit(lung[, c("time", "status", "age", "sex", "ph.ecog", "meal.cal", "wt.loss")])
names(patients) <- c("time", "status", "age", "sex", "ecog", "calories", "loss")
patients$sex <- factor(patients$sex, labels = c("male", "female"))
patients$ecog <- factor(pmin(patients$ecog, 2))
patients$dead <- as.integer(patients$status == 2 & patients$time <= 365)
rows <- patients[c(1, 5, 20, 41, 77, 100, 140), ]

number <- function(value) format(value, digits = 17)

features <- function(knots = NULL) {
  c(
    "features:",
    paste0("  - { name: age, unit: a, range: [18, 110]",
           if (is.null(knots)) "" else paste0(", knots: [", paste(number(knots), collapse = ", "), "]"), " }"),
    "  - { name: calories, unit: kcal, range: [1, 10000] }",
    "  - { name: loss, range: [-100, 200] }",
    "  - { name: sex, levels: [male, female] }",
    "  - { name: ecog, levels: ['0', '1', '2'] }"
  )
}

write <- function(name, table, outcome, predictions, knots = NULL) {
  lines <- c(
    paste0("equation: { name: ", name, ", version: '1', paper: R's lung data }"),
    features(knots),
    "r_table: |",
    # The first line of a block has the least indentation.
    "  # printed by R",
    paste0("  ", table),
    "outcome:",
    paste0("  ", outcome),
    "examples:"
  )
  for (i in seq_len(nrow(rows))) {
    row <- rows[i, ]
    lines <- c(lines, paste0(
      "  - { row: { age: ", row$age, ", calories: ", row$calories, ", loss: ", row$loss, ", sex: ", row$sex,
      ", ecog: '", row$ecog, "' }, prediction: ", number(predictions[i]), ", within: 1.0e-12, from: R }"
    ))
  }
  writeLines(lines, file.path(folder, paste0(name, ".yaml")))
}

fit <- glm(dead ~ log(calories) + I(age^2) + loss * sex + ecog, binomial, patients)
write("glm", capture.output(print(summary(fit)$coefficients, digits = 17)),
      "logistic: { name: death in a year, classes: ['no', 'yes'] }",
      predict(fit, rows, type = "response"))

fit <- glm(time ~ age + sex + ecog, Gamma(link = "log"), patients)
write("gamma", capture.output(print(summary(fit)$coefficients, digits = 17)),
      "exponential: { name: days }", predict(fit, rows, type = "response"))

fit <- coxph(Surv(time, status) ~ age + sex * loss + ecog, patients)
year <- rows
year$time <- 365
base <- basehaz(fit, centered = FALSE)
hazard <- base$hazard[max(which(base$time <= 365))]
write("coxph", capture.output(print(summary(fit)$coefficients, digits = 17)),
      paste0("survival: { name: death in a year, classes: ['no', 'yes'], baseline_survival: ", number(exp(-hazard)), " }"),
      1 - exp(-hazard * exp(predict(fit, rows, type = "lp", reference = "zero"))))

fit <- lrm(dead ~ rcs(age, 4) + sex * loss + ecog, patients)
print(class(fit))
write("lrm", capture.output(print(fit, digits = 15, coefs = TRUE)), 
      "logistic: { name: death in a year, classes: ['no', 'yes'] }",
      predict(fit, rows, type = "fitted"), knots = fit$Design$parms$age)
