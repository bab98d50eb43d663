# Contrasts of domain estimates with their full covariance, by svyby(covmat = TRUE) and svycontrast.
# contrast.csv has one row per contrast; contrast_covariance_<case>.csv the covariance of the svyby rows.
source("tests/r/golden.R")

clus2 <- read_data("apiclus2"); strat <- read_data("apistrat"); nhanes <- read_data("nhanes")
two <- svydesign(ids = ~dnum + snum, weights = ~pw, fpc = ~fpc1 + fpc2, data = clus2)
one <- svydesign(ids = ~1, strata = ~stype, weights = ~pw, fpc = ~fpc, data = strat)
health <- svydesign(ids = ~SDMVPSU, strata = ~SDMVSTRA, weights = ~WTMEC2YR, nest = TRUE, data = nhanes)

rows <- list()
report <- function(case, stat, contrasts, df) {
  result <- svycontrast(stat, contrasts)
  values <- as.numeric(coef(result))
  ses <- sqrt(diag(as.matrix(vcov(result))))
  half <- qt(0.975, df) * ses
  rows <<- c(rows, list(new_rows(case, "contrast", names(contrasts), estimate = values, se = ses,
                                 ci_low = values - half, ci_high = values + half, df = df)))
}

# Means by type of school, two stages; missing answers stay in the design.
by_type <- svyby(~api00, ~stype, two, svymean, covmat = TRUE)
write_matrix(vcov(by_type), paste0("stype=", rownames(by_type)), "contrast_covariance_mean_stype_clus2")
report("mean_stype_clus2", by_type, list(
  "E-H" = c(E = 1, H = -1), "M-E" = c(M = 1, E = -1), "E-(H+M)/2" = c(E = 1, H = -0.5, M = -0.5)
), degf(two))
report("mean_stype_clus2", by_type, list("E/H" = quote(E / H), "log(E/H)" = quote(log(E / H)),
                                         "E*M-H^2" = quote(E * M - H^2)), degf(two))

pupils <- svyby(~enroll, ~stype, two, svymean, covmat = TRUE, na.rm = TRUE)
write_matrix(vcov(pupils), paste0("stype=", rownames(pupils)), "contrast_covariance_enroll_stype_clus2")
report("enroll_stype_clus2", pupils, list("H-E" = c(H = 1, E = -1)), degf(two))
report("enroll_stype_clus2", pupils, list("H/E" = quote(H / E)), degf(two))

totals <- svyby(~enroll, ~stype, one, svytotal, covmat = TRUE)
write_matrix(vcov(totals), paste0("stype=", rownames(totals)), "contrast_covariance_total_stype_strat")
report("total_stype_strat", totals, list("E+H+M" = c(E = 1, H = 1, M = 1)), degf(one))
report("total_stype_strat", totals, list("E/(E+H+M)" = quote(E / (E + H + M))), degf(one))

# Two variables in two domains: rows are variable within domain.
pair <- svyby(~api00 + api99, ~sch.wide, one, svymean, covmat = TRUE)
names_of <- c("No:api00", "Yes:api00", "No:api99", "Yes:api99")
stopifnot(identical(names(coef(pair)), names_of))
write_matrix(vcov(pair), names_of, "contrast_covariance_two_means_strat")
report("two_means_strat", pair, list(
  "change_yes-change_no" = c("Yes:api00" = 1, "Yes:api99" = -1, "No:api00" = -1, "No:api99" = 1)
), degf(one))
report("two_means_strat", pair, list(
  "growth_yes/growth_no" = quote((`Yes:api00` / `Yes:api99`) / (`No:api00` / `No:api99`))
), degf(one))

# Proportions of a categorical variable by another.
shares <- svyby(~stype, ~sch.wide, two, svymean, covmat = TRUE)
names_of <- names(coef(shares))
write_matrix(vcov(shares), names_of, "contrast_covariance_stype_schwide_clus2")
report("stype_schwide_clus2", shares, list(
  "E|Yes-E|No" = setNames(c(1, -1), c("Yes:stypeE", "No:stypeE"))
), degf(two))
report("stype_schwide_clus2", shares, list("odds_ratio_E" = quote(
  (`Yes:stypeE` / (1 - `Yes:stypeE`)) / (`No:stypeE` / (1 - `No:stypeE`))
)), degf(two))

# Ratios by domain, and means over the whole sample of several variables.
ratios <- svyby(~api00, ~stype, two, svyratio, denominator = ~api99, covmat = TRUE)
write_matrix(vcov(ratios), paste0("stype=", rownames(ratios)), "contrast_covariance_ratio_stype_clus2")
by_name <- setNames(as.numeric(coef(ratios)), rownames(ratios))
by_name <- structure(by_name, class = "svystat", statistic = "ratio",
                     var = matrix(vcov(ratios), 3, dimnames = list(rownames(ratios), rownames(ratios))))
report("ratio_stype_clus2", by_name, list("E-H" = c(E = 1, H = -1)), degf(two))
several <- svymean(~api00 + api99 + meals + ell, two)
write_matrix(vcov(several), names(coef(several)), "contrast_covariance_four_means_clus2")
report("four_means_clus2", several, list("api00-api99" = c(api00 = 1, api99 = -1)), degf(two))
report("four_means_clus2", several, list("api00/api99" = quote(api00 / api99)), degf(two))

# A high-cholesterol gap between men and women with item nonresponse, and within race.
gap <- svyby(~HI_CHOL, ~RIAGENDR, health, svymean, covmat = TRUE, na.rm = TRUE)
write_matrix(vcov(gap), paste0("RIAGENDR=", rownames(gap)), "contrast_covariance_chol_sex_nhanes")
report("chol_sex_nhanes", gap, list("2-1" = c("2" = 1, "1" = -1)), degf(health))
report("chol_sex_nhanes", gap, list("2/1" = quote(`2` / `1`)), degf(health))
crossed <- svyby(~HI_CHOL, ~race + RIAGENDR, health, svymean, covmat = TRUE, na.rm = TRUE)
write_matrix(vcov(crossed), rownames(crossed), "contrast_covariance_chol_race_sex_nhanes")
report("chol_race_sex_nhanes", crossed, list(
  "(1.2-1.1)-(2.2-2.1)" = c("1.2" = 1, "1.1" = -1, "2.2" = -1, "2.1" = 1)
), degf(health))
write_golden(rows, "contrast")
