# Calibrated weights and the variance after calibration: apiclus1 (equal weights) and apistrat (unequal).
# calibration_weights.csv holds the weights in the order of the file; calibration.csv the estimates.
# Convergence is pushed to 1e-12 or better, so that weights compare as solutions.
source("tests/r/golden.R")

population <- function(file, name) {
  table <- read_data(file); names(table) <- c(name, "Freq"); table
}
stype <- population("apipop_stype", "stype"); schwide <- population("apipop_schwide", "sch.wide")
totals <- read_data("apipop_totals")
regression_totals <- c("(Intercept)" = totals$schools, api99 = totals$api99)
margin_totals <- c("(Intercept)" = totals$schools, stypeH = stype$Freq[2], stypeM = stype$Freq[3],
                   sch.wideYes = schwide$Freq[2])
tight <- list(maxit = 500, epsilon = 1e-10)

steps <- list(
  none = identity,
  poststratified = function(d) postStratify(d, ~stype, stype),
  raked = function(d) rake(d, list(~stype, ~sch.wide), list(stype, schwide), control = tight),
  calibrated_linear = function(d) calibrate(d, ~api99, regression_totals),
  calibrated_linear_margins = function(d) calibrate(d, ~stype + sch.wide, margin_totals),
  calibrated_linear_bounded = function(d) calibrate(d, ~api99 + stype, c(regression_totals, stypeH = stype$Freq[2],
    stypeM = stype$Freq[3]), bounds = c(0.6, 1.8), epsilon = 1e-12, maxit = 500),
  calibrated_raking = function(d) calibrate(d, ~stype + sch.wide, margin_totals, calfun = "raking",
    epsilon = 1e-12, maxit = 500),
  calibrated_raking_api99 = function(d) calibrate(d, ~api99, regression_totals, calfun = "raking",
    epsilon = 1e-12, maxit = 500),
  calibrated_logit = function(d) calibrate(d, ~api99 + stype, c(regression_totals, stypeH = stype$Freq[2],
    stypeM = stype$Freq[3]), calfun = "logit", bounds = c(0.6, 1.9), epsilon = 1e-12, maxit = 500),
  calibrated_ratio = function(d) calibrate(d, ~api99 - 1, c(api99 = totals$api99), variance = 1),
  calibrated_clusters = function(d) calibrate(d, ~api99, regression_totals, aggregate.stage = 1),
  poststratified_then_raked = function(d) rake(postStratify(d, ~stype, stype), list(~stype, ~sch.wide),
    list(stype, schwide), control = tight),
  poststratified_then_calibrated = function(d) calibrate(postStratify(d, ~stype, stype), ~api99, regression_totals),
  calibrated_then_poststratified = function(d) postStratify(calibrate(d, ~api99, regression_totals), ~stype, stype)
)
clus1 <- read_data("apiclus1"); strat <- read_data("apistrat")
clus1$is_E <- as.numeric(clus1$stype == "E"); strat$is_E <- as.numeric(strat$stype == "E")
designs <- list(
  clus1 = svydesign(ids = ~dnum, weights = ~pw, fpc = ~fpc, data = clus1),
  clus1_replacement = svydesign(ids = ~dnum, weights = ~pw, data = clus1),
  strat = svydesign(ids = ~1, strata = ~stype, weights = ~pw, fpc = ~fpc, data = strat)
)
rows <- list(); weight_table <- list()
for (case in names(designs)) for (step in names(steps)) {
  if (case == "strat" && grepl("clusters", step)) next
  # a level that calibration reproduces exactly has no variance left: only rounding, so it is not asked for
  d <- tryCatch(suppressWarnings(steps[[step]](designs[[case]])), error = function(e) NULL)
  if (is.null(d)) { cat(case, step, "not feasible\n"); next }
  name <- paste(case, step, sep = "/")
  if (case != "clus1_replacement") {
    weight_table <- c(weight_table, list(data.frame(
      case = name, row = seq_len(nrow(d)), snum = d$variables$snum, weight = as.numeric(weights(d))
    )))
  }
  for (by in list(character(), "stype", "sch.wide")) {
    rows <- c(
      rows, estimates(name, d, "total", "enroll", by, deff = FALSE), estimates(name, d, "mean", "api00", by, deff = FALSE),
      estimates(name, d, "total", "api00", by, deff = FALSE),
      estimates(name, d, "ratio", "api.stu", by, denominator = "enroll", deff = FALSE)
    )
  }
  rows <- c(rows, estimates(name, d, "mean", "awards", deff = FALSE), estimates(name, d, "mean", "awards", "stype", deff = FALSE))
  rows <- c(rows, list({
    q <- suppressWarnings(svyquantile(~api00, d, c(0.25, 0.5), qrule = "math"))[[1]]
    new_rows(name, "quantile", "api00", rownames(q), estimate = q[, 1], se = q[, 4], ci_low = q[, 2],
             ci_high = q[, 3], df = degf(d))
  }))
}
# Trimming after calibration: survey forgets nothing here, the calibration stays in the variance.
trimmed <- trimWeights(steps$calibrated_linear(designs$clus1), lower = 31, upper = 36)
weight_table <- c(weight_table, list(data.frame(
  case = "clus1/calibrated_linear_then_trimmed", row = seq_len(nrow(trimmed)), snum = clus1$snum,
  weight = as.numeric(weights(trimmed))
)))
rows <- c(rows, estimates("clus1/calibrated_linear_then_trimmed", trimmed, "total", "enroll", deff = FALSE),
          estimates("clus1/calibrated_linear_then_trimmed", trimmed, "mean", "api00", deff = FALSE))

# Replicates re-run the step on each column: JK1 weights of tests/data/replicates_jk1.csv.
jk <- read_data("replicates_jk1"); multipliers <- read_data("replicates_multipliers")
scale <- multipliers$multiplier[multipliers$file == "replicates_jk1"][1]
base <- svrepdesign(data = jk[1:9], repweights = jk[grep("^jk", names(jk))], weights = jk$pw, type = "JK1",
                    combined.weights = TRUE, scale = scale, mse = TRUE)
again <- list(
  calibrated_linear = function(d) calibrate(d, ~api99, regression_totals, compress = FALSE),
  calibrated_raking = function(d) calibrate(d, ~stype + sch.wide, margin_totals, calfun = "raking",
    epsilon = 1e-12, maxit = 500, compress = FALSE)
)
for (step in c("none", "poststratified", "raked", "calibrated_linear", "calibrated_raking", "poststratified_then_raked")) {
  action <- if (is.null(again[[step]])) steps[[step]] else again[[step]]
  d <- suppressWarnings(action(base))
  name <- paste("jk1", step, sep = "/")
  for (by in list(character(), "sch.wide")) {
    rows <- c(rows, estimates(name, d, "total", "enroll", by, deff = FALSE), estimates(name, d, "mean", "api00", by, deff = FALSE))
  }
}
write_golden(rows, "calibration")
write_table(do.call(rbind, weight_table), file.path(golden_dir, "calibration_weights.csv"))
