# Intervals for proportions by svyciprop, whole and in domains, common and rare, near 0 and near 1.
# cases: <design>/<method>; "normal" is svyciprop's "mean". `df` is what the interval used, degf of the
# domain's answered rows. "logit" is found by iteration in R (svyglm, stops at 1e-8) and loses its digits
# below df 3; "xlogit" is the same interval in closed form and is the one to compare tightly.
source("tests/r/golden.R")

methods <- c(logit = "logit", xlogit = "xlogit", beta = "beta", wilson = "wilson", normal = "mean")
intervals <- function(case, design, variable, by = character(), level = 0.95) {
  frame <- model.frame(design)
  rows <- list()
  for (domain in domains_of(design, by)) {
    inside <- domain$rows & answered(design, variable)
    if (!any(inside)) next
    part <- design[inside, ]
    df <- degf(part)
    for (category in levels(frame[[variable]])) {
      part <- update(part, .hit = as.numeric(part$variables[[variable]] == category))
      share <- as.numeric(coef(svymean(~.hit, part)))
      for (method in names(methods)) {
        # at 0 and 1, and without degrees of freedom, R gives no interval
        ci <- c(NA, NA)
        if (share > 0 && share < 1 && df > (if (method == "logit") 2 else 0)) {
          fit <- suppressWarnings(svyciprop(~.hit, part, method = methods[[method]], level = level))
          ci <- as.numeric(confint(fit))
        }
        rows <- c(rows, list(new_rows(
          paste0(case, "/", method), "proportion", variable, category, domain$label, share,
          as.numeric(SE(svymean(~.hit, part))), ci[1], ci[2], df,
          n = sum(weights(part, "sampling") != 0), population = sum(weights(part, "sampling"))
        )))
      }
    }
  }
  rows
}

strat <- read_data("apistrat"); clus1 <- read_data("apiclus1"); clus2 <- read_data("apiclus2")
nhanes <- read_data("nhanes"); people <- read_data("emptied_psu")
nhanes$chol <- factor(nhanes$HI_CHOL, labels = c("no", "yes"))
nhanes$race_group <- factor(nhanes$race)
# A rare answer: schools with fewer than 156 pupils (3 to 7 per file); and one that the best school gives.
rare <- function(data) {
  data$tiny <- factor(ifelse(data$enroll < 156, "tiny", "other"))
  data$top <- factor(ifelse(data$api00 == max(data$api00), "top", "other"))
  data
}
clus1 <- rare(clus1); strat <- rare(strat); clus2 <- rare(clus2)
designs <- list(
  strat = svydesign(ids = ~1, strata = ~stype, weights = ~pw, fpc = ~fpc, data = strat),
  clus1 = svydesign(ids = ~dnum, weights = ~pw, fpc = ~fpc, data = clus1),
  clus2 = svydesign(ids = ~dnum + snum, weights = ~pw, fpc = ~fpc1 + fpc2, data = clus2)
)
rows <- list()
for (case in names(designs)) {
  for (variable in c("stype", "sch.wide", "awards", "tiny", "top")) {
    rows <- c(rows, intervals(case, designs[[case]], variable))
  }
  for (variable in c("sch.wide", "awards", "tiny")) {
    rows <- c(rows, intervals(case, designs[[case]], variable, "stype"))
  }
  rows <- c(rows, intervals(case, designs[[case]], "stype", c("sch.wide", "awards")))
  rows <- c(rows, intervals(paste0(case, "/level=0.90"), designs[[case]], "sch.wide", level = 0.90))
}
d <- svydesign(ids = ~SDMVPSU, strata = ~SDMVSTRA, weights = ~WTMEC2YR, nest = TRUE, data = nhanes)
for (by in list(character(), "race", "agecat", c("race", "RIAGENDR"))) {
  rows <- c(rows, intervals("nhanes", d, "chol", by))
}
rows <- c(rows, intervals("nhanes", d, "race_group"), intervals("nhanes", d, "race_group", "agecat"))
e <- svydesign(ids = ~psu, strata = ~h, weights = ~w, nest = TRUE, data = people)
rows <- c(rows, intervals("emptied", e, "answer"), intervals("emptied", e, "answer", "sex"))
write_golden(rows, "proportions")
