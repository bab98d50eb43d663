# Shares and contributions of a group, and two-group decompositions, each as a function of totals or means whose
# joint covariance survey gives. The group is schools that met their target ("sch.wide" = Yes), or women in nhanes.
#   share_of_amount: the group's part in a total (of people, where y is 0 or 1); share_of_population
#   contribution_total: the group's part of a total; contribution_rate: the rate of all less the rate without the group
#   rate_without: the rate without the group; gap: the group's rate less that of the others
#   kitagawa_*: difference of two groups' rates into structure and rate, weights averaged over the two groups
#   oaxaca_*: twofold (the second group's coefficients are the reference) and threefold, by the joint covariance of
#   both regressions and both groups' means
source("tests/r/golden.R")

rows <- list()
keep <- function(case, statistic, variable, result, df, domain = "") {
  est <- as.numeric(coef(result)); se <- sqrt(diag(as.matrix(vcov(result))))
  rows <<- c(rows, list(new_rows(case, statistic, variable, "", domain, est, se, est - qt(0.975, df) * se,
                                 est + qt(0.975, df) * se, df)))
}
of_group <- function(case, design, y, by = character()) {
  # .g is the group, .y the variable (0/1 for a rate), in the design already
  for (domain in domains_of(design, by)) {
    part <- design[domain$rows & answered(design, c(".g", ".y")), ]
    part <- update(part, .gy = .g * .y, .one = 1)
    df <- degf(part)
    t <- svytotal(~.y + .gy + .g + .one, part)
    names(t) <- c("y", "gy", "g", "n")
    dimnames(attr(t, "var")) <- list(names(t), names(t))
    add <- function(statistic, expression) keep(case, statistic, y, svycontrast(t, expression), df, domain$label)
    add("share_of_amount", quote(gy / y))
    add("share_of_population", quote(g / n))
    add("contribution_total", quote(gy * 1))
    add("rate_without", quote((y - gy) / (n - g)))
    add("contribution_rate", quote(y / n - (y - gy) / (n - g)))
    add("gap", quote(gy / g - (y - gy) / (n - g)))
  }
}
clus2 <- read_data("apiclus2"); nhanes <- read_data("nhanes"); strat <- read_data("apistrat")
two <- svydesign(ids = ~dnum + snum, weights = ~pw, fpc = ~fpc1 + fpc2, data = clus2)
one <- svydesign(ids = ~1, strata = ~stype, weights = ~pw, fpc = ~fpc, data = strat)
health <- svydesign(ids = ~SDMVPSU, strata = ~SDMVSTRA, weights = ~WTMEC2YR, nest = TRUE, data = nhanes)
for (case in c("clus2", "strat")) {
  d <- if (case == "clus2") two else one
  d <- update(d, .g = as.numeric(sch.wide == "Yes"))
  of_group(case, update(d, .y = enroll), "enroll"); of_group(case, update(d, .y = enroll), "enroll", "stype")
  of_group(case, update(d, .y = as.numeric(awards == "Yes")), "awards=Yes")
}
women <- update(health, .g = as.numeric(RIAGENDR == 2), .y = HI_CHOL)
of_group("nhanes", women, "HI_CHOL"); of_group("nhanes", women, "HI_CHOL", "race")

# Kitagawa: rates by age in each of two groups; P is the age structure, r the rate.
kitagawa <- function(case, design, y, cells, group, first, second) {
  design <- design[answered(design, c(y, cells, group)), ]
  frame <- model.frame(design)
  levels_ <- sort(unique(as.character(frame[[cells]])))
  columns <- list()
  for (g in c(first, second)) for (k in seq_along(levels_)) {
    inside <- as.numeric(frame[[group]] == g & frame[[cells]] == levels_[k])
    columns[[paste0("n", match(g, c(first, second)), "_", k)]] <- inside
    columns[[paste0("y", match(g, c(first, second)), "_", k)]] <- inside * frame[[y]]
  }
  design$variables <- cbind(frame, as.data.frame(columns))
  t <- svytotal(make.formula(names(columns)), design)
  K <- seq_along(levels_)
  n_of <- function(g) paste0("(", paste0("n", g, "_", K, collapse = " + "), ")")
  P <- function(g, k) paste0("(n", g, "_", k, " / ", n_of(g), ")")
  R <- function(g, k) paste0("(y", g, "_", k, " / n", g, "_", k, ")")
  structure_ <- paste(sapply(K, function(k) {
    sprintf("(%s - %s) * (%s + %s) / 2", P(2, k), P(1, k), R(1, k), R(2, k))
  }), collapse = " + ")
  rate <- paste(sapply(K, function(k) {
    sprintf("(%s - %s) * (%s + %s) / 2", R(2, k), R(1, k), P(1, k), P(2, k))
  }), collapse = " + ")
  expressions <- list(kitagawa_structure = str2lang(structure_), kitagawa_rate = str2lang(rate),
                      kitagawa_total = str2lang(paste(structure_, "+", rate)))
  df <- degf(design)
  for (name in names(expressions)) keep(case, name, y, svycontrast(t, expressions[[name]]), df)
}
kitagawa("nhanes sex by age", health, "HI_CHOL", "agecat", "RIAGENDR", 1, 2)
kitagawa("clus2 schwide by type", two, "api00", "stype", "sch.wide", "No", "Yes")

# Oaxaca-Blinder for two groups, by stacking both groups' regressions and means into one influence matrix.
oaxaca <- function(case, design, y, x, group, first, second) {
  design <- design[answered(design, c(y, x, group)), ]
  frame <- model.frame(design); w <- weights(design, "sampling")
  X <- cbind(1, as.matrix(frame[x]))
  pieces <- lapply(c(first, second), function(g) {
    inside <- as.numeric(frame[[group]] == g)
    wg <- w * inside
    bread <- solve(crossprod(X, wg * X))
    beta <- bread %*% crossprod(X, wg * frame[[y]])
    mean_x <- colSums(wg * X) / sum(wg)
    list(
      beta = as.numeric(beta), mean_x = mean_x,
      inf_beta = (X * as.numeric(wg * (frame[[y]] - X %*% beta))) %*% bread,
      inf_mean = sweep(X, 2, mean_x) * wg / sum(wg)
    )
  })
  p <- ncol(X)
  labels <- c(paste0("b1_", 1:p), paste0("b2_", 1:p), paste0("m1_", 1:p), paste0("m2_", 1:p))
  s <- setNames(c(pieces[[1]]$beta, pieces[[2]]$beta, pieces[[1]]$mean_x, pieces[[2]]$mean_x), labels)
  lin <- cbind(pieces[[1]]$inf_beta, pieces[[2]]$inf_beta, pieces[[1]]$inf_mean, pieces[[2]]$inf_mean)
  v <- svyrecvar(lin, design$cluster, design$strata, design$fpc)
  dimnames(v) <- list(labels, labels)
  s <- structure(s, class = "svystat", statistic = "oaxaca", var = v)
  term <- function(pattern) str2lang(paste(sapply(1:p, function(k) gsub("#", k, pattern)), collapse = " + "))
  parts <- list(
    oaxaca_gap = term("(m1_# * b1_# - m2_# * b2_#)"),
    oaxaca_explained = term("(m1_# - m2_#) * b2_#"),
    oaxaca_unexplained = term("m1_# * (b1_# - b2_#)"),
    oaxaca_endowments = term("(m1_# - m2_#) * b2_#"),
    oaxaca_coefficients = term("m2_# * (b1_# - b2_#)"),
    oaxaca_interaction = term("(m1_# - m2_#) * (b1_# - b2_#)")
  )
  for (k in 2:p) parts[[paste0("oaxaca_explained:", x[k - 1])]] <- str2lang(gsub("#", k, "(m1_# - m2_#) * b2_#"))
  for (k in 1:p) {
    parts[[paste0("oaxaca_unexplained:", c("constant", x)[k])]] <- str2lang(gsub("#", k, "m1_# * (b1_# - b2_#)"))
  }
  df <- degf(design)
  for (name in names(parts)) keep(case, name, y, svycontrast(s, parts[[name]]), df)
  # the coefficients' part of the covariance is svyglm's for each group
  for (g in 1:2) {
    model <- svyglm(reformulate(x, y), design[frame[[group]] == c(first, second)[g], ])
    mine <- v[paste0("b", g, "_", 1:p), paste0("b", g, "_", 1:p)]
    stopifnot(isTRUE(all.equal(as.numeric(vcov(model)), as.numeric(mine), tolerance = 1e-8)))
  }
}
oaxaca("strat schwide", one, "api00", c("meals", "ell", "mobility"), "sch.wide", "Yes", "No")
oaxaca("clus2 schwide", two, "api00", c("meals", "ell"), "sch.wide", "Yes", "No")
write_golden(rows, "impact")
