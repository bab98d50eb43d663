# Item nonresponse that empties a PSU and a stratum; weights of zero.
source("tests/r/golden.R")

people <- read_data("emptied_psu")
zero <- read_data("zero_weights")
designs <- list(
  "emptied" = svydesign(ids = ~psu, strata = ~h, weights = ~w, nest = TRUE, data = people),
  "emptied/fpc" = svydesign(ids = ~psu, strata = ~h, weights = ~w, fpc = ~N, nest = TRUE, data = people)
)
rows <- list()
for (case in names(designs)) {
  d <- designs[[case]]
  for (by in list(character(), "sex", "h")) {
    rows <- c(
      rows, estimates(case, d, "mean", "y", by), estimates(case, d, "total", "y", by),
      estimates(case, d, "mean", "answer", by), estimates(case, d, "ratio", "y", by, denominator = "x"),
      estimates(case, d, "mean", "x", by)
    )
  }
}
# Rows removed before the design is made (Stata's habit): other units, another df, another SE.
kept <- people[!is.na(people$y), ]
dropped <- svydesign(ids = ~psu, strata = ~h, weights = ~w, nest = TRUE, data = kept)
rows <- c(rows, estimates("dropped_first", dropped, "mean", "y"), estimates("dropped_first", dropped, "total", "y"))

z <- svydesign(ids = ~psu, strata = ~h, weights = ~w, nest = TRUE, data = zero)
for (by in list(character(), "sex")) {
  rows <- c(
    rows, estimates("zero_weights", z, "mean", "y", by), estimates("zero_weights", z, "total", "y", by),
    estimates("zero_weights", z, "ratio", "y", by, denominator = "x")
  )
}
write_golden(rows, "emptied_psu")
