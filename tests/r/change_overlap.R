# Change between two rounds that share some PSUs, by ReGenesees' svyDelta: each round's variance with its own
# strata and PSUs (with replacement), covariance from the shared PSUs by the regression of Berger and Priam
# (2016), also when PSUs changed stratum. Where all PSUs are kept it must equal change.R's stacked rounds.
# v1, v2 are the variances of the linearised change in each round, covariance the part taken off twice.
source("tests/r/golden.R")
if (!suppressMessages(requireNamespace("ReGenesees", quietly = TRUE))) {
  cat("change_overlap needs ReGenesees: nothing written\n")
  quit(status = 0)
}
rounds <- read_data("rounds")
rounds$psu_id <- factor(rounds$psu_id)
# ReGenesees masks names of survey: it is called by its full name and survey's methods stay as they are.
describe <- function(data, strata) {
  data$stratum <- factor(data[[strata]])
  data$psu_id <- factor(as.character(data$psu_id))
  suppressMessages(suppressWarnings(ReGenesees::e.svydesign(
    data = data, ids = ~psu_id, strata = ~stratum, weights = ~w, self.rep.str = NULL
  )))
}
changes <- list(
  change_of_total = list("income" = expression(income.2 - income.1), "employed" = expression(employed.2 - employed.1)),
  change_of_mean = list("income" = expression(income.2 / ones.2 - income.1 / ones.1),
                        "employed" = expression(employed.2 / ones.2 - employed.1 / ones.1)),
  growth_of_total = list("income" = expression(income.2 / income.1 - 1)),
  change_of_ratio = list("income/hours" = expression(income.2 / hours.2 - income.1 / hours.1))
)
cases <- list(
  panel = list(rows = rounds$h %in% c("a", "b"), strata = "h"),
  rotating = list(rows = TRUE, strata = "h"),
  redrawn_strata = list(rows = TRUE, strata = "h_redrawn")
)
rows <- list()
for (case in names(cases)) {
  data <- droplevels(rounds[cases[[case]]$rows, ])
  first <- describe(data[data$round == 1, ], cases[[case]]$strata)
  second <- describe(data[data$round == 2, ], cases[[case]]$strata)
  for (what in names(changes)) for (variable in names(changes[[what]])) for (independent in c(FALSE, TRUE)) {
    expression_ <- changes[[what]][[variable]]
    found <- suppressWarnings(ReGenesees::svyDelta(expression_, first, second, des.INDEP = independent))
    parts <- attr(found, "details")
    row <- new_rows(paste0(case, if (independent) "/independent"), what, variable, "2-1",
                    estimate = as.numeric(found[[1]]), se = as.numeric(found[[2]]))
    row$v1 <- if (independent) NA else parts$V1
    row$v2 <- if (independent) NA else parts$V2
    row$covariance <- if (independent) 0 else parts$CoV
    rows <- c(rows, list(row))
  }
}
write_golden(rows, "change_overlap", c("v1", "v2", "covariance"))
