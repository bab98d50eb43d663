# Sizes by R ReGenesees, with design effects, populations and rare groups in households.
# MPSURVEY_R_LIB names a library with ReGenesees 2.4; without it nothing is written.
.libPaths(c(Sys.getenv("MPSURVEY_R_LIB"), .libPaths()))
if (!requireNamespace("ReGenesees", quietly = TRUE)) {
  cat("ReGenesees is not here; nothing was written\n"); quit(status = 0)
}
suppressPackageStartupMessages(library(ReGenesees))
sizes <- c(
  prop_deff = n.prop(0.03, "ME", P = 0.12, DEFF = 1.5, verbose = FALSE),
  prop_deff_population = n.prop(0.03, "ME", P = 0.12, DEFF = 1.5, N = 2000, verbose = FALSE),
  prop_cv = n.prop(0.08, "CV", P = 0.12, DEFF = 2.2, verbose = FALSE),
  prop_relative = n.prop(0.15, "RME", P = 0.12, alpha = 0.1, verbose = FALSE),
  prop_households = n.prop(0.04, "ME", P = 0.12, DEFF = 1.3, RR = 0.8, F = 0.03, hhSize = 4, verbose = FALSE),
  mean_deff = n.mean(0.05, "CV", sigmaY = 800, muY = 1200, DEFF = 2, verbose = FALSE),
  mean_households = n.mean(30, "SE", sigmaY = 800, muY = 1200, DEFF = 1.4, RR = 0.7, F = 0.04, hhSize = 3.5,
                           verbose = FALSE),
  difference_shares = n.comp2prop(MDE = 0.06, P1 = 0.12, P2 = 0.18, K1 = 0.25, DEFF = 1.4, verbose = FALSE)$n1,
  difference_means = n.comp2mean(MDE = 60, sigmaY = 400, K1 = 0.25, DEFF = 1.6, beta = 0.1, verbose = FALSE)$n1
)
golden <- data.frame(name = names(sizes), value = as.numeric(sizes))
utils::write.csv(golden, file.path(Sys.getenv("GOLDEN_DIR", "tests/r"), "planning_regenesees.csv"),
                 row.names = FALSE, quote = FALSE)
