# Tests of independence of two categorical variables by svychisq. `estimate` is the statistic as survey gives
# it ("F": Pearson's X2 over the trace of Delta; "Chisq": Pearson's X2 itself); df, df2 and p as printed.
# variable is "row:column". "cell" rows are the table's proportions.
source("tests/r/golden.R")

strat <- read_data("apistrat"); clus1 <- read_data("apiclus1"); clus2 <- read_data("apiclus2")
nhanes <- read_data("nhanes"); people <- read_data("emptied_psu")
nhanes$chol <- nhanes$HI_CHOL
designs <- list(
  strat = svydesign(ids = ~1, strata = ~stype, weights = ~pw, fpc = ~fpc, data = strat),
  clus1 = svydesign(ids = ~dnum, weights = ~pw, fpc = ~fpc, data = clus1),
  clus1_replacement = svydesign(ids = ~dnum, weights = ~pw, data = clus1),
  clus2 = svydesign(ids = ~dnum + snum, weights = ~pw, fpc = ~fpc1 + fpc2, data = clus2),
  nhanes = svydesign(ids = ~SDMVPSU, strata = ~SDMVSTRA, weights = ~WTMEC2YR, nest = TRUE, data = nhanes),
  emptied = svydesign(ids = ~psu, strata = ~h, weights = ~w, nest = TRUE, data = people)
)
tables <- list(
  c("strat", "sch.wide", "comp.imp"), c("strat", "sch.wide", "stype"), c("clus1", "sch.wide", "stype"),
  c("clus1", "awards", "stype"), c("clus1_replacement", "sch.wide", "stype"), c("clus2", "sch.wide", "stype"),
  c("clus2", "both", "awards"), c("nhanes", "race", "agecat"), c("nhanes", "RIAGENDR", "race"),
  c("nhanes", "chol", "race"), c("emptied", "answer", "sex")
)
rows <- list()
for (t in tables) {
  d <- designs[[t[1]]]
  f <- make.formula(t[2:3])
  name <- paste(t[2:3], collapse = ":")
  known <- d[answered(d, t[2:3]), ]
  # with item nonresponse the test is of the answered: the same design as a subset
  for (statistic in c("F", "Chisq", "Wald", "adjWald")) {
    test <- suppressWarnings(svychisq(f, known, statistic = statistic))
    row <- new_rows(t[1], statistic, name, estimate = as.numeric(test$statistic), df = test$parameter[[1]],
                    n = nrow(known), population = sum(weights(known)))
    row$df2 <- if (length(test$parameter) > 1) test$parameter[[2]] else NA
    row$p <- as.numeric(test$p.value)
    rows <- c(rows, list(row))
  }
  cells <- as.data.frame(prop.table(svytable(f, known)), stringsAsFactors = FALSE)
  row <- new_rows(t[1], "cell", name, paste(cells[[1]], cells[[2]], sep = ":"), estimate = cells$Freq)
  row$df2 <- NA; row$p <- NA
  rows <- c(rows, list(row))
}
write_golden(rows, "independence", c("df2", "p"))
