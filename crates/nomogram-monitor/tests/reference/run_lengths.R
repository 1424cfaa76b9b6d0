# Makes run_lengths.csv: mean run lengths of CUSUM charts by the packages spc and surveillance.
#
#     Rscript run_lengths.R > run_lengths.csv
#
# Made with R 4.2.2, spc 0.6.7 and surveillance 1.20.3 (Debian: r-cran-spc, r-cran-surveillance).

suppressMessages({
  library(spc)
  library(surveillance)
})

line <- function(package, chart, a, b, limit, length) {
  cat(sprintf("%s,%s,%.17g,%.17g,%.17g,%.17g\n", package, chart, a, b, limit, length))
}

cat("package,chart,a,b,limit,length\n")

# One-sided, of normal steps: a is the reference value, b the mean.
for (row in list(c(0.5, 4, 0), c(0.5, 5, 0), c(0.5, 4, 1), c(0.25, 8, 0), c(1, 2.5, 0), c(0.5, 4, 0.5)))
  line("spc", "normal", row[1], row[3], row[2], xcusum.arl(row[1], row[2], row[3], sided = "one", r = 100))

# Of counts: a is the reference value, b the Poisson mean.
for (row in list(c(3, 2.4, 10), c(1.5, 1, 4), c(2, 1.5, 5), c(4, 4, 6)))
  line("surveillance", "poisson", row[1], row[2], row[3],
       suppressWarnings(arlCusum(h = row[3], k = row[1], theta = row[2], distr = "poisson"))$ARL)
