# Five imputations combined by Rubin's rules (mitools), with the design's df as the complete-data df
# ("barnard_rubin") and without ("rubin": df = (m - 1)(1 + 1/r)^2). Columns within and between are the parts of
# the variance: total = within + (1 + 1/5) between.
source("tests/r/golden.R")
library(mitools)

imputed <- read_data("imputed")
sets <- lapply(1:5, function(m) {
  transform(imputed[c("snum", "dnum", "stype", "sch.wide", "api00", "fpc1", "fpc2", "pw")],
            enroll = imputed[[paste0("enroll_", m)]], meals = imputed[[paste0("meals_", m)]])
})
designs <- svydesign(ids = ~dnum + snum, weights = ~pw, fpc = ~fpc1 + fpc2, data = imputationList(sets))
first <- svydesign(ids = ~dnum + snum, weights = ~pw, fpc = ~fpc1 + fpc2, data = sets[[1]])

rows <- list()
extra <- c("within", "between")
combine <- function(statistic, variable, estimates, variances, df_design, domain = "", category = "", n = NA) {
  for (rule in c("barnard_rubin", "rubin")) {
    complete <- if (rule == "rubin") Inf else df_design
    for (i in seq_along(estimates[[1]])) {
      fit <- MIcombine(lapply(estimates, `[`, i), lapply(variances, function(v) as.matrix(v)[i, i, drop = FALSE]),
                       df.complete = complete)
      est <- as.numeric(coef(fit)); se <- sqrt(as.numeric(vcov(fit))); df <- as.numeric(fit$df)
      # with no variance between imputations mitools has no df of its own
      if (!is.finite(df)) df <- complete
      row <- new_rows(rule, statistic, variable, category[pmin(i, length(category))], domain, est, se,
                      est - qt(0.975, df) * se, est + qt(0.975, df) * se, df, n = n)
      row$within <- mean(sapply(variances, function(v) as.matrix(v)[i, i]))
      row$between <- var(sapply(estimates, `[`, i))
      rows <<- c(rows, list(row))
    }
  }
}
for (by in list(character(), "stype", "sch.wide")) for (domain in domains_of(first, by)) {
  parts <- lapply(designs$designs, function(d) d[domain$rows, ])
  df <- degf(parts[[1]])
  for (variable in c("enroll", "meals")) {
    for (statistic in c("mean", "total")) {
      fun <- if (statistic == "mean") svymean else svytotal
      results <- lapply(parts, function(d) fun(make.formula(variable), d))
      combine(statistic, variable, lapply(results, function(r) as.numeric(coef(r))), lapply(results, vcov), df, domain$label,
              n = nrow(parts[[1]]))
    }
    results <- lapply(parts, function(d) svyquantile(make.formula(variable), d, 0.5, qrule = "math"))
    combine("quantile", variable, lapply(results, function(r) as.numeric(coef(r))), lapply(results, function(r) as.matrix(SE(r)^2)),
            df, domain$label, "0.5", n = nrow(parts[[1]]))
  }
  results <- lapply(parts, function(d) svyratio(~enroll, ~api00, d))
  combine("ratio", "enroll/api00", lapply(results, function(r) as.numeric(coef(r))), lapply(results, function(r) as.matrix(r$var)),
          df, domain$label, n = nrow(parts[[1]]))
}
models <- lapply(designs$designs, function(d) svyglm(api00 ~ meals + stype, d))
df <- degf(first)
combine("coefficient", "api00~meals+stype", lapply(models, coef), lapply(models, vcov), models[[1]]$df.residual,
        category = names(coef(models[[1]])))
write_golden(rows, "imputation", extra)
