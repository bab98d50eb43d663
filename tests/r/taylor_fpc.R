# The small fpc file (population counts and sampling fractions), the hospital and the arrests file.
source("tests/r/golden.R")

small <- read_data("fpc"); hospital <- read_data("hospital"); scd <- read_data("scd")
small$fraction <- small$nh / small$Nh
small$all_of_them <- small$nh
small$half_census <- ifelse(small$stratid == 1, small$nh, small$Nh)
designs <- list(
  "fpc/count" = svydesign(ids = ~psuid, strata = ~stratid, weights = ~weight, fpc = ~Nh, nest = TRUE, data = small),
  "fpc/fraction" = svydesign(ids = ~psuid, strata = ~stratid, weights = ~weight, fpc = ~fraction, nest = TRUE, data = small),
  "fpc/replacement" = svydesign(ids = ~psuid, strata = ~stratid, weights = ~weight, nest = TRUE, data = small),
  "fpc/weight_from_fpc" = svydesign(ids = ~psuid, strata = ~stratid, fpc = ~Nh, nest = TRUE, data = small),
  "fpc/one_stratum_census" = svydesign(ids = ~psuid, strata = ~stratid, weights = ~weight, fpc = ~half_census, nest = TRUE, data = small),
  "fpc/census" = svydesign(ids = ~psuid, strata = ~stratid, weights = ~weight, fpc = ~all_of_them, nest = TRUE, data = small)
)
rows <- list()
for (case in names(designs)) {
  for (by in list(character(), "stratid")) {
    rows <- c(rows, estimates(case, designs[[case]], "total", "x", by), estimates(case, designs[[case]], "mean", "x", by))
  }
}
hospital_design <- svydesign(ids = ~1, strata = ~oblevel, fpc = ~tothosp, weights = ~weighta, data = hospital)
scd_design <- svydesign(ids = ~ambulance, strata = ~ESA, weights = ~one, nest = TRUE, data = transform(scd, one = 1))
rows <- c(
  rows,
  estimates("hospital", hospital_design, "total", "births"), estimates("hospital", hospital_design, "mean", "births"),
  estimates("hospital", hospital_design, "mean", "births", "oblevel"),
  # with weights of one the sample is the population of the deff, so none is defined
  estimates("scd", scd_design, "ratio", "alive", denominator = "arrests", deff = FALSE),
  estimates("scd", scd_design, "total", "alive", deff = FALSE)
)
write_golden(rows, "taylor_fpc")
