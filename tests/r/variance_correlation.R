# Population variances and covariances (svyvar; note its n/(n-1)), and correlations by svycontrast.
# A covariance's variable is "x:y"; the joint covariance of (xx, xy, yx, yy) is in a file of its own.
source("tests/r/golden.R")

one_domain <- function(case, design, x, y, domain) {
  df <- degf(design)
  n <- sum(weights(design, "sampling") != 0); population <- sum(weights(design, "sampling"))
  v <- svyvar(make.formula(c(x, y)), design)
  entries <- as.vector(as.matrix(unclass(v))[1:2, 1:2])
  ses <- sqrt(diag(vcov(v)))
  half <- qt(0.975, df) * ses
  names_of <- c(x, paste0(x, ":", y), paste0(y, ":", x), y)
  keep <- c(1, 2, 4)
  rows <- list(new_rows(
    case, c("variance", "covariance", "variance"), names_of[keep], domain = domain, estimate = entries[keep],
    se = ses[keep], ci_low = (entries - half)[keep], ci_high = (entries + half)[keep], df = df, n = n,
    population = population
  ))
  s <- structure(setNames(entries, c("xx", "xy", "yx", "yy")), class = "svystat", statistic = "variance",
                 var = matrix(vcov(v), 4, dimnames = rep(list(c("xx", "xy", "yx", "yy")), 2)))
  r <- svycontrast(s, list(r = quote(xy / sqrt(xx * yy)), sx = quote(sqrt(xx))))
  se <- sqrt(diag(as.matrix(vcov(r)))); est <- as.numeric(coef(r))
  half <- qt(0.975, df) * se
  c(rows, list(new_rows(
    case, c("correlation", "deviation"), c(names_of[2], x), domain = domain, estimate = est, se = se,
    ci_low = est - half, ci_high = est + half, df = df, n = n, population = population
  )))
}
moments <- function(case, design, x, y, by = character()) {
  rows <- list()
  for (domain in domains_of(design, by)) {
    part <- design[domain$rows & answered(design, c(x, y)), ]
    rows <- c(rows, one_domain(case, part, x, y, domain$label))
  }
  rows
}
strat <- read_data("apistrat"); clus1 <- read_data("apiclus1"); clus2 <- read_data("apiclus2")
jk <- read_data("replicates_jk1"); multipliers <- read_data("replicates_multipliers")
designs <- list(
  strat = svydesign(ids = ~1, strata = ~stype, weights = ~pw, fpc = ~fpc, data = strat),
  clus1 = svydesign(ids = ~dnum, weights = ~pw, fpc = ~fpc, data = clus1),
  clus2 = svydesign(ids = ~dnum + snum, weights = ~pw, fpc = ~fpc1 + fpc2, data = clus2)
)
rows <- list()
for (case in names(designs)) {
  for (by in list(character(), "stype", "sch.wide")) {
    rows <- c(rows, moments(case, designs[[case]], "api00", "api99", by),
              moments(case, designs[[case]], "enroll", "api00", by))
  }
}
scale <- multipliers$multiplier[multipliers$file == "replicates_jk1"][1]
r <- svrepdesign(data = jk[1:9], repweights = jk[grep("^jk", names(jk))], weights = jk$pw, type = "JK1",
                 combined.weights = TRUE, scale = scale, mse = TRUE)
rows <- c(rows, moments("jk1/estimate", r, "api00", "enroll"))
write_golden(rows, "variance_correlation")
v <- svyvar(~api00 + api99, designs$clus2)
write_matrix(vcov(v), c("api00:api00", "api00:api99", "api99:api00", "api99:api99"), "variance_correlation_covariance_clus2")
