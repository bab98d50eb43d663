# Poverty and inequality by convey on eusilc: households db030 are the PSUs of the strata db040.
# `category` holds the parameter (the line, epsilon, the share of people). Whole, and by sex and by region;
# the line is always that of the whole population. Statistics carry convey's names.
#   arpt line; arpr rate below 60 % of the median; rmpg median gap; poormed median of the poor;
#   rmir ratio of the medians of those aged 65+ and younger; fgt0-2; watts; sen; gini; qsr; gei; atkinson;
#   lorenz ordinates; zenga; iqalpha quantile; isq income below a quantile.
# "laeken" rows are a second opinion on point estimates. "bootstrap" rows use tests/data/replicates_eusilc_draws.csv.
source("tests/r/golden.R")
suppressPackageStartupMessages(library(convey))
stopifnot(packageVersion("convey") >= "1.0.1")

eusilc <- read_data("eusilc")
whole <- convey_prep(svydesign(ids = ~db030, strata = ~db040, weights = ~rb050, data = eusilc))

lines <- list(
  "10000" = list(type_thresh = "abs", abs_thresh = 10000),
  "60% of median" = list(type_thresh = "relq", quantiles = 0.5, percent = 0.6),
  "50% of mean" = list(type_thresh = "relm", percent = 0.5)
)
row_of <- function(case, statistic, category, domain, stat, part) {
  estimate <- as.numeric(coef(stat)); se <- sqrt(diag(as.matrix(vcov(stat))))
  df <- degf(part)
  half <- qt(0.975, df) * se
  list(new_rows(case, statistic, "eqIncome", category, domain, estimate, se, estimate - half, estimate + half, df,
                n = sum(weights(part, "sampling") != 0), population = sum(weights(part, "sampling"))))
}
everything <- function(case, design, replication = FALSE) {
  rows <- list()
  for (by in list(character(), "rb090", "db040")) for (domain in domains_of(design, by)) {
    if (replication && identical(by, "db040")) next
    part <- subset(design, domain$rows)
    positive <- subset(part, eqIncome > 0)
    add <- function(statistic, category, stat, of = part) {
      rows <<- c(rows, row_of(case, statistic, category, domain$label, stat, of))
    }
    f <- ~eqIncome
    add("arpr", "60% of median", svyarpr(f, part))
    add("poormed", "60% of median", svypoormed(f, part))
    add("rmpg", "60% of median", svyrmpg(f, part))
    # convey lets the replicates of a line other than 60 % of the median be multiplied by 0.6 all the same
    if (!replication) add("arpr", "50% of 0.4 quantile", svyarpr(f, part, quantiles = 0.4, percent = 0.5))
    add("arpt", "60% of median", svyarpt(f, part))
    add("rmir", "65", svyrmir(f, part, age = ~age, agelim = 65))
    for (line in names(lines)) {
      for (g in 0:2) {
        add(paste0("fgt", g), line, do.call(svyfgt, c(list(f, part, g = g), lines[[line]])))
      }
      add("watts", line, do.call(svywatts, c(list(f, subset(part, eqIncome > 0)), lines[[line]])), positive)
    }
    add("gini", "", svygini(f, part))
    add("qsr", "0.2", svyqsr(f, part))
    add("qsr", "0.1", svyqsr(f, part, alpha1 = 0.1))
    for (epsilon in c(-1, 0, 0.5, 1, 2)) add("gei", epsilon, svygei(f, positive, epsilon = epsilon), positive)
    for (epsilon in c(0.5, 1, 2)) add("atkinson", epsilon, svyatk(f, positive, epsilon = epsilon), positive)
    add("zenga", "", svyzenga(f, part))
    points <- seq(0.1, 0.9, 0.1)
    add("lorenz", points, svylorenz(f, part, quantiles = points, plot = FALSE))
    add("iqalpha", "0.25", svyiqalpha(f, part, 0.25))
    add("isq", "0.2", svyisq(f, part, 0.2))
  }
  rows
}
rows <- everything("eusilc", whole)

# The other designs of practice: people as PSUs, and households drawn from a finite number of them.
people <- convey_prep(svydesign(ids = ~rb030, strata = ~db040, weights = ~rb050, data = eusilc))
eusilc$households <- round(ave(eusilc$rb050 / eusilc$hsize, eusilc$db040, FUN = sum))
finite <- convey_prep(svydesign(ids = ~db030, strata = ~db040, weights = ~rb050, fpc = ~households, data = eusilc))
for (case in c("people", "finite")) {
  d <- if (case == "people") people else finite
  rows <- c(
    rows, row_of(case, "arpr", "60% of median", "", svyarpr(~eqIncome, d), d),
    row_of(case, "gini", "", "", svygini(~eqIncome, d), d), row_of(case, "qsr", "0.2", "", svyqsr(~eqIncome, d), d),
    row_of(case, "fgt1", "60% of median", "", svyfgt(~eqIncome, d, g = 1, type_thresh = "relq"), d)
  )
}

# Sen's index at a fixed line, H G + PG (1 - G) with G the Gini of the poor, from convey's influence values
# (convey has no function for it since 0.2.4).
sen <- function(design, domain) {
  part <- subset(design, domain$rows)
  frame <- design$variables
  pad <- function(lin) {
    out <- numeric(nrow(frame)); names(out) <- rownames(frame)
    out[rownames(lin)] <- lin[, 1]
    out
  }
  h <- svyfgt(~eqIncome, part, g = 0, abs_thresh = 10000, linearized = TRUE)
  gap <- svyfgt(~eqIncome, part, g = 1, abs_thresh = 10000, linearized = TRUE)
  poor <- subset(part, eqIncome <= 10000)
  g <- svygini(~eqIncome, poor, linearized = TRUE)
  G <- as.numeric(g); H <- as.numeric(h); P <- as.numeric(gap)
  lin <- pad(attr(h, "linearized")) * G + pad(attr(gap, "linearized")) * (1 - G) +
    pad(attr(g, "linearized")) * (H - P)
  v <- survey::svyrecvar(lin / design$prob, design$cluster, design$strata, design$fpc)
  structure(H * G + P * (1 - G), class = "svystat", statistic = "sen", var = v)
}
for (by in list(character(), "rb090", "db040")) for (domain in domains_of(whole, by)) {
  part <- subset(whole, domain$rows)
  rows <- c(rows, row_of("eusilc", "sen", "10000", domain$label, sen(whole, domain), part))
}

# Replication: 20 household bootstraps; a person's factor is draws x n_h / (n_h - 1).
draws <- read_data("replicates_eusilc_draws")
n_h <- as.numeric(table(draws$db040)[as.character(draws$db040)])
factors <- as.matrix(draws[grep("^drawn", names(draws))]) * (n_h / (n_h - 1))
columns <- factors[match(eusilc$db030, draws$db030), ] * eusilc$rb050
for (centre in c("estimate", "mean")) {
  replicated <- convey_prep(svrepdesign(
    data = eusilc, repweights = columns, weights = eusilc$rb050, type = "bootstrap", combined.weights = TRUE,
    mse = centre == "estimate"
  ))
  if (centre == "estimate") {
    rows <- c(rows, everything("bootstrap/estimate", replicated, replication = TRUE))
  } else {
    for (stat in list(list("gini", "", svygini), list("arpr", "60% of median", svyarpr), list("qsr", "0.2", svyqsr))) {
      rows <- c(rows, row_of("bootstrap/mean", stat[[1]], stat[[2]], "", stat[[3]](~eqIncome, replicated), replicated))
    }
  }
}

# laeken's point estimates, without its own variance.
if (requireNamespace("laeken", quietly = TRUE)) {
  opinion <- function(statistic, category, value) {
    rows <<- c(rows, list(new_rows("laeken", statistic, "eqIncome", category, estimate = value)))
  }
  with(eusilc, {
    opinion("arpt", "60% of median", laeken::arpt(eqIncome, weights = rb050))
    opinion("arpr", "60% of median", laeken::arpr(eqIncome, weights = rb050)$value / 100)
    opinion("rmpg", "60% of median", laeken::rmpg(eqIncome, weights = rb050)$value / 100)
    opinion("qsr", "0.2", laeken::qsr(eqIncome, weights = rb050)$value)
    opinion("gini", "", laeken::gini(eqIncome, weights = rb050)$value / 100)
  })
}
write_golden(rows, "poverty")

# Covariance between sexes of rates with an estimated line, and of the Ginis, for contrasts.
joint <- function(lin, name) {
  v <- survey::svyrecvar(lin / whole$prob, whole$cluster, whole$strata, whole$fpc)
  write_matrix(v, c("rb090=female", "rb090=male"), name)
}
women <- subset(whole, rb090 == "female"); men <- subset(whole, rb090 == "male")
joint(cbind(attr(svyarpr(~eqIncome, women), "lin"), attr(svyarpr(~eqIncome, men), "lin")), "poverty_covariance_arpr_sex")
padded <- function(part) {
  lin <- attr(svygini(~eqIncome, part, linearized = TRUE), "linearized")
  out <- numeric(nrow(eusilc)); names(out) <- rownames(whole$variables); out[rownames(lin)] <- lin[, 1]
  out
}
joint(cbind(padded(women), padded(men)), "poverty_covariance_gini_sex")
