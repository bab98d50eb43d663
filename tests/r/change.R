# Change between two rounds by survey alone: the rounds stacked, a domain per round, PSUs identified across rounds.
# "panel": the strata a and b, whose PSUs are all in both rounds: stacking is right, the covariance is that of
# the shared PSUs. "stacked": all strata, where some PSUs are in one round only: survey counts them in n_h of
# both, with a total of zero in the round that they miss. That is no estimate of the sampling variance when PSUs
# are replaced (it inflates totals); it is kept to pin down what stacking does. change_overlap.R has the remedy.
# "independent": each round a sample of its own.
source("tests/r/golden.R")

rounds <- read_data("rounds")
rounds$wave <- factor(rounds$round)
designs <- list(
  panel = svydesign(ids = ~psu, strata = ~h, weights = ~w, nest = TRUE,
                    data = droplevels(rounds[rounds$h %in% c("a", "b"), ])),
  stacked = svydesign(ids = ~psu, strata = ~h, weights = ~w, nest = TRUE, data = rounds),
  # each round a stratum system of its own: no covariance between rounds
  independent = svydesign(ids = ~psu, strata = ~interaction(round, h), weights = ~w, nest = TRUE, data = rounds)
)
rows <- list()
report <- function(case, what, variable, stat, contrasts, df, domain = "") {
  r <- svycontrast(stat, contrasts)
  est <- as.numeric(coef(r)); se <- sqrt(diag(as.matrix(vcov(r))))
  rows <<- c(rows, list(new_rows(case, what, variable, names(contrasts), domain, est, se, est - qt(0.975, df) * se,
                                 est + qt(0.975, df) * se, df)))
}
stat_of <- function(table, kind) {
  s <- setNames(as.numeric(coef(table)), rownames(table))
  structure(s, class = "svystat", statistic = kind,
            var = matrix(vcov(table), length(s), dimnames = list(names(s), names(s))))
}
for (case in names(designs)) {
  d <- designs[[case]]
  df <- degf(d)
  for (statistic in c("total", "mean")) for (variable in c("income", "employed")) {
    rows <- c(rows, estimates(case, d, statistic, variable, "round", deff = FALSE))
    s <- svyby(make.formula(variable), ~wave, d, if (statistic == "mean") svymean else svytotal, covmat = TRUE)
    report(case, paste0("change_of_", statistic), variable, s, list("2-1" = c("2" = 1, "1" = -1)), df)
    report(case, paste0("growth_of_", statistic), variable, s, list("2/1-1" = quote(`2` / `1` - 1)), df)
    write_matrix(vcov(s), c("round=1", "round=2"), paste("change_covariance", statistic, variable, case, sep = "_"))
  }
  rows <- c(rows, estimates(case, d, "ratio", "income", "round", denominator = "hours", deff = FALSE))
  ratio <- svyby(~income, ~wave, d, svyratio, denominator = ~hours, covmat = TRUE)
  report(case, "change_of_ratio", "income/hours", stat_of(ratio, "ratio"), list("2-1" = c("2" = 1, "1" = -1)), df)
  # the gap between migrants and others, and how it changed
  crossed <- svyby(~income, ~migrant + wave, d, svymean, covmat = TRUE)
  report(case, "change_of_gap", "income", crossed, list(
    "(yes.2-no.2)-(yes.1-no.1)" = c("yes.2" = 1, "no.2" = -1, "yes.1" = -1, "no.1" = 1)
  ), df)
  migrants <- subset(d, migrant == "yes")
  among <- svyby(~income, ~wave, migrants, svymean, covmat = TRUE)
  report(case, "change_of_mean", "income", among, list("2-1" = c("2" = 1, "1" = -1)), degf(migrants), "migrant=yes")
}
write_golden(rows, "change")
