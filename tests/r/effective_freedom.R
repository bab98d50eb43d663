# Effective degrees of freedom, 2 V^2 / V(V) - 2, from the influence functions that survey gives.
# survey has no such option: the recursion over stages is written here from the formula, and its
# variance is held against survey's own. They are never more than the domain's degf, which a figure
# without variance has.
source("tests/r/golden.R")

# The parts of a variance, one row per stratum and stage: V, the sum of e^4, and the units drawn.
parts_of <- function(scores, clusters, strata, drawn, all, factor = 1) {
  pieces <- list()
  for (stratum in unique(strata[, 1])) {
    rows <- strata[, 1] == stratum
    n <- drawn[rows, 1][1]
    f <- if (is.null(all)) 0 else n / all[rows, 1][1]
    units <- split(which(rows), as.character(clusters[rows, 1]))
    totals <- c(vapply(units, function(unit) sum(scores[unit]), 0), rep(0, n - length(units)))
    e <- sqrt(factor * (1 - f) * n / max(n - 1, 1)) * (totals - mean(totals))
    pieces <- c(pieces, list(data.frame(v = sum(e^2), q = sum(e^4), n = n)))
    if (ncol(clusters) > 1 && f > 0) for (unit in units) {
      pieces <- c(pieces, list(parts_of(
        scores[unit], clusters[unit, -1, drop = FALSE], strata[unit, -1, drop = FALSE],
        drawn[unit, -1, drop = FALSE], all[unit, -1, drop = FALSE], factor * f
      )))
    }
  }
  do.call(rbind, pieces)
}

effective <- function(stat, part) {
  scores <- as.numeric(attr(stat, "influence"))
  parts <- parts_of(scores, part$cluster, part$strata, part$fpc$sampsize, part$fpc$popsize)
  variance <- sum(parts$v)
  stopifnot(isTRUE(all.equal(variance, as.numeric(vcov(stat)), tolerance = 1e-8)))
  if (variance == 0) return(degf(part))
  seen <- parts[parts$v > 0, ]
  spread <- sum((3 * seen$n + 1) / (3 * (seen$n - 1)) * seen$q - seen$v^2 / seen$n)
  min(max(2 * variance^2 / spread - 2, 1), degf(part))
}

rows_for <- function(case, design, variable, by = character()) {
  rows <- list()
  for (domain in domains_of(design, by)) {
    inside <- domain$rows & answered(design, variable)
    if (!any(inside)) next
    part <- design[inside, ]
    for (statistic in c("total", "mean")) {
      fun <- if (statistic == "total") svytotal else svymean
      stat <- fun(make.formula(variable), part, influence = TRUE)
      df <- effective(stat, part)
      ci <- confint(stat, df = df)
      rows <- c(rows, list(new_rows(
        case, statistic, variable, "", domain$label, as.numeric(coef(stat)), as.numeric(SE(stat)),
        ci[1, 1], ci[1, 2], df, n = sum(inside), population = sum(weights(part, "sampling"))
      )))
    }
  }
  rows
}

srs <- read_data("apisrs"); strat <- read_data("apistrat")
clus1 <- read_data("apiclus1"); clus2 <- read_data("apiclus2")
designs <- list(
  srs_fpc = svydesign(ids = ~1, weights = ~pw, fpc = ~fpc, data = srs),
  strat_fpc = svydesign(ids = ~1, strata = ~stype, weights = ~pw, fpc = ~fpc, data = strat),
  clus1_replacement = svydesign(ids = ~dnum, weights = ~pw, data = clus1),
  clus2_two_stage = svydesign(ids = ~dnum + snum, weights = ~pw, fpc = ~fpc1 + fpc2, data = clus2)
)
rows <- list()
for (case in names(designs)) for (variable in c("api00", "enroll")) for (by in list(character(), "stype", "sch.wide")) {
  rows <- c(rows, rows_for(case, designs[[case]], variable, by))
}
nhanes <- read_data("nhanes")
pairs <- svydesign(ids = ~SDMVPSU, strata = ~SDMVSTRA, weights = ~WTMEC2YR, nest = TRUE, data = nhanes)
for (by in list(character(), "race", "agecat")) rows <- c(rows, rows_for("nhanes", pairs, "HI_CHOL", by))
three <- read_data("three_stage")
three$h <- factor(three$h)
stages <- svydesign(ids = ~village + house + person, strata = ~h, fpc = ~N1 + N2 + N3, weights = ~w,
                    nest = TRUE, data = three)
for (by in list(character(), "sex")) rows <- c(rows, rows_for("three_stage", stages, "y", by))
write_golden(rows, "effective_freedom")
