# Direct standardisation by svystandardize on nhanes: each group's weights are moved to one age structure,
# given (US census 2000 shares of ages 20+, and a made-up one) or the survey's own pooled structure.
# "crude" rows are the same means without it.
source("tests/r/golden.R")

nhanes <- read_data("nhanes")
nhanes$sex <- factor(nhanes$RIAGENDR); nhanes$race <- factor(nhanes$race)
d <- svydesign(ids = ~SDMVPSU, strata = ~SDMVSTRA, weights = ~WTMEC2YR, nest = TRUE, data = nhanes)
stopifnot(identical(levels(nhanes$agecat), c("(0,19]", "(19,39]", "(39,59]", "(59,Inf]")))
known <- subset(d, !is.na(HI_CHOL))

structures <- list(
  census_adults = c(0, 77670618, 72816615, 45364752),
  made_up = c(0.4, 0.3, 0.2, 0.1),
  pooled = as.numeric(prop.table(svytable(~agecat, known)))
)
rows <- list()
add <- function(case, design, by) {
  rows <<- c(rows, estimates(case, design, "mean", "HI_CHOL", by, deff = FALSE))
}
for (name in names(structures)) {
  shares <- structures[[name]]
  base <- if (shares[1] == 0) subset(d, agecat != "(0,19]") else d
  if (shares[1] == 0) {
    base$variables$agecat <- droplevels(base$variables$agecat)
    shares <- shares[-1]
  }
  for (over in list(character(), "race", "sex", c("race", "sex"))) {
    standard <- svystandardize(base, by = ~agecat, over = if (length(over)) make.formula(over) else ~1,
                               population = shares, excluding.missing = ~HI_CHOL)
    add(name, standard, over)
    add(paste0("crude/", name), base, over)
  }
}
write_golden(rows, "standardise")
write_table(
  data.frame(structure = rep(names(structures), each = 4), agecat = rep(levels(nhanes$agecat), 3),
             share = unlist(lapply(structures, prop.table))),
  file.path(golden_dir, "standardise_structures.csv")
)
