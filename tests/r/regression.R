# Generalised linear models by svyglm; tests of terms; adjusted means by svypredmeans.
# Rows: "coefficient" (variable = R's name of the column); "wald" and "lrt" tests of terms, with the statistic
# in `estimate`, its degrees of freedom in `df` and `df2`, and `p`; for "lrt" the estimate is the working
# statistic divided by the mean of its eigenvalues, and p is the saddlepoint (`p`) or Satterthwaite (`p2`) value.
# "margin" rows are predictive margins, "slope" rows differences between them. svypredmeans adds the variance
# of the coefficients to that of the mean over the covariates as if the two were independent;
# "margin_joint" and "slope_joint" linearise both together (influence values of the same fit).
# Fits iterate to 1e-14, so that their digits are the solution's and not the stopping rule's.
source("tests/r/golden.R")

rows <- list()
extra <- c("df2", "p", "p2")
keep <- function(table, df2 = NA, p = NA, p2 = NA) {
  table$df2 <- df2; table$p <- p; table$p2 <- p2
  rows <<- c(rows, list(table))
}
fit <- function(formula, design, family) {
  suppressWarnings(eval(bquote(svyglm(
    .(formula), design = design, family = .(family), control = list(epsilon = 1e-14, maxit = 100),
    influence = TRUE
  ))))
}
joint_margins <- function(model, margin) {
  d <- model$survey.design
  frame <- model.frame(d); w <- weights(d, "sampling"); N <- sum(w)
  influence <- attr(model, "influence")
  if (length(model$na.action)) influence <- influence[-model$na.action, ]  # padded to the whole data
  stopifnot(nrow(influence) == nrow(frame))
  groups <- levels(factor(frame[[margin]]))
  one <- function(group) {
    frame[[margin]] <- factor(group, levels = groups)
    X <- model.matrix(delete.response(terms(model)), frame)
    eta <- as.numeric(X %*% coef(model))
    mu <- model$family$linkinv(eta)
    m <- sum(w * mu) / N
    slope <- colSums(w * model$family$mu.eta(eta) * X) / N
    list(m, as.numeric(influence %*% slope) + w * (mu - m) / N)
  }
  parts <- lapply(groups, one)
  lin <- sapply(parts, `[[`, 2)
  list(est = setNames(sapply(parts, `[[`, 1), groups), v = svyrecvar(lin, d$cluster, d$strata, d$fpc))
}
report <- function(case, formula, design, family = gaussian(), terms = character(), margin = NULL) {
  model <- fit(formula, design, family)
  df <- model$df.residual
  est <- coef(model); se <- sqrt(diag(vcov(model)))
  half <- qt(0.975, df) * se
  t <- est / se
  keep(new_rows(case, "coefficient", names(est), estimate = est, se = se, ci_low = est - half,
                ci_high = est + half, df = df, n = nobs(model)), p = 2 * pt(-abs(t), df))
  write_matrix(vcov(model), names(est), paste0("regression_covariance_", gsub("[^a-z0-9]+", "_", case)))
  for (term in terms) {
    f <- as.formula(paste("~", term))
    wald <- regTermTest(model, f)
    keep(new_rows(case, "wald", term, estimate = wald$Ftest, df = wald$df), df2 = wald$ddf, p = as.numeric(wald$p))
    lrt <- suppressWarnings(regTermTest(model, f, method = "LRT"))
    crude <- suppressWarnings(regTermTest(model, f, method = "LRT", lrt.approximation = "satterthwaite"))
    keep(new_rows(case, "lrt", term, estimate = lrt$chisq / mean(lrt$lambda), df = lrt$df),
         df2 = lrt$ddf, p = as.numeric(lrt$p), p2 = as.numeric(crude$p))
  }
  if (!is.null(margin)) {
    # svypredmeans wants the model without the group and adds it
    without <- fit(update(formula, as.formula(paste("~ . -", margin))), design, family)
    groups <- svypredmeans(without, as.formula(paste("~", margin)))
    est <- coef(groups); v <- vcov(groups)
    df <- degf(without$survey.design)
    ordered_ <- order(names(est))
    est <- est[ordered_]; v <- v[ordered_, ordered_]
    se <- sqrt(diag(v)); half <- qt(0.975, df) * se
    keep(new_rows(case, "margin", margin, names(est), estimate = est, se = se, ci_low = est - half,
                  ci_high = est + half, df = df))
    L <- cbind(-1, diag(length(est) - 1))
    differences <- paste0(names(est)[-1], "-", names(est)[1])
    slope <- function(name, est, v) {
      keep(new_rows(case, name, margin, differences, estimate = est[-1] - est[1],
                    se = sqrt(diag(L %*% v %*% t(L))), df = df))
    }
    slope("slope", est, v)
    joint <- joint_margins(model, margin)
    stopifnot(isTRUE(all.equal(joint$est, est, tolerance = 1e-9, check.attributes = FALSE)))
    keep(new_rows(case, "margin_joint", margin, names(est), estimate = joint$est, se = sqrt(diag(joint$v)), df = df))
    slope("slope_joint", joint$est, joint$v)
  }
}

strat <- read_data("apistrat"); clus1 <- read_data("apiclus1"); clus2 <- read_data("apiclus2")
nhanes <- read_data("nhanes")
nhanes$race <- factor(nhanes$race); nhanes$sex <- factor(nhanes$RIAGENDR)
dstrat <- svydesign(ids = ~1, strata = ~stype, weights = ~pw, fpc = ~fpc, data = strat)
dclus1 <- svydesign(ids = ~dnum, weights = ~pw, fpc = ~fpc, data = clus1)
dclus2 <- svydesign(ids = ~dnum + snum, weights = ~pw, fpc = ~fpc1 + fpc2, data = clus2)
health <- svydesign(ids = ~SDMVPSU, strata = ~SDMVSTRA, weights = ~WTMEC2YR, nest = TRUE, data = nhanes)

report("gaussian strat", api00 ~ ell + meals + mobility, dstrat, terms = c("ell", "ell + meals"))
report("gaussian clus2", api00 ~ ell + meals + mobility, dclus2, terms = c("ell", "ell + mobility"))
report("gaussian strat group", api00 ~ ell + meals + stype, dstrat, terms = "stype", margin = "stype")
report("gaussian clus1 group", api00 ~ ell + meals + sch.wide, dclus1, terms = "sch.wide", margin = "sch.wide")
report("gaussian clus2 missing", enroll ~ api00 + stype, dclus2, terms = "stype", margin = "stype")
report("gaussian strat interaction", api00 ~ ell * sch.wide + stype, dstrat, terms = c("ell:sch.wide", "stype"))
report("binomial strat", sch.wide ~ ell + meals + mobility, dstrat, quasibinomial(), c("ell", "ell + meals"))
report("binomial clus2", sch.wide ~ ell + meals, dclus2, quasibinomial(), "meals")
report("binomial clus1 group", awards ~ ell + meals + stype, dclus1, quasibinomial(), "stype", "stype")
report("poisson strat", api.stu ~ ell + meals + stype, dstrat, quasipoisson(), "stype", "stype")
report("poisson clus1 offset", api.stu ~ meals + offset(log(enroll)), dclus1, quasipoisson(), "meals")
report("binomial nhanes", HI_CHOL ~ race + agecat + sex, health, quasibinomial(), c("race", "agecat"), "sex")
report("gaussian domain", api00 ~ ell + meals, subset(dclus2, stype == "E"), terms = "meals")
report("binomial domain", HI_CHOL ~ agecat + sex, subset(health, race == "1"), quasibinomial(), "agecat")
write_golden(rows, "regression", extra)
