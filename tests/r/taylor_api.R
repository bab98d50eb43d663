# The California schools: SRS, stratified, one-stage and two-stage clusters; with and without fpc.
source("tests/r/golden.R")

srs <- read_data("apisrs"); strat <- read_data("apistrat")
clus1 <- read_data("apiclus1"); clus2 <- read_data("apiclus2")

designs <- list(
  srs_fpc = svydesign(ids = ~1, weights = ~pw, fpc = ~fpc, data = srs),
  srs_replacement = svydesign(ids = ~1, weights = ~pw, data = srs),
  srs_weight_from_fpc = svydesign(ids = ~1, fpc = ~fpc, data = srs),
  strat_fpc = svydesign(ids = ~1, strata = ~stype, weights = ~pw, fpc = ~fpc, data = strat),
  strat_replacement = svydesign(ids = ~1, strata = ~stype, weights = ~pw, data = strat),
  strat_fraction = svydesign(ids = ~1, strata = ~stype, weights = ~pw, fpc = ~fraction, data = strat),
  strat_weight_from_fraction = svydesign(ids = ~1, strata = ~stype, fpc = ~fraction, data = strat),
  clus1_fpc = svydesign(ids = ~dnum, weights = ~pw, fpc = ~fpc, data = clus1),
  clus1_replacement = svydesign(ids = ~dnum, weights = ~pw, data = clus1),
  # these weights are the inverse inclusion probabilities and differ from pw
  clus1_weight_from_fpc = svydesign(ids = ~dnum, fpc = ~fpc, data = clus1),
  clus2_two_stage = svydesign(ids = ~dnum + snum, weights = ~pw, fpc = ~fpc1 + fpc2, data = clus2),
  clus2_weight_from_fpc = svydesign(ids = ~dnum + snum, fpc = ~fpc1 + fpc2, data = clus2),
  clus2_first_stage_fpc = svydesign(ids = ~dnum, weights = ~pw, fpc = ~fpc1, data = clus2),
  clus2_replacement = svydesign(ids = ~dnum + snum, weights = ~pw, data = clus2)
)
breakdowns <- list(character(), "stype", "sch.wide", c("stype", "sch.wide"))

rows <- list()
for (case in names(designs)) {
  d <- designs[[case]]
  for (by in breakdowns) {
    for (variable in c("api00", "enroll", "acs.core", "target")) {
      rows <- c(rows, estimates(case, d, "total", variable, by), estimates(case, d, "mean", variable, by))
    }
    if (!"stype" %in% by) {
      rows <- c(rows, estimates(case, d, "mean", "stype", by), estimates(case, d, "total", "stype", by))
    }
    if (!"sch.wide" %in% by) rows <- c(rows, estimates(case, d, "mean", "sch.wide", by))
    rows <- c(rows, estimates(case, d, "ratio", "api00", by, denominator = "api99"),
              estimates(case, d, "ratio", "api.stu", by, denominator = "enroll"))
  }
  # another level, whole population
  rows <- c(rows, estimates(paste0(case, "/level=0.90"), d, "mean", "api00", level = 0.90))
}
write_golden(rows, "taylor_api")

# The same by svyby, and with na.rm instead of a subset: two other roads to the same numbers.
d <- designs$clus2_two_stage
table <- do.call(rbind, rows)
pick <- function(case, statistic, variable, by) {
  table[table$case == case & table$statistic == statistic & table$variable == variable &
          grepl(by, table$domain) & table$category == "", ]
}
by_type <- svyby(~enroll, ~stype, d, svymean, na.rm = TRUE, deff = TRUE)
mine <- pick("clus2_two_stage", "mean", "enroll", "^stype=[A-Z]$")
stopifnot(
  all.equal(as.numeric(coef(by_type)), mine$estimate, tolerance = 1e-14),
  all.equal(as.numeric(SE(by_type)), mine$se, tolerance = 1e-14),
  all.equal(as.numeric(deff(by_type)), mine$deff, tolerance = 1e-14)
)
