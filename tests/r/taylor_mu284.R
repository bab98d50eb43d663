# Two stages with an fpc at each (mu284), and three stages in strata (made by hand).
source("tests/r/golden.R")

mu <- read_data("mu284")
three <- read_data("three_stage")
three$h <- factor(three$h)
both <- svydesign(ids = ~id1 + id2, fpc = ~n1 + n2, data = mu)
first <- svydesign(ids = ~id1, weights = ~wt, fpc = ~n1,
                   data = transform(mu, wt = n1 / 5 * n2 / 3))
all_stages <- svydesign(ids = ~village + house + person, strata = ~h, fpc = ~N1 + N2 + N3, weights = ~w,
                        nest = TRUE, data = three)
two_stages <- svydesign(ids = ~village + house, strata = ~h, fpc = ~N1 + N2, weights = ~w,
                        nest = TRUE, data = three)
replacement <- svydesign(ids = ~village, strata = ~h, weights = ~w, nest = TRUE, data = three)
from_fpc <- svydesign(ids = ~village + house + person, strata = ~h, fpc = ~N1 + N2 + N3, nest = TRUE,
                      data = three)
# the first stage is a census: only the later stages add variance
census_first <- svydesign(ids = ~village + house + person, strata = ~h, fpc = ~four + N2 + N3,
                          nest = TRUE, data = transform(three, four = 4))

rows <- c(
  estimates("mu284/two_stage", both, "total", "y1"), estimates("mu284/two_stage", both, "mean", "y1"),
  estimates("mu284/first_stage_fpc", first, "total", "y1"),
  estimates("mu284/first_stage_fpc", first, "mean", "y1")
)
designs <- list(three_stage = all_stages, two_of_three = two_stages, replacement = replacement,
                weight_from_fpc = from_fpc, census_first = census_first)
for (case in names(designs)) {
  for (by in list(character(), "sex", "h", c("h", "sex"))) {
    name <- paste0("three_stage/", case)
    rows <- c(
      rows, estimates(name, designs[[case]], "total", "y", by), estimates(name, designs[[case]], "mean", "y", by),
      estimates(name, designs[[case]], "ratio", "y", by, denominator = "x")
    )
    if (!"sex" %in% by) rows <- c(rows, estimates(name, designs[[case]], "mean", "sex", by))
  }
}
write_golden(rows, "taylor_mu284")
