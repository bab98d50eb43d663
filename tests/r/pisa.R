# PISA 2003, the Netherlands: plausible values by immigrant background, Fay's BRR with factor 0.5.
# The pupils' file may not be vendored: this script reads it from the folder beside the repository (or the one
# that PISA_FILE names), and only these figures are kept.
# "each" rows are one plausible value (category = its number), from survey alone. "combined" rows are their mean,
# by mitools, with mean sampling variance plus (1 + 1/5) between; "shortcut" rows take the sampling variance of the
# first. df of combined rows are Rubin's, without those of the design.
source("tests/r/golden.R")
library(mitools)
library(haven)

file <- Sys.getenv("PISA_FILE", "../shared/data/pisa2003_nld/pisa2003_nld_reexport.sav")
pupils <- as.data.frame(zap_labels(zap_formats(read_sav(file))))
pupils <- pupils[, grepl("^(PV[1-5](MATH|READ|SCIE)|W_FSTR[0-9]+|W_FSTUWT|IMMIG|ST03Q01)$", names(pupils))]
pupils$IMMIG <- factor(pupils$IMMIG)
pupils$girl <- as.numeric(pupils$ST03Q01 == 1)
design <- svrepdesign(
  data = pupils, weights = ~W_FSTUWT, repweights = "W_FSTR[0-9]+", type = "Fay", rho = 0.5, mse = TRUE,
  combined.weights = TRUE
)

rows <- list()
keep <- function(case, statistic, variable, category, domain, estimate, se, df = NA, n = NA) {
  rows <<- c(rows, list(new_rows(case, statistic, variable, category, domain, estimate, se, df = df, n = n)))
}
combine <- function(statistic, variable, domains, estimates, variances, n) {
  for (m in 1:5) keep("each", statistic, variable, m, domains, estimates[[m]], sqrt(diag(as.matrix(variances[[m]]))), n = n)
  both <- MIcombine(estimates, variances)
  keep("combined", statistic, variable, "", domains, as.numeric(coef(both)), sqrt(diag(as.matrix(vcov(both)))),
       df = as.numeric(both$df), n = n)
  between <- if (length(estimates[[1]]) > 1) diag(var(do.call(rbind, estimates))) else var(unlist(estimates))
  keep("shortcut", statistic, variable, "", domains, as.numeric(coef(both)),
       sqrt(diag(as.matrix(variances[[1]])) + 1.2 * between), n = n)
}
groups <- levels(pupils$IMMIG)
labels <- paste0("IMMIG=", groups)
counts <- as.numeric(table(pupils$IMMIG))
for (subject in c("MATH", "READ", "SCIE")) {
  names_ <- paste0("PV", 1:5, subject)
  variable <- paste0("PV*", subject)
  whole <- lapply(names_, function(y) svymean(make.formula(y), design))
  combine("mean", variable, "", lapply(whole, function(r) as.numeric(coef(r))), lapply(whole, function(r) as.matrix(vcov(r))),
          nrow(pupils))
  by_group <- lapply(names_, function(y) svyby(make.formula(y), ~IMMIG, design, svymean, covmat = TRUE))
  combine("mean", variable, labels, lapply(by_group, function(r) as.numeric(coef(r))), lapply(by_group, function(r) as.matrix(vcov(r))),
          counts)
  L <- rbind(c(-1, 1, 0), c(-1, 0, 1))
  combine("gap", variable, c("IMMIG=2-1", "IMMIG=3-1"), lapply(by_group, function(r) as.numeric(L %*% coef(r))),
          lapply(by_group, function(r) L %*% vcov(r) %*% t(L)), NA)
}
low <- lapply(paste0("PV", 1:5, "MATH"), function(y) {
  d <- design; d$variables$low <- as.numeric(d$variables[[y]] < 420.07)
  svyby(~low, ~IMMIG, d, svymean, covmat = TRUE)
})
combine("mean", "PV*MATH < 420.07", labels, lapply(low, function(r) as.numeric(coef(r))), lapply(low, function(r) as.matrix(vcov(r))),
        counts)
models <- lapply(paste0("PV", 1:5, "MATH"), function(y) svyglm(as.formula(paste(y, "~ IMMIG + girl")), design))
combine("coefficient", "math~IMMIG+girl", names(coef(models[[1]])), lapply(models, coef), lapply(models, vcov), nobs(models[[1]]))
write_golden(rows, "pisa")
