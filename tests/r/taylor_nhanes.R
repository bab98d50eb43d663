# nhanes: many strata with two PSUs each, codes that repeat between strata, item nonresponse.
source("tests/r/golden.R")

nhanes <- read_data("nhanes")
nhanes$race_group <- factor(nhanes$race)
nhanes$male <- as.numeric(nhanes$RIAGENDR == 1)
d <- svydesign(ids = ~SDMVPSU, strata = ~SDMVSTRA, weights = ~WTMEC2YR, nest = TRUE, data = nhanes)

rows <- list()
for (by in list(character(), "race", "agecat", "RIAGENDR", c("race", "RIAGENDR"), c("agecat", "RIAGENDR"))) {
  rows <- c(rows, estimates("nhanes", d, "mean", "HI_CHOL", by),
            estimates("nhanes", d, "total", "HI_CHOL", by))
  if (!"RIAGENDR" %in% by) {
    rows <- c(rows, estimates("nhanes", d, "ratio", "HI_CHOL", by, denominator = "male"))
  }
  if (!"race" %in% by) rows <- c(rows, estimates("nhanes", d, "mean", "race_group", by))
  if (!"agecat" %in% by) rows <- c(rows, estimates("nhanes", d, "mean", "agecat", by))
}
write_golden(rows, "taylor_nhanes")
