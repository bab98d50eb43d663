# Sizes, allocations and variance components by R PracTools, bethel and base R.
# PRACTOOLS_R names the R folder of the sources of PracTools 1.7.5 (its functions are read by
# themselves, without the packages for maps); MPSURVEY_R_LIB a library with bethel 0.2. Without them
# nothing is written.
# planning_practools.csv has one row per number; planning_bethel.csv the strata of the package's
# example population with R's sizes; planning_clusters.csv a small clustered population.
folder <- Sys.getenv("PRACTOOLS_R")
.libPaths(c(Sys.getenv("MPSURVEY_R_LIB"), .libPaths()))
if (!nzchar(folder) || !requireNamespace("bethel", quietly = TRUE)) {
  cat("PracTools or bethel is not here; nothing was written\n"); quit(status = 0)
}
for (name in c("nCont", "nProp", "nPropMoe", "nWilson", "nDep2sam", "strAlloc", "clusOpt2", "wtdvar",
               "BW2stagePPS", "BW2stagePPSe")) source(file.path(folder, paste0(name, ".R")))
library(bethel)
show <- function(x) formatC(x, digits = 15, format = "g", width = 1)
write <- function(table, name) {
  for (column in names(table)) if (is.double(table[[column]])) table[[column]] <- show(table[[column]])
  utils::write.csv(table, file.path(Sys.getenv("GOLDEN_DIR", "tests/r"), paste0(name, ".csv")),
                   row.names = FALSE, quote = FALSE)
}
rows <- list()
keep <- function(name, value) rows[[length(rows) + 1]] <<- data.frame(name = name, value = as.numeric(value))

keep("nCont_cv", nCont(CV0 = 0.05, S2 = 640000, ybarU = 1200, N = 5000))
keep("nCont_se", nCont(V0 = 400, S2 = 640000, N = 5000))
keep("nProp_cv", nProp(CV0 = 0.08, pU = 0.12, N = 20000))
keep("nProp_infinite", nProp(CV0 = 0.08, pU = 0.12))
keep("nPropMoe", nPropMoe(moe.sw = 1, e = 0.03, pU = 0.12, N = 20000))
keep("nPropMoe_relative", nPropMoe(moe.sw = 2, e = 0.2, pU = 0.12, N = 20000))
keep("nWilson_12", nWilson(moe.sw = 1, pU = 0.12, e = 0.03)$n.sam)
keep("nWilson_03", nWilson(moe.sw = 1, pU = 0.03, e = 0.01)$n.sam)
keep("nDep2sam", nDep2sam(S2x = 200, S2y = 180, g = 0.75, r = 1, rho = 0.9, alt = "two.sided", del = 3,
                          pow = 0.8)$n1)
keep("nDep2sam_one_sided", nDep2sam(S2x = 200, S2y = 180, g = 0.25, r = 1, rho = 0.6, alt = "one.sided",
                                    del = 2, pow = 0.9)$n1)
keep("power.prop.test", power.prop.test(p1 = 0.12, p2 = 0.18, power = 0.8)$n)
keep("power.prop.test_90", power.prop.test(p1 = 0.3, p2 = 0.4, power = 0.9, sig.level = 0.1)$n)

Nh <- c(215, 65, 252, 50, 149, 144)
Sh <- c(26787207, 10645109, 6909676, 11085034, 9817762, 44553355)
ch <- c(1400, 200, 300, 600, 450, 1000)
for (one in seq_along(Nh)) {
  keep(paste0("neyman_", one), strAlloc(n.tot = 100, Nh = Nh, Sh = Sh, alloc = "neyman")$nh[one])
  keep(paste0("budget_", one), strAlloc(Nh = Nh, Sh = Sh, cost = 100000, ch = ch, alloc = "totcost")$nh[one])
  keep(paste0("target_", one), strAlloc(Nh = Nh, Sh = Sh, CV0 = 0.05, ch = ch, ybarU = 11664181,
                                        alloc = "totvar")$nh[one])
}
both <- clusOpt2(C1 = 750, C2 = 100, delta = 0.05, unit.rv = 1, k = 1, tot.cost = 100000, cal.sw = 1)
keep("clusOpt2_take", sqrt(750 / 100 * 0.95 / 0.05)); keep("clusOpt2_take_rounded", both$n.opt)
keep("clusOpt2_psus_rounded", both$m.opt); keep("clusOpt2_cv_rounded", both$CV)

set.seed(20270101)
sizes <- c(6, 9, 12, 15, 8, 20, 10, 14, 11, 5)
clusters <- data.frame(psu = rep(seq_along(sizes), sizes))
clusters$y <- round(50 + rnorm(10, sd = 6)[clusters$psu] + rnorm(nrow(clusters), sd = 9), 3)
write(clusters, "planning_clusters")
Ni <- as.vector(table(clusters$psu)); pp <- Ni / sum(Ni)
census <- BW2stagePPS(clusters$y, pp = pp, psuID = clusters$psu)
for (name in names(census)) keep(paste0("census_", name), census[[name]])
drawn <- c(2, 4, 6, 7, 9)
part <- clusters[clusters$psu %in% drawn, ]
part <- part[ave(part$psu, part$psu, FUN = seq_along) <= 5, ]
w <- (1 / (5 * pp[part$psu])) * (Ni[part$psu] / 5)
estimated <- BW2stagePPSe(Ni = Ni[drawn], ni = rep(5, 5), X = part$y, psuID = part$psu, w = w, m = 5,
                          pp = pp[drawn])
for (name in names(estimated)) keep(paste0("sample_", name), estimated[[name]])
write(do.call(rbind, rows), "planning_practools")

data(pop, package = "bethel")
by_stratum <- function(x, f) as.vector(tapply(x, pop$strata, f))
strata <- data.frame(strata = levels(factor(pop$strata)), v1 = by_stratum(pop[[2]], var),
                     v2 = by_stratum(pop[[3]], var), v3 = by_stratum(pop[[4]], var),
                     population = as.double(by_stratum(pop[[2]], length)), cost = 1, least = 1, rate = 1e-9)
totals <- colSums(pop[, 2:4])
golden <- cbind(strata[1:5], m1 = by_stratum(pop[[2]], mean), m2 = by_stratum(pop[[3]], mean),
                m3 = by_stratum(pop[[4]], mean))
golden$n_equal <- bth(strata, data.frame(CV = rep(0.05, 3), tot = totals))$numBethel
golden$n_unequal <- bth(strata, data.frame(CV = c(0.05, 0.01, 0.2), tot = totals))$numBethel
strata$cost <- c(1, 2, 4, 8, 1, 2, 4, 8)
golden$n_cost <- bth(strata, data.frame(CV = c(0.03, 0.06, 0.05), tot = totals))$numBethel
write(golden, "planning_bethel")
