# Strata with one PSU: in the sample, in a domain only, as a census, and at the second stage.
# The words are this library's: "centre" is survey's "adjust". "remove" equals "certainty".
# Where R stops for a domain, the row's statistic is "error" and its category says what was asked.
source("tests/r/golden.R")

people <- read_data("lonely")
two <- read_data("lonely_second_stage")
rules <- c(fail = "fail", certainty = "certainty", centre = "adjust", average = "average", remove = "remove")
designs <- list(
  replacement = svydesign(ids = ~psu, strata = ~h, weights = ~w, nest = TRUE, data = people),
  fpc = svydesign(ids = ~psu, strata = ~h, weights = ~w, fpc = ~N, nest = TRUE, data = people),
  census = svydesign(ids = ~psu, strata = ~h, weights = ~w, fpc = ~N_census, nest = TRUE, data = people),
  second_stage = svydesign(ids = ~psu + ssu, strata = ~h, fpc = ~N1 + N2, nest = TRUE, data = two)
)
attempt <- function(case, design, statistic, variable, by, ...) {
  rows <- list()
  for (domain in domains_of(design, by)) {
    found <- tryCatch(
      estimates(case, design, statistic, variable, by, keep = domain$rows, ...),
      error = function(problem) {
        list(new_rows(case, "error", variable, statistic, domain$label, estimate = NA))
      }
    )
    rows <- c(rows, found)
  }
  rows
}
collect <- function(use_rcpp) {
  options(survey.use_rcpp = use_rcpp)
  rows <- list()
  for (design in names(designs)) {
    d <- designs[[design]]
    for (rule in names(rules)) for (in_domains in c(FALSE, TRUE)) {
      options(survey.lonely.psu = rules[[rule]], survey.adjust.domain.lonely = in_domains)
      case <- paste(design, rule, if (in_domains) "domains_too" else "sample_only", sep = "/")
      factors <- if (design == "second_stage") list(character(), "works") else list(character(), "g", "k", "h")
      for (by in factors) {
        found <- suppressWarnings(c(
          attempt(case, d, "total", "y", by), attempt(case, d, "mean", "y", by),
          attempt(case, d, "ratio", "y", by, denominator = "x"),
          if (!identical(by, "works")) attempt(case, d, "mean", "works", by)
        ))
        rows <- c(rows, found)
      }
    }
  }
  options(survey.lonely.psu = "fail", survey.adjust.domain.lonely = FALSE, survey.use_rcpp = TRUE)
  rows
}
write_golden(collect(TRUE), "lonely")
# survey holds two implementations, in R and in C++: they agree on every case here.
one <- do.call(rbind, collect(TRUE)); other <- do.call(rbind, collect(FALSE))
stopifnot(isTRUE(all.equal(one, other, tolerance = 1e-12)))
