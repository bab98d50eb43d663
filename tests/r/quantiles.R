# Quantiles by linearisation: every rule of survey, Woodruff and beta intervals, whole and in domains.
# case: <design>/<rule>/<interval>. An interval whose proportion limit falls outside 0-1 is empty in survey.
source("tests/r/golden.R")

rules <- c("math", "school", "shahvaish", paste0("hf", 1:9))
probabilities <- c(0.05, 0.25, 0.5, 0.75, 0.9)
quantiles <- function(case, design, variable, by = character(), rule = "math", interval = "mean", level = 0.95) {
  rows <- list()
  for (domain in domains_of(design, by)) {
    part <- design[domain$rows & answered(design, variable), ]
    df <- degf(part)
    if (df < 1) next
    table <- suppressWarnings(svyquantile(
      make.formula(variable), part, probabilities, alpha = 1 - level, interval.type = interval, qrule = rule
    ))[[1]]
    rows <- c(rows, list(new_rows(
      paste(case, rule, interval, sep = "/"), "quantile", variable, rownames(table), domain$label, table[, 1],
      table[, 4], table[, 2], table[, 3], df, n = sum(weights(part, "sampling") != 0),
      population = sum(weights(part, "sampling"))
    )))
  }
  rows
}

strat <- read_data("apistrat"); clus1 <- read_data("apiclus1"); clus2 <- read_data("apiclus2")
srs <- read_data("apisrs"); eusilc <- read_data("eusilc"); zero <- read_data("zero_weights")
designs <- list(
  srs = svydesign(ids = ~1, weights = ~pw, fpc = ~fpc, data = srs),
  strat = svydesign(ids = ~1, strata = ~stype, weights = ~pw, fpc = ~fpc, data = strat),
  clus1 = svydesign(ids = ~dnum, weights = ~pw, fpc = ~fpc, data = clus1),
  clus2 = svydesign(ids = ~dnum + snum, weights = ~pw, fpc = ~fpc1 + fpc2, data = clus2)
)
rows <- list()
for (case in names(designs)) {
  d <- designs[[case]]
  for (rule in rules) {
    rows <- c(rows, quantiles(case, d, "api00", rule = rule), quantiles(case, d, "enroll", rule = rule))
  }
  for (interval in c("beta", "xlogit", "asin")) {
    rows <- c(rows, quantiles(case, d, "api00", interval = interval),
              quantiles(case, d, "enroll", "stype", interval = interval))
  }
  for (by in list("stype", "sch.wide", c("stype", "sch.wide"))) {
    rows <- c(rows, quantiles(case, d, "api00", by), quantiles(case, d, "acs.core", by))
  }
  rows <- c(rows, quantiles(paste0(case, "/level=0.90"), d, "api00", level = 0.90))
}
income <- svydesign(ids = ~db030, strata = ~db040, weights = ~rb050, data = eusilc)
for (by in list(character(), "rb090", "db040")) rows <- c(rows, quantiles("eusilc", income, "eqIncome", by))
z <- svydesign(ids = ~psu, strata = ~h, weights = ~w, nest = TRUE, data = zero)
for (rule in c("math", "school", "hf7")) rows <- c(rows, quantiles("zero_weights", z, "y", rule = rule))
write_golden(rows, "quantiles")
