# Inclusion and joint probabilities by R sampling, and PPS variances by R sampling and survey.
# planning_population.csv is the population; planning_joint.csv has one row per pair of units;
# planning_pps_variance.csv the variance of the total of y in one fixed sample.
suppressPackageStartupMessages({ library(sampling); library(survey) })
set.seed(20270101)
population <- data.frame(unit = 1:12, size = c(3, 5, 6, 8, 9, 11, 12, 14, 17, 21, 26, 30),
                         y = c(31, 44, 70, 71, 95, 104, 131, 128, 181, 199, 270, 288))
show <- function(x) formatC(x, digits = 15, format = "g", width = 1)
write <- function(table, name) {
  for (column in names(table)) if (is.double(table[[column]])) table[[column]] <- show(table[[column]])
  utils::write.csv(table, file.path(Sys.getenv("GOLDEN_DIR", "tests/r"), paste0(name, ".csv")), row.names = FALSE, quote = FALSE)
}
write(population, "planning_population")

rows <- list()
keep <- function(method, n, joint) {
  pairs <- expand.grid(k = seq_len(nrow(joint)), l = seq_len(ncol(joint)))
  rows[[length(rows) + 1]] <<- data.frame(method = method, n = n, k = pairs$k, l = pairs$l,
                                          value = as.vector(joint))
}
for (n in 2:4) {
  pi <- inclusionprobabilities(population$size, n)
  keep("tille", n, UPtillepi2(pi)); keep("max_entropy", n, UPmaxentropypi2(pi))
  keep("sampford", n, UPsampfordpi2(pi)); keep("systematic", n, UPsystematicpi2(pi))
}
# Some units are certain here: the inclusion probabilities themselves are what is compared.
for (n in c(6, 8, 10)) {
  pi <- inclusionprobabilities(population$size, n)
  keep("inclusion", n, matrix(pi, ncol = 1))
}
write(do.call(rbind, rows), "planning_joint")

pi <- inclusionprobabilities(population$size, 4)
joint <- UPsampfordpi2(pi)
s <- c(3, 7, 10, 12)
drawn <- cbind(population[s, ], p = pi[s])
total <- function(design) as.numeric(vcov(svytotal(~y, design)))
variance <- c(
  horvitz_thompson = varHT(drawn$y, joint[s, s], method = 1),
  yates_grundy = varHT(drawn$y, joint[s, s], method = 2),
  deville = varest(drawn$y, pik = drawn$p),
  survey_ht = total(svydesign(ids = ~1, fpc = ~p, data = drawn, pps = ppsmat(joint[s, s]), variance = "HT")),
  survey_yg = total(svydesign(ids = ~1, fpc = ~p, data = drawn, pps = ppsmat(joint[s, s]), variance = "YG")),
  brewer = total(svydesign(ids = ~1, fpc = ~p, data = drawn, pps = "brewer")),
  hartley_rao = total(svydesign(ids = ~1, fpc = ~p, data = drawn, pps = HR(sum(pi^2) / 4), variance = "YG")),
  hartley_rao_estimated = total(svydesign(ids = ~1, fpc = ~p, data = drawn, pps = HR(), variance = "YG"))
)
write(data.frame(method = names(variance), value = as.numeric(variance)), "planning_pps_variance")
