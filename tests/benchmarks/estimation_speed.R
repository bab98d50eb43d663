# Seconds that R survey takes for what estimation_speed.py asks; run by it.
folder <- Sys.getenv("MPSURVEY_R_LIB")
if (nzchar(folder)) .libPaths(c(folder, .libPaths()))
suppressMessages(library(survey))

from <- commandArgs(trailingOnly = TRUE)[1]
columns <- function(name, names) {
  file <- file.path(from, name)
  numbers <- readBin(file, "double", file.size(file) / 8)
  as.data.frame(matrix(numbers, ncol = length(names), dimnames = list(NULL, names)))
}
seconds <- function(call) unname(system.time(call)["elapsed"])

people <- columns("people.bin", c("w", "h", "ea", "y", "d"))
made <- seconds(design <- svydesign(ids = ~ea, strata = ~h, weights = ~w, data = people, nest = TRUE))
mean20 <- seconds(svyby(~y, ~d, design, svymean))
median <- seconds(svyquantile(~y, design, 0.5))
replicated <- columns("replicated.bin", c("w", "y", "d", paste0("r", 1:80)))
design <- svrepdesign(
  weights = ~w, repweights = "r[0-9]+", data = replicated, type = "successive-difference",
  combined.weights = TRUE, mse = TRUE
)
file80 <- seconds(svyby(~y, ~d, design, svymean))
cat(sprintf(
  '{"Sample": %f, "mean x 20 domains, first": %f, "median": %f, "80 file replicates x 20 domains": %f}\n',
  made, mean20, median, file80
))
